"""A task's waits: for a time of day that its policy names, or for a length of time that has to pass.

`not_before` follows the wall clock, wherever that is set to. Back-off, settling and whatever else is a length of time
go by the steady clock (rule 33); people are told at which time of day that will be.
"""

from __future__ import annotations

from dataclasses import dataclass

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock, as_text


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that is not over: until the steady clock or, `by_wall`, the wall clock shows `until` (microseconds)."""

    until: int
    by_wall: bool = False

    def left(self, clock: Clock) -> int:
        """Return how much of it is left."""
        return self.until - (clock.wall() if self.by_wall else clock.steady())


def wait_of(task: Task, clock: Clock) -> Wait | None:
    """Return what a task without a lease waits for now, None for nothing."""
    if task.wake_time > clock.steady():
        return Wait(task.wake_time)
    if task.state is TaskState.QUEUED and not task.must_settle and task.spec.policy.not_before > clock.wall():
        return Wait(task.spec.policy.not_before, by_wall=True)
    return None


def told(task: Task, clock: Clock) -> str:
    """Return until when a task waits and why, "" if it does not wait for a time."""
    wait = None if task.lease is not None or task.state.resting else wait_of(task, clock)
    if wait is None:
        return ""
    when = as_text(wait.until if wait.by_wall else clock.wall() + wait.until - clock.steady())
    if wait.by_wall:
        return f"not before {when}"
    if task.must_settle and not task.counts.sought:
        return f"until {when} nobody can tell whether {task.counts.looks} thing(s) are still there"
    if task.must_settle:
        return f"until {when} nobody can tell whether {task.counts.sought} thing(s) tried before exist"
    if task.state is TaskState.QUEUED:
        return f"to be tried again at {when}"
    return f"to be looked at again at {when}"
