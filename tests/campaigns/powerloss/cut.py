"""A power cut: the files as a disk may have them that lost its power after some call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.powerloss.recording import ANSWERS, Call

SECTOR = 512
MODES = ("nothing", "some", "everything")
"""How much of what was not synced is on the disk all the same. Of `some`, each sector by itself."""


@dataclass
class _File:
    """What of a file is safe, and what was written to it since its last sync."""

    safe: bytearray = field(default_factory=bytearray)
    there: bool = False
    waiting: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        """All that waits is safe."""
        for call in self.waiting:
            _apply(self.safe, call)
        self.there = not (self.waiting and self.waiting[-1].kind == "u")
        self.waiting.clear()

    def list(self) -> None:
        """What was deleted or made is safe, by a sync of the folder."""
        for n, call in reversed(list(enumerate(self.waiting))):
            if call.kind == "u":
                self.safe.clear()
                self.there = False
                del self.waiting[: n + 1]
                break
        self.there = self.there or bool(self.waiting)

    def left(self, mode: str, dice: random.Random) -> bytes | None:
        """Return what the disk has of it, None if it has none."""
        content, there = bytearray(self.safe), self.there
        for call in self.waiting:
            if mode == "nothing":
                break
            for part in _sectors(call):
                if mode == "everything" or dice.random() < 0.5:
                    _apply(content, part)
                    there = part.kind != "u"
        return bytes(content) if there else None


def _sectors(call: Call) -> list[Call]:
    """Return a write in the pieces in which a disk takes it."""
    if call.kind != "w":
        return [call]
    pieces, start = [], 0
    while start < len(call.data):
        end = min(len(call.data), start + SECTOR - (call.at + start) % SECTOR)
        pieces.append(Call("w", call.file, call.at + start, call.data[start:end]))
        start = end
    return pieces


def _apply(content: bytearray, call: Call) -> None:
    if call.kind == "w":
        if len(content) < call.at:
            content.extend(bytes(call.at - len(content)))
        content[call.at : call.at + len(call.data)] = call.data
    elif call.kind == "t":
        if len(content) < call.at:
            content.extend(bytes(call.at - len(content)))
        del content[call.at :]
    elif call.kind == "u":
        content.clear()


class Disk:
    """Follows the calls one by one, and can be cut off at any."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self._files: dict[str, _File] = {}

    def follow(self, calls: Sequence[Call]) -> None:
        """Let these calls happen. Those on the witness's file are remembered whatever befalls."""
        for call in calls:
            if call.file == ANSWERS:
                self.answers += call.data.decode().splitlines()
            elif call.file == ".":
                for file in self._files.values():
                    file.list()
            elif call.kind == "s":
                self._files.setdefault(call.file, _File()).sync()
            else:
                self._files.setdefault(call.file, _File()).waiting.append(call)

    def cut(self, folder: Path, mode: str, dice: random.Random) -> None:
        """Write into a folder what is left after the power is cut now, but for the index, which is scratch."""
        for name, file in self._files.items():
            content = file.left(mode, dice)
            if content is not None and not name.endswith("-shm"):
                (folder / name).write_bytes(content)


def moments(calls: Sequence[Call], count: int, dice: random.Random) -> list[int]:
    """Return after how many calls to cut, in order: half of them right after somebody was answered."""
    answered = [n + 1 for n, call in enumerate(calls) if call.file == ANSWERS and call.kind == "w"]
    chosen = [dice.choice(answered) if n % 2 else dice.randint(1, len(calls)) for n in range(count)]
    return sorted(chosen)
