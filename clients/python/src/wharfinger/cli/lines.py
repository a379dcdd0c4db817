"""Events and progress in one line each, for people."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime

from wharfinger import (
    EntryChanged,
    ErrorEvent,
    Event,
    LedgerEntry,
    LogLine,
    Progress,
    StateChanged,
)
from wharfinger.cli.wording import clean, clock, duration, size
from wharfinger.report import notes_on, place_of

# What was told so many seconds ago is still news.
_FRESH = 0.5


def event_line(event: Event) -> str:
    """Return an event as a line that begins with its time and kind."""
    kind, text = _words(event)
    return f"{clock(event.time)}  {kind:<8}  {clean(text)}"


def waiting_line(reason: str) -> str:
    """Return what a task waits for as a line that begins with the time at which it was asked for."""
    return f"{clock(datetime.now(UTC))}  {'waiting':<8}  {clean(reason)}"


def _words(event: Event) -> tuple[str, str]:
    if isinstance(event, StateChanged):
        by = f" by {event.actor}" if event.actor not in ("", "system", "server") else ""
        return "state", f"{event.state}{by}{f': {event.reason}' if event.reason else ''}"
    if isinstance(event, EntryChanged):
        return "resource", _resource_words(event.entry)
    if isinstance(event, LogLine):
        level = f"{event.level} " if event.level in ("WARNING", "ERROR") else ""
        lost = f" ({event.dropped} lines before this one were dropped)" if event.dropped else ""
        return "log", f"{level}{event.text}{lost}"
    if isinstance(event, ErrorEvent):
        return "error", str(event.failure)
    return "unknown", f"event {event.sequence}: this client is too old to know its kind"


def _resource_words(resource: LedgerEntry) -> str:
    known = (resource.state.value, resource.type, resource.key, resource.external_id, place_of(resource))
    notes = notes_on(resource)
    return "  ".join(part for part in (*known, f"({'; '.join(notes)})" if notes else "") if part)


class Pace:
    """How fast the present step goes, from the progress of the last seconds."""

    def __init__(self, window: float = 10.0) -> None:
        self._window = window
        self._step = ""
        self._seen: deque[tuple[float, int]] = deque()

    def take(self, progress: Progress) -> float | None:
        """Note `progress` and return units a second, None while nothing can be said."""
        now = progress.time.timestamp() if progress.time else time.time()
        if progress.step != self._step or (self._seen and progress.done < self._seen[-1][1]):
            self._seen.clear()
            self._step = progress.step
        if not self._seen or now > self._seen[-1][0]:
            self._seen.append((now, progress.done))
        while len(self._seen) > 2 and self._seen[0][0] < now - self._window:
            self._seen.popleft()
        (first, before), (last, done) = self._seen[0], self._seen[-1]
        return (done - before) / (last - first) if last > first and done > before else None


def amount(progress: Progress) -> str:
    """Return how much is done, such as `12.0 MiB/1.0 GiB` or `3/5 nodes`; empty when nothing is counted."""
    if not progress.done and not progress.total:
        return ""
    if progress.unit == "bytes":
        return "/".join(size(part) for part in (progress.done, progress.total) if part is not None)
    counted = f"{progress.done}/{progress.total}" if progress.total is not None else str(progress.done)
    return f"{counted} {clean(progress.unit)}".rstrip()


def rate_words(progress: Progress, rate: float | None) -> str:
    """Return the pace, such as `3.4 MiB/s`; empty while nothing can be said."""
    if rate is None:
        return ""
    return f"{size(rate)}/s" if progress.unit == "bytes" else f"{rate:.1f}/s"


def eta_words(progress: Progress, rate: float | None, now: datetime | None = None) -> str:
    """Return the time left at `now`, None: this moment; empty where nobody knows, or where it should be over.

    It is by the pace that is shown, if there is one, and else the server's word of when it told the progress.
    """
    if progress.done >= (progress.total or 0):
        return ""
    left = ((progress.total or 0) - progress.done) / rate if rate else progress.eta
    if left is None:
        return ""
    passed = ((now or datetime.now(UTC)) - progress.time).total_seconds() if progress.time else 0.0
    # The clocks of two machines differ: what the server told just now may seem to come from the future.
    left -= max(0.0, passed)
    return f"{duration(left)} left" if left > 0 or passed < _FRESH else ""


def progress_line(progress: Progress, rate: float | None) -> str:
    """Return progress as a line that begins with its time."""
    fraction = progress.fraction
    share = f"{fraction:.0%}" if fraction is not None else ""
    counted = ", ".join(
        part for part in (amount(progress), share, rate_words(progress, rate), eta_words(progress, rate)) if part
    )
    text = "  ".join(part for part in (clean(progress.step), counted, clean(progress.message)) if part)
    return f"{clock(progress.time)}  progress  {text}"
