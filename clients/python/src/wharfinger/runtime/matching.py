"""Finding many texts in another one, in one pass whose time does not grow with their number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

GRAM = 6
"""The shortest text that can be looked for, in characters."""

_FEW = 128
"""Up to so many are looked for one by one, which takes less time for so few."""

_LONGEST_KEY = 1024


class Needles:
    """Texts to be found, each of at least `GRAM` characters. Any thread may use it.

    Many of them are found by their first characters: a set of those says for nearly every place of a text that nothing
    begins there. Where something may, it is looked up in the sorted texts: the longest one that begins there is the
    nearest before that place's text, or among the beginnings of that one.
    """

    def __init__(self, needles: Iterable[str]) -> None:
        self._needles = sorted(set(needles))
        self._grams: frozenset[str] = frozenset()
        if len(self._needles) <= _FEW:
            return
        whole: dict[str, list[str]] = {}
        for needle in self._needles:
            whole.setdefault(needle[:_LONGEST_KEY], []).append(needle)
        self._keys = list(whole)
        # The longest first: what it covers, the others of one key cover as well.
        self._whole = [sorted(needles, key=len, reverse=True) for needles in whole.values()]
        self._shorter = _nearest_beginnings(self._keys)
        self._grams = frozenset(key[:GRAM] for key in self._keys)

    def __len__(self) -> int:
        return len(self._needles)

    def within(self, text: str) -> bool:
        """Whether any of them is in `text`."""
        return next(self._found(text), None) is not None

    def replaced(self, text: str, mark: str) -> str:
        """Return `text` with `mark` in the place of each of them; those that overlap get one mark together."""
        spans = sorted(self._found(text))
        if not spans:
            return text
        parts, end = [], 0
        for start, stop in spans:
            if start >= end:
                parts += [text[end:start], mark]
                end = stop
            else:
                end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where they stand in `text`: of those that begin at one place the longest."""
        if self._grams:
            yield from self._in_one_pass(text)
            return
        for needle in self._needles:
            at = text.find(needle)
            while at >= 0:
                yield at, at + len(needle)
                at = text.find(needle, at + 1)

    def _in_one_pass(self, text: str) -> Iterator[tuple[int, int]]:
        grams = self._grams
        for at in range(len(text) - GRAM + 1):
            if text[at : at + GRAM] in grams and (length := self._length_at(text, at)):
                yield at, at + length

    def _length_at(self, text: str, at: int) -> int:
        """Return the length of the longest that begins at a place of `text`, 0 for none."""
        index = bisect_right(self._keys, text[at : at + _LONGEST_KEY]) - 1
        while index >= 0:
            if text.startswith(self._keys[index], at):
                for needle in self._whole[index]:
                    if text.startswith(needle, at):
                        return len(needle)
            index = self._shorter[index]
        return 0


def _nearest_beginnings(keys: list[str]) -> list[int]:
    """Return for each of the sorted `keys` where the longest other one is that it begins with, -1 for none."""
    found: list[int] = []
    open_: list[int] = []
    for index, key in enumerate(keys):
        while open_ and not key.startswith(keys[open_[-1]]):
            open_.pop()
        found.append(open_[-1] if open_ else -1)
        open_.append(index)
    return found
