"""The first of what waits, in memory; what comes after them is in the database only, until there is room."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from wharfinger.ledger.states import Phase
from wharfinger_server.domain.task import Task

Key = tuple[str, str]
"""A concurrency key: of one project, and as the policy has it."""

Position = tuple[int, int]
"""Where a task stands in a queue: its rank, lower ones first, and its id."""

_SETTLING = -(1 << 40)

FIRST: Position = (_SETTLING, 0)
"""Before all that waits to run."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A task that could begin now. Settling goes first, then higher priority, then older."""

    rank: int
    task_id: int
    phase: Phase = field(compare=False)
    key: Key | None = field(compare=False, default=None)
    limit: int = field(compare=False, default=1)
    """How many of its key may run at once."""

    @classmethod
    def of(cls, task: Task, phase: Phase) -> Waiting:
        """Return `task` as it waits for an attempt of `phase`."""
        rank = _SETTLING if phase is Phase.SETTLE else -task.spec.policy.priority
        return cls(rank, task.id, phase, key_of(task), limit_of(task))

    @property
    def position(self) -> Position:
        """Where it stands in the queue."""
        return (self.rank, self.task_id)


def key_of(task: Task) -> Key | None:
    """Return the concurrency key of a task, None if it has none."""
    return (task.project, task.spec.policy.concurrency_key) if task.spec.policy.concurrency_key else None


def limit_of(task: Task) -> int:
    """Return how many tasks of a task's concurrency key may run at once."""
    return task.spec.policy.concurrency_limit or 1


class Window:
    """The first tasks of one queue, in order: at least all up to `covered`, None if that is all there are.

    It holds `limit` of them, and for a while up to twice as many; then the last ones are left to the database, from
    which they are read again, each once, when there is room. What is to be settled is always held: no query of the
    queue would find it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.covered: Position | None = None
        self._heap: list[Waiting] = []
        self._known: set[int] = set()
        self._most = 2 * limit
        # What was to come in while a page is read, beyond what was covered then; None: no page is read.
        self._meanwhile: list[Waiting] | None = None

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def first(self) -> Waiting:
        """The first task. Raises IndexError if none is held."""
        return self._heap[0]

    @property
    def oldest(self) -> int:
        """The id of the oldest task that is held and waits to run, 0 if there is none."""
        return min((waiting.task_id for waiting in self._heap if waiting.phase is Phase.RUN), default=0)

    @property
    def page(self) -> int:
        """How many tasks to read at once."""
        return max(1, self.limit // 2)

    @property
    def wants_more(self) -> bool:
        """Whether it is time to read what follows in the database."""
        return self.covered is not None and self._meanwhile is None and len(self._heap) <= self.limit // 10

    def push(self, waiting: Waiting, *, beyond: bool = False) -> None:
        """Add a task, unless it is held already or, if not `beyond`, comes after all that is covered."""
        if waiting.task_id in self._known:
            return
        after = self.covered is not None and waiting.position > self.covered
        if after and not beyond and waiting.phase is Phase.RUN:
            if self._meanwhile is not None:
                self._meanwhile.append(waiting)
            return
        self._known.add(waiting.task_id)
        heapq.heappush(self._heap, waiting)
        if len(self._heap) > self._most:
            self._leave_the_last()

    def pop(self) -> Waiting:
        """Take the first task. Raises IndexError if none is held."""
        waiting = heapq.heappop(self._heap)
        self._known.discard(waiting.task_id)
        return waiting

    def _leave_the_last(self) -> None:
        self._heap.sort()
        kept = self.limit
        while kept < len(self._heap) and self._heap[kept].phase is not Phase.RUN:
            kept += 1
        self._most = max(2 * self.limit, kept + self.limit)
        if kept == len(self._heap):
            return
        del self._heap[kept:]
        self._known = {waiting.task_id for waiting in self._heap}
        self.covered = self._heap[-1].position
        self._meanwhile = None  # a page that is being read begins too late now

    def begin_reading(self) -> Position:
        """Note that what comes after the position returned is being read. Raises ValueError where all is held."""
        if self.covered is None:
            raise ValueError("all that waits is held")
        self._meanwhile = []
        return self.covered

    def read(self, covered: Position | None) -> bool:
        """Take note of what was read, up to `covered` (None: to the end), before any of it is pushed.

        False: so much came in meanwhile that what was read is of no use; it is read again when there is room.
        """
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is None:
            return False
        self.covered = covered
        for waiting in meanwhile:
            self.push(waiting)
        return True
