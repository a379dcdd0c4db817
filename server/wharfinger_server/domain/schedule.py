"""A schedule: tasks that are asked for at times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum

from wharfinger.ledger.failure import Failure
from wharfinger_server.domain.instants import Timing
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.timing import SECOND, as_text

_HOUR = 3600 * SECOND
USUAL_CATCH_UP = _HOUR
MOST_CATCH_UP = 7 * 24 * _HOUR
MOST_JITTER = 24 * _HOUR


class Overlap(IntEnum):
    """What happens when the task of the firing before has not ended; numbers as on the wire."""

    UNSPECIFIED = 0
    SKIP = 1
    QUEUE = 2
    CANCEL = 3

    @property
    def one_at_a_time(self) -> bool:
        """Whether tasks are made beside earlier ones, and share a key so that only one of them runs."""
        return self in (Overlap.QUEUE, Overlap.CANCEL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each firing asks for; `params` are canonical JSON."""

    script: str
    executor: str = ""
    script_version: str = ""
    params: str = "{}"
    labels: dict[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Firing:
    """What became of an instant: the id of the `task` that it made, or why it made none."""

    instant: int
    task: str = ""
    error: Failure | None = None
    overlapped: bool = False


@dataclass(slots=True)
class Schedule:
    """A schedule. Times are microseconds; `next_instant` is 0 while it is paused, or nothing is to come.

    `last` is what became of its last instant, `last_task` the id of the task that it made last.
    """

    project: str
    schedule_id: str
    uid: str
    creator: str
    wanted: Wanted
    timing: Timing
    overlap: Overlap = Overlap.UNSPECIFIED
    catch_up: int = 0
    jitter: int = 0
    paused: bool = False
    create_time: int = 0
    update_time: int = 0
    next_instant: int = 0
    last: Firing | None = None
    last_task: str = ""
    fired: int = 0
    skipped: int = 0
    request_id: str = ""
    request_digest: str = ""

    @property
    def name(self) -> str:
        """The full name."""
        return f"projects/{self.project}/schedules/{self.schedule_id}"

    @property
    def catch_up_window(self) -> int:
        """How late an instant may fire."""
        return self.catch_up or USUAL_CATCH_UP

    @property
    def due(self) -> int:
        """When the next instant fires: with its jitter; 0 where there is none."""
        return self.next_instant and self.next_instant + self.delay(self.next_instant)

    def delay(self, instant: int) -> int:
        """Return the jitter of an instant, always the same."""
        if not self.jitter:
            return 0
        told = hashlib.sha256(f"{self.uid} {instant}".encode()).digest()
        return int.from_bytes(told[:8], "big") % self.jitter

    def request_of(self, instant: int) -> str:
        """Return the id of the request for the task of an instant."""
        return f"schedule-{self.uid}-{as_text(instant)}"

    def begin(self, now: int) -> None:
        """Fire from the first instant after `now` on."""
        self.paused, self.next_instant = False, self.timing.after(now)

    def pause(self) -> None:
        """Fire no more."""
        self.paused, self.next_instant = True, 0

    def leave_out_missed(self, now: int) -> None:
        """Go on to the first instant that may still fire."""
        oldest = now - self.catch_up_window
        if self.next_instant and self.due < oldest:
            # Jitter only delays: what is older than this is too old with any.
            self.next_instant = self.timing.after(max(self.next_instant, oldest - self.jitter - 1))
            while self.next_instant and self.due < oldest:
                self.next_instant = self.timing.after(self.next_instant)

    def settle(self, firing: Firing) -> None:
        """Note what became of the next instant, and go on to the one after it."""
        self.last = firing
        if firing.task:
            self.fired += 1
            self.last_task = firing.task
        else:
            self.skipped += 1
        self.next_instant = self.timing.after(firing.instant)
