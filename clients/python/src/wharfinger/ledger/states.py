"""The states of a task and of a ledger entry; numbers as on the wire."""

from __future__ import annotations

from enum import IntEnum


class TaskState(IntEnum):
    """Where a task is. The last six are resting states: nothing runs."""

    QUEUED = 1
    RUNNING = 2
    CANCELLING = 3
    ROLLING_BACK = 4
    SUCCEEDED = 5
    FAILED = 6
    CANCELLED = 7
    PARTIALLY_FAILED = 8
    ROLLED_BACK = 9
    ROLLBACK_FAILED = 10

    @property
    def resting(self) -> bool:
        """Whether nothing runs any more; a watch ends here, though late evidence can reopen the task."""
        return self >= TaskState.SUCCEEDED

    @property
    def half_done(self) -> bool:
        """Whether it rests with something left over, for a person to see to: to be resumed, rolled back or resolved."""
        return self in (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED)


class EntryState(IntEnum):
    """Where one ledger entry is."""

    INTENDED = 1
    CREATED = 2
    UNCERTAIN = 3
    NOT_CREATED = 4
    UNDOING = 5
    UNDONE = 6
    UNDO_FAILED = 7
    RETAINED = 8
    FORGOTTEN = 9
    MISSING = 10


CLOSED = frozenset({EntryState.NOT_CREATED, EntryState.UNDONE, EntryState.RETAINED, EntryState.FORGOTTEN})
"""Entries that no longer count as something of ours that may be alive."""

HANDED_OVER = frozenset({EntryState.RETAINED, EntryState.FORGOTTEN})
"""Entries that were ours until a person took the thing over. They stay listed."""

SOUGHT = frozenset({EntryState.INTENDED, EntryState.UNCERTAIN})
"""Entries of which it is not known whether the thing exists: `find` may tell."""

DOUBTFUL = SOUGHT | {EntryState.MISSING}
"""Open entries whose thing may not exist: their costs count apart."""

LOOKED_AT = frozenset({EntryState.CREATED, EntryState.UNDOING, EntryState.UNDO_FAILED, EntryState.MISSING})
"""Entries that may wait to be looked at by their id."""

UNSETTLED_AT_SUCCESS = DOUBTFUL | {EntryState.UNDOING, EntryState.UNDO_FAILED}
"""Entries with which a task cannot be SUCCEEDED."""


class Phase(IntEnum):
    """What an attempt does; numbers as on the wire."""

    RUN = 1
    SETTLE = 2
    UNDO = 3


class Goal(IntEnum):
    """How a task without a running attempt will conclude once its ledger is settled."""

    NONE = 0
    SUCCEED = 1
    FAIL = 2
    CANCEL = 3


class Cause(IntEnum):
    """Why a task came to rest: kept when late evidence or a person reopens it."""

    NONE = 0
    SUCCESS = 1
    FAIL = 2
    CANCEL = 3
    ROLLBACK = 4
