"""Small pieces of text: suggestions, sizes, durations, and what of a stranger's text may reach a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" with the closest of the `known` names, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def clean(text: str) -> str:
    """Return `text` without the control characters that could steer a terminal."""
    return "".join(c if c == "\t" or c.isprintable() else "\ufffd" for c in text)


def size(count: float) -> str:
    """Return bytes for people, such as `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(count) < 1024 or unit == "TiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Return a duration for people, such as `4 s`, `1:05` (minutes) or `2:01:05` (hours)."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(moment: datetime | None) -> str:
    """Return the time of day by this machine's zone, which it names; with the date when it is not today's."""
    if moment is None:
        return "-"
    local = moment.astimezone()
    today = local.date() == datetime.now(UTC).astimezone().date()
    return f"{local:%H:%M:%S}{zone(local)}" if today else stamp(moment)


def stamp(moment: datetime | None) -> str:
    """Return the date and the time by this machine's zone, which it names, such as `2026-11-30 15:04:05+01:00`."""
    if moment is None:
        return "-"
    local = moment.astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}{zone(local)}"


def zone(local: datetime) -> str:
    """Return how far a time's zone is from UTC, as RFC 3339 has it: `Z`, `+01:00`."""
    offset = local.strftime("%z")
    return "Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"


def age(moment: datetime | None) -> str:
    """Return how long ago that was, such as `5m` or `3d`."""
    if moment is None:
        return "-"
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    for length, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= length:
            return f"{seconds // length:.0f}{unit}"
    return f"{seconds:.0f}s"
