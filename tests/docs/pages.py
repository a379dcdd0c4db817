"""The blocks of a page that a reader is meant to type, and a shell that they are typed into.

A block of `sh` is typed. The block of `text` after it, if there is one, is what it must print. A code block with a file
name as its caption is written to that file. What stands after `<!-- not run -->` is left alone.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

_BLOCK = re.compile(r"(?P<skip><!-- not run -->\s*)?^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r"\A:caption: (\S+)\n+")


@dataclass(frozen=True)
class Block:
    """One block: `kind` is its language, `file` its caption, `line` where it stands."""

    kind: str
    body: str
    line: int
    file: str = ""


@dataclass(frozen=True)
class Typed:
    """What is typed, and what it must print; `expected` None: anything."""

    text: str
    line: int
    expected: str | None = None


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page in Markdown."""
    for found in _BLOCK.finditer(page):
        if found["skip"]:
            continue
        kind, body = found["info"].removeprefix("{code-block}").strip(), found["body"]
        caption = _CAPTION.match(body)
        line = page.count("\n", 0, found.start("info")) + 1
        yield Block(kind, body[caption.end() :] if caption else body, line, caption[1] if caption else "")


def steps(page: str) -> Iterator[Block | Typed]:
    """Yield what a reader does: files to write, and what to type."""
    found = [*blocks(page), Block("", "", 0)]
    for block, after in itertools.pairwise(found):
        if block.file:
            yield block
        elif block.kind == "sh":
            yield Typed(block.body, block.line, after.body if after.kind == "text" else None)


class Shell:
    """A shell with job control in a folder: what one block sets, the next one sees. Its jobs end with it."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
            start_new_session=True,
        )
        self.type("set -m")

    @property
    def folder(self) -> Path:
        """The folder that the shell is in."""
        return Path(f"/proc/{self._process.pid}/cwd").readlink()

    def type(self, text: str, limit: float = 60.0) -> str:
        """Type something, and return what it printed. What runs longer than `limit` is killed, and all else with it."""
        alarm = threading.Timer(limit, self._kill_all)
        alarm.start()
        try:
            return self._type(text)
        finally:
            alarm.cancel()

    def _type(self, text: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        end = f"end-{uuid.uuid4().hex}"
        self._process.stdin.write(f"{text.rstrip()}\nprintf '\\n%s\\n' {end}\n")
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if line.strip() == end:
                # The line end before the mark is ours.
                return "".join(said)[:-1]
            said.append(line)
        raise AssertionError(f"the shell ended while it ran:\n{text}\n{''.join(said)}")

    def _kill_all(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._kill_all()
        self._process.kill()
        self._process.communicate()


_VARYING = (
    (re.compile(r"\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)"), "HH:MM:SS ZONE"),
    (re.compile(r"\d\d:\d\d:\d\d"), "HH:MM:SS"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "YYYY-MM-DD"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "HEX"),
    (re.compile(r"\([0-9.]+ ?(?:ms|s|min|m) ago\)"), "(AGO)"),
    (re.compile(r"(?<= )\d+s$", re.MULTILINE), "AGE"),
    (re.compile(r"after \d[^\n]*"), "after DURATION"),
    (re.compile(r"\([\w.-]+:\d+\)"), "(WORKER)"),
    # Columns are as wide as what varies in them.
    (re.compile(r" {2,}"), "  "),
)

_PASSING = re.compile(r"  progress  |^\[\d+\][-+ ] ")
"""Lines that may or may not be there: progress, and the shell's own about its jobs."""


def steady(text: str) -> str:
    """Return output without what differs from run to run: moments, hashes, pace, the order of a result's fields."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    lines = [line.rstrip() for line in text.strip().splitlines() if not _PASSING.search(line)]
    done: list[str] = []
    for indented, group in itertools.groupby(lines, key=lambda line: re.match(r"  \w+: ", line) is not None):
        together = list(group)
        done += sorted(together) if indented else together
    return "\n".join(done)


def agree(expected: str, actual: str) -> bool:
    """Whether output is as a page shows it; `…` stands for anything in a line, alone for any number of lines."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line.strip() == "…" else re.escape(line).replace("…", ".*")
        for line in steady(expected).splitlines()
    )
    return re.fullmatch(pattern, steady(actual)) is not None


PORTS = ("7480", "8000")
"""What the pages use, for which ports that are free are put in."""


def free_ports(count: int) -> list[str]:
    """Return ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def busy(processes: int = 2) -> Iterator[None]:
    """Keep the machine busy meanwhile: whatever runs beside it gets its share and no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(processes):
            spinning = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(spinning.kill)
        yield


def paste(
    page: Path,
    folder: Path,
    put: Mapping[str, str] | None = None,
    *,
    programs: Path | None = None,
    least: int = 3,
) -> None:
    """Type a page as it stands into a shell in `folder`: each block as soon as the one before has ended.

    Nothing is waited for in between. `put` replaces words of the page; `programs` is the folder of `wharfinger` and
    `python`. Raises AssertionError where something prints what the page does not say; `least` blocks must say it.
    """
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    words = {**ports, **(put or {})}
    text = re.sub("|".join(words), lambda found: words[found[0]], page.read_text())
    server = f"127.0.0.1:{ports['7480']}"
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")},
        "PATH": f"{programs or Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "WHARFINGER_SERVER": server,
        "WHARFINGER_SERVER__ADDRESS": server,
    }
    checked = 0
    with Shell(folder, environ) as shell:
        for step in steps(text):
            if isinstance(step, Block):
                (shell.folder / step.file).write_text(step.body)
                continue
            printed = shell.type(step.text)
            if step.expected is not None:
                assert agree(step.expected, printed), f"{page}, line {step.line}: it printed\n{printed}"
                checked += 1
    assert checked >= least, "there was something to check"
