"""Durations as people write them, on the command line: the same words as in the server's settings."""

from __future__ import annotations

import re

import click

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d)")
_SECONDS = {"us": 0.000_001, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# What the API's Duration holds, in seconds: 10,000 years.
_LONGEST = 315_576_000_000.0


def parse(text: str) -> float:
    """Return a duration such as `5m`, `1h30m`, `500ms`, or a number of seconds, in seconds.

    Raises:
        ValueError: it is none, or longer than the API can say.
    """
    end, total = 0, 0.0
    for part in _PART.finditer(text):
        if text[end : part.start()].strip():
            break
        total += float(part[1]) * _SECONDS[part[2]]
        end = part.end()
    if not text.strip() or text[end:].strip():
        try:
            total = float(text)
        except ValueError:
            total = -1.0
    if not 0 <= total <= _LONGEST:
        raise ValueError(f"{text!r} is no duration; give a number and its unit (ms, s, m, h or d), such as 5m or 1h30m")
    return total


class DurationType(click.ParamType[float]):
    """A duration, as seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        try:
            return parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()
