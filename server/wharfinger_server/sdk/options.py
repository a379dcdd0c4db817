"""The options of an `[executors.NAME]` table, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wharfinger_prices.settings.units import parse_duration, parse_size
from wharfinger_server.domain.near_names import did_you_mean


class Options:
    """Options as the operator gave them. Every error is a ValueError that begins with `[executors.NAME] option`."""

    def __init__(self, executor: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Take what was `given` to `executor`. Raises ValueError for an option that is not among the `known` ones."""
        self._executor = executor
        self._given = given
        for name in given:
            if name not in known:
                advice = did_you_mean(name, known, f"the options are {', '.join(known)}")
                raise ValueError(f"{self._place(name)} is unknown; {advice}")

    def whole(self, name: str, default: int, *, most: int) -> int:
        """Return a whole number from 1 to `most`. Raises ValueError for anything else."""
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"{self._place(name)} is {value!r}; it must be a whole number from 1 to {most}")
        return value

    def seconds(self, name: str, default: float, *, least: float) -> float:
        """Return a duration in seconds, given as a number of seconds or as text such as "500ms", `least` or longer.

        Raises ValueError for anything else.
        """
        value = self._given.get(name, default)
        wish = f'it must be seconds, or a duration such as "500ms", of at least {least:g} s'
        if isinstance(value, str):
            try:
                value = parse_duration(value) / 1e6
            except ValueError:
                raise ValueError(f"{self._place(name)} is {value!r}; {wish}") from None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < float("inf"):
            raise ValueError(f"{self._place(name)} is {self._given[name]!r}; {wish}")
        return float(value)

    def size(self, name: str, default: int) -> int:
        """Return a size in bytes, given as a number of bytes or as text such as "2GiB"; 0: without a limit.

        Raises ValueError for anything else.
        """
        value = self._given.get(name, default)
        if isinstance(value, str):
            try:
                value = parse_size(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            wish = 'it must be bytes, or a size such as "2GiB"'
            raise ValueError(f"{self._place(name)} is {self._given[name]!r}; {wish}")
        return value

    def _place(self, name: str) -> str:
        return f"[executors.{self._executor}] {name}"
