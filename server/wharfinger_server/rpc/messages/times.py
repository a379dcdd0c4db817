"""Times and durations: microseconds inside, google.protobuf.Timestamp and Duration outside."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

MICROSECONDS = 1_000_000
# What a Timestamp may hold: the years 1 to 9999.
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799
_LONGEST = 315_576_000_000


def fill_time(message: Timestamp, microseconds: int) -> None:
    """Set `message` to a moment in microseconds since the epoch; one that a Timestamp cannot hold to the nearest."""
    seconds, rest = divmod(microseconds, MICROSECONDS)
    if _EARLIEST <= seconds <= _LATEST:
        message.seconds = seconds
        if rest:
            message.nanos = rest * 1000
    else:
        message.seconds = _EARLIEST if seconds < _EARLIEST else _LATEST


def fill_duration(message: Duration, microseconds: int) -> None:
    """Set `message` to a duration of zero or more microseconds; zero is set, not left out.

    One that a Duration cannot hold is set to the nearest that it can.
    """
    message.SetInParent()
    seconds, rest = divmod(int(microseconds), MICROSECONDS)
    message.seconds = min(max(0, seconds), _LONGEST)
    if rest and 0 <= seconds < _LONGEST:
        message.nanos = rest * 1000


def time_of(message: Timestamp) -> int:
    """Return a moment in microseconds since the epoch.

    Raises:
        ValueError: it is outside of the years 1 to 9999, or its nanos are not a part of a second.
    """
    if not (_EARLIEST <= message.seconds <= _LATEST and 0 <= message.nanos < 1_000_000_000):
        raise ValueError("is no valid time: seconds must lie in the years 1 to 9999 and nanos in 0 to 999999999")
    return message.seconds * MICROSECONDS + message.nanos // 1000


def duration_of(message: Duration) -> int:
    """Return a duration in microseconds.

    Raises:
        ValueError: it is negative, longer than 10,000 years, or its nanos are not a part of a second.
    """
    if message.seconds < 0 or message.nanos < 0:
        raise ValueError("must not be negative")
    if message.seconds > _LONGEST or message.nanos >= 1_000_000_000:
        raise ValueError("is no valid duration: at most 315576000000 seconds, and nanos in 0 to 999999999")
    return message.seconds * MICROSECONDS + message.nanos // 1000
