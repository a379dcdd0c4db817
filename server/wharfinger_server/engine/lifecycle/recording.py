"""The fence before a decision, and the event and the new version of the task after it."""

from __future__ import annotations

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.event import EntryChange, LogLevel, LogLine, StateChange
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

SERVER = "server"


def guard(work: UnitOfWork, epoch: int) -> None:
    """Raise Fenced unless the attempt `epoch` holds the task's lease: checked in the transaction of every report."""
    if not work.task.holds(epoch):
        raise Fenced


def state_changed(work: UnitOfWork, before: TaskState, actor: str, reason: str, attempt: int = 0) -> None:
    """Note a state change, if there was one, as an event and in the task's version."""
    if work.task.state is not before:
        work.touch()
        work.event(StateChange(work.task.state, actor, reason), attempt)


def entry_changed(work: UnitOfWork, entry: Entry | None, attempt: int = 0) -> None:
    """Note a change of one ledger entry, if there was one."""
    if entry is not None:
        work.touch()
        work.event(EntryChange.of(entry), attempt)


def change_version(work: UnitOfWork, version: str) -> None:
    """Let a task run by another version of its script from now on, and say so in its log."""
    task = work.task
    if task.script_version != version:
        said = f"it was made for {task.spec.script} {task.script_version}, and goes on with {version}"
        work.event(LogLine(LogLevel.INFO, said))
        task.script_version = version
        work.touch()


def ask_time(entry: Entry, steady: int) -> int:
    """Return when looking for `entry` can tell something, by the steady clock, on which it is `steady` now.

    Under a token what is there can be found at once, and "not there" counts once settling ended. Under a tag a second
    thing may still land, so both answers wait.
    """
    first = entry.idempotent and not entry.asked_early
    return steady if first else max(steady, entry.settle_time)


def timed_out(reason: str, field: str, limit: int, when: str = "", *, retryable: bool = False) -> Failure:
    """Return the failure of what took longer than the policy's `field`, of `limit` microseconds."""
    seconds = f"{limit / SECOND:g}s"
    said = f"the policy's {field} of {seconds} ended{when}"
    return Failure(Code.DEADLINE_EXCEEDED, reason, said, retryable, metadata={"timeout": seconds})
