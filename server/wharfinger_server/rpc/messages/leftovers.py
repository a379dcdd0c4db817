"""The leftovers of a half-done task: their numbers, and the PartialFailure that a caller acts on."""

from __future__ import annotations

from wharfinger.ledger.states import EntryState
from wharfinger.v1 import ledger_pb2, partial_failure_pb2
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.rpc.messages.entry import fill_entry
from wharfinger_server.rpc.messages.price import fill_leftover
from wharfinger_server.rpc.messages.text import clean

_MOST_LISTED = 100
_ROOM, _LEAST = 512 * 1024, 1024
"""Bytes of all listed entries, and what each may have after that: the message has other parts."""
_ACTIONS = {
    name.removeprefix("PARTIAL_FAILURE_ACTION_"): number
    for name, number in partial_failure_pb2.PartialFailureAction.items()
}


def fill_summary(message: ledger_pb2.LedgerSummary, task: Task) -> None:
    """Set the ledger's numbers."""
    counts = task.counts
    message.created = counts.of(EntryState.CREATED) + counts.foreign
    message.uncertain = counts.of(EntryState.UNCERTAIN)
    message.undone = counts.of(EntryState.UNDONE)
    message.undo_failed = counts.of(EntryState.UNDO_FAILED)
    message.retained = counts.of(EntryState.RETAINED)
    message.missing = counts.of(EntryState.MISSING)
    if (leftover := task.leftover) is not None:
        fill_leftover(message.leftover, leftover)


def fill_partial_failure(partial: partial_failure_pb2.PartialFailure, shown: TaskView) -> None:
    """Set an empty `partial` to where a half-done task stands."""
    task = shown.task
    partial.SetInParent()
    partial.total_left_over = task.counts.open
    partial.not_attempted.extend(clean(key) for key in shown.not_attempted[:_MOST_LISTED])
    partial.allowed_actions.extend(_ACTIONS[action] for action in shown.allowed_actions)
    partial.resume_version = shown.resume_version
    if task.error is not None:
        partial.failed_step = clean(task.error.step)
        partial.retryable = task.error.retryable
    room = _ROOM
    for entry in shown.left_over[:_MOST_LISTED]:
        one = partial.left_over.add()
        fill_entry(one, entry, max(room, _LEAST))
        room -= one.ByteSize()
    if (leftover := task.leftover) is not None:
        fill_leftover(partial.cost, leftover)
