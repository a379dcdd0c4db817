"""Run a command in a terminal, and write what it showed: as a moving picture, and as text.

    python tools/record.py docs/demo make demo

writes docs/demo.svg and docs/demo.txt. Pauses are shortened; nothing else is.
"""

from __future__ import annotations

import html
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from itertools import groupby
from pathlib import Path

import pyte

COLUMNS, ROWS = 132, 34
TALL = 2000
"""Rows of the terminal that keeps everything, for the text."""
FRAME = 0.3
"""Seconds between two pictures at least."""
LONGEST_PAUSE = 1.5
LAST = 6.0
"""Seconds that the last picture stays."""

CHAR, LINE, EDGE = 7.2, 16, 14
"""A character's width, a line's height and the margin, in pixels."""
COLOURS = {
    "default": "#d5d8dc",
    "black": "#5c6370",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "white": "#ffffff",
}
BACKGROUND = "#1e2227"

Row = tuple[tuple[int, str, str, bool], ...]
"""The runs of one row: column, text, colour, bold."""


@dataclass(frozen=True)
class Frame:
    """What the terminal showed from `at` seconds on."""

    at: float
    rows: tuple[Row, ...]


def output(command: Sequence[str]) -> Iterator[tuple[float, bytes]]:
    """Yield what the command writes to its terminal, with the seconds since it began. Raises SystemExit if it fails."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], list(command))  # noqa: S606 - the caller's own command
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began = time.monotonic()
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 65536)
        except OSError:  # how a terminal says that nobody is at its other end any more
            break
        if not data:
            break
        yield time.monotonic() - began, data
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"{' '.join(command)} ended with {code}; nothing is written")


def record(command: Sequence[str]) -> tuple[list[Frame], str]:
    """Run the command and return the pictures and the text."""
    seen, kept = pyte.Screen(COLUMNS, ROWS), pyte.Screen(COLUMNS, TALL)
    streams = [pyte.ByteStream(seen), pyte.ByteStream(kept)]
    frames: list[Frame] = []
    paused = last = 0.0
    for at, data in output(command):
        paused += max(0.0, at - last - LONGEST_PAUSE)
        last = at
        for stream in streams:
            stream.feed(data)
        sys.stdout.write(".")
        sys.stdout.flush()
        if not frames or at - paused - frames[-1].at >= FRAME:
            frames.append(Frame(at - paused, _rows(seen)))
    frames.append(Frame(last - paused, _rows(seen)))
    print()
    text = "\n".join(line.rstrip() for line in kept.display).strip("\n")
    return frames, text + "\n"


def _rows(screen: pyte.Screen) -> tuple[Row, ...]:
    return tuple(_row(screen.buffer[number]) for number in range(ROWS))


def _row(cells: dict[int, pyte.screens.Char]) -> Row:
    styled = [(n, cells[n].data, cells[n].fg, cells[n].bold) for n in range(COLUMNS)]
    runs = []
    for (colour, bold), group in groupby(styled, key=lambda cell: (cell[2], cell[3])):
        cells_of_run = list(group)
        text = "".join(cell[1] for cell in cells_of_run).rstrip()
        if text:
            runs.append((cells_of_run[0][0], text, colour, bold))
    return tuple(runs)


def picture(frames: Sequence[Frame]) -> str:
    """Return the pictures as one SVG that moves: a strip of them, the last one first, drawn past a window."""
    ids: dict[Row, int] = {}
    for frame in frames:
        for row in frame.rows:
            if row:
                ids.setdefault(row, len(ids))
    width, height = COLUMNS * CHAR + 2 * EDGE, ROWS * LINE + 2 * EDGE
    order = [frames[-1], *frames[:-1]]
    strip = "".join(
        f'<use href="#r{ids[row]}" x="{EDGE}" y="{number * height + EDGE + line * LINE:g}"/>'
        for number, frame in enumerate(order)
        for line, row in enumerate(frame.rows)
        if row
    )
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"',
            'xml:space="preserve" font-family="monospace" font-size="12">',
            f"<style>{_style(frames, height)}</style>",
            "<defs>",
            *(f'<g id="r{number}">{_drawn(row)}</g>' for row, number in ids.items()),
            "</defs>",
            f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
            f'<g class="strip">{strip}</g>',
            "</svg>\n",
        )
    )


def _style(frames: Sequence[Frame], height: float) -> str:
    whole = frames[-1].at + LAST
    # In the strip the last picture has place 0, and the others follow.
    places = [*range(1, len(frames)), 0]
    keys = "".join(
        f"{100 * frame.at / whole:.3f}%{{transform:translateY({-place * height:g}px)}}"
        for frame, place in zip(frames, places, strict=True)
    )
    return (
        f"text{{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}}"
        f"@keyframes play{{{keys}}}"
        f".strip{{animation:play {whole:.1f}s step-end infinite}}"
        "@media (prefers-reduced-motion){.strip{animation:none}}"
    )


def _drawn(row: Row) -> str:
    return "".join(_run(*run) for run in row)


def _run(column: int, text: str, colour: str, bold: bool) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{column * CHAR:g}" y="12" textLength="{len(text) * CHAR:g}"'
    return f'<text {place} fill="{_colour(colour)}"{weight}>{html.escape(text)}</text>'


def _colour(name: str) -> str:
    return f"#{name}" if re.fullmatch("[0-9a-f]{6}", name) else COLOURS.get(name, COLOURS["default"])


def main() -> None:
    """Record what the command line names."""
    if len(sys.argv) < 3:
        sys.exit("usage: python tools/record.py FILE COMMAND…   (writes FILE.svg and FILE.txt)")
    target = Path(sys.argv[1])
    frames, text = record(sys.argv[2:])
    target.with_suffix(".svg").write_text(picture(frames))
    target.with_suffix(".txt").write_text(text)


if __name__ == "__main__":
    main()
