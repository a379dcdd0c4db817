"""The one table of a task's states: what may follow what, and what makes it.

It is the whole truth: a step that is not in it is refused.
"""

from __future__ import annotations

from enum import Enum

from wharfinger.ledger.states import TaskState

Q, R, C, RB = TaskState.QUEUED, TaskState.RUNNING, TaskState.CANCELLING, TaskState.ROLLING_BACK
SUCCEEDED, FAILED, CANCELLED = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED
PARTIAL, ROLLED_BACK, UNDO_FAILED = TaskState.PARTIALLY_FAILED, TaskState.ROLLED_BACK, TaskState.ROLLBACK_FAILED


class Trigger(Enum):
    """What makes a task move."""

    LEASE = "an attempt begins"
    GIVE_UP = "what an attempt left behind could not be settled"
    CANCEL = "cancel"
    RESULT = "a result"
    RETRY = "a failed or lost attempt that may be repeated"
    CONCLUDE = "the ledger is settled"
    RESUME = "resume"
    ROLL_BACK = "roll back"
    UNDO_ENDED = "the rollback ended"
    RESOLVE = "resolve"
    EVIDENCE = "late evidence"
    DELETE = "delete"


TRANSITIONS: dict[tuple[TaskState, Trigger], frozenset[TaskState]] = {
    (Q, Trigger.LEASE): frozenset({R}),
    (Q, Trigger.GIVE_UP): frozenset({R}),
    (Q, Trigger.CANCEL): frozenset({CANCELLED, C}),
    (R, Trigger.CANCEL): frozenset({C}),
    (R, Trigger.RESULT): frozenset({SUCCEEDED, R}),
    (R, Trigger.RETRY): frozenset({Q}),
    (R, Trigger.CONCLUDE): frozenset({SUCCEEDED, FAILED, PARTIAL, RB}),
    (C, Trigger.CONCLUDE): frozenset({CANCELLED, PARTIAL, RB}),
    (PARTIAL, Trigger.RESUME): frozenset({Q}),
    (PARTIAL, Trigger.ROLL_BACK): frozenset({RB}),
    (SUCCEEDED, Trigger.ROLL_BACK): frozenset({RB}),
    (UNDO_FAILED, Trigger.ROLL_BACK): frozenset({RB}),
    (RB, Trigger.CANCEL): frozenset({RB}),
    (RB, Trigger.UNDO_ENDED): frozenset({FAILED, CANCELLED, ROLLED_BACK, SUCCEEDED, PARTIAL, UNDO_FAILED}),
    (PARTIAL, Trigger.RESOLVE): frozenset({PARTIAL, FAILED, CANCELLED, ROLLED_BACK, SUCCEEDED}),
    (UNDO_FAILED, Trigger.RESOLVE): frozenset({UNDO_FAILED, FAILED, CANCELLED, ROLLED_BACK, SUCCEEDED}),
    (SUCCEEDED, Trigger.RESOLVE): frozenset({SUCCEEDED}),
    (FAILED, Trigger.EVIDENCE): frozenset({PARTIAL}),
    (CANCELLED, Trigger.EVIDENCE): frozenset({PARTIAL}),
    (ROLLED_BACK, Trigger.EVIDENCE): frozenset({PARTIAL}),
    (SUCCEEDED, Trigger.EVIDENCE): frozenset({PARTIAL}),
    (PARTIAL, Trigger.EVIDENCE): frozenset({PARTIAL, SUCCEEDED}),
    (UNDO_FAILED, Trigger.EVIDENCE): frozenset({UNDO_FAILED}),
    (SUCCEEDED, Trigger.DELETE): frozenset({SUCCEEDED}),
    (FAILED, Trigger.DELETE): frozenset({FAILED}),
    (CANCELLED, Trigger.DELETE): frozenset({CANCELLED}),
    (ROLLED_BACK, Trigger.DELETE): frozenset({ROLLED_BACK}),
}
"""(state, trigger) → the states it may lead to. What is not here is refused."""

PERSON = (Trigger.CANCEL, Trigger.RESUME, Trigger.ROLL_BACK, Trigger.RESOLVE, Trigger.DELETE)
"""What a person may ask."""
