"""Times and durations of the API as Python's; whatever was sent, reading it never raises."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf import duration_pb2, timestamp_pb2


def moment(stamp: timestamp_pb2.Timestamp) -> datetime | None:
    """Return an aware datetime in UTC, None for a time that is not set; one that Python has none for is the nearest."""
    if not stamp.seconds and not stamp.nanos:
        return None
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (OverflowError, ValueError):
        return datetime.max.replace(tzinfo=UTC) if stamp.seconds > 0 else datetime.min.replace(tzinfo=UTC)


def seconds(span: duration_pb2.Duration) -> float:
    """Return a duration in seconds, however long it is: a timedelta ends at a billion days."""
    return span.seconds + span.nanos / 1_000_000_000
