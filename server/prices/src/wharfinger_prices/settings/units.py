"""Durations and sizes as people write them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d)")
_MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|KiB|MB|MiB|GB|GiB)?")
_BYTES = {"": 1, "B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}


def parse_duration(text: str) -> int:
    """Return a duration such as "30d", "1h", "1h30m" or "500ms" in microseconds.

    Raises:
        ValueError: it is not one, or lacks its unit.
    """
    end, total = 0, 0.0
    for part in _DURATION.finditer(text):
        if text[end : part.start()].strip():
            break
        total += float(part[1]) * _MICROSECONDS[part[2]]
        end = part.end()
    if not text.strip() or text[end:].strip():
        raise ValueError(
            f'"{text}" is not a duration; write a number and its unit (us, ms, s, m, h or d), such as "30s"'
        )
    return round(total)


def parse_size(text: str) -> int:
    """Return a size such as "1MiB", "64 KiB" or "4096" in bytes.

    Raises:
        ValueError: it is not one.
    """
    part = _SIZE.fullmatch(text.strip())
    if part is None:
        raise ValueError(f'"{text}" is not a size; write a number and its unit (B, KiB, MiB, GiB …), such as "1MiB"')
    return round(float(part[1]) * _BYTES[part[2] or ""])


def format_duration(microseconds: int) -> str:
    """Return a duration in the largest unit that divides it; `parse_duration` reads it back."""
    for unit in ("d", "h", "m", "s", "ms"):
        if microseconds and microseconds % _MICROSECONDS[unit] == 0:
            return f"{microseconds // _MICROSECONDS[unit]}{unit}"
    return f"{microseconds}us" if microseconds else "0s"


def format_size(size: int) -> str:
    """Return a size in the largest binary unit that divides it; `parse_size` reads it back."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B"
