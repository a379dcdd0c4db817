"""What waits for an executor, and how many of its slots are free."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from wharfinger_server.domain.states import Phase
from wharfinger_server.domain.task import Task
from wharfinger_server.sdk.executor import Executor

READY_LIMIT = 10_000
"""How many waiting tasks are held in memory for one executor; the rest stay in the database until there is room."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A task that could begin now. Settling goes first, then higher priority, then older."""

    rank: int
    task_id: int
    phase: Phase = field(compare=False)
    key: tuple[str, str] | None = field(compare=False, default=None)

    @classmethod
    def of(cls, task: Task, phase: Phase) -> Waiting:
        """Return `task` as it waits for an attempt of `phase`."""
        rank = -(1 << 40) if phase is Phase.SETTLE else -task.policy.priority
        key = (task.project, task.policy.concurrency_key) if task.policy.concurrency_key else None
        return cls(rank, task.id, phase, key)


class Lane:
    """One executor with its free slots and its queue. `reason` says why nothing can run here, or is empty."""

    def __init__(self, name: str, executor: Executor | None, reason: str = "") -> None:
        self.name = name
        self.executor = executor
        self.reason = reason
        self.slots = executor.slots if executor else 0
        self.free = self.slots
        self.overflow = False
        self._heap: list[Waiting] = []
        self._known: set[int] = set()

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, waiting: Waiting) -> None:
        """Add a task, unless it waits here already or memory is full (`overflow` is then set)."""
        if waiting.task_id in self._known:
            return
        if len(self._heap) >= READY_LIMIT and waiting.phase is Phase.RUN:
            self.overflow = True
            return
        self._known.add(waiting.task_id)
        heapq.heappush(self._heap, waiting)

    def pop(self) -> Waiting:
        """Take the next task."""
        waiting = heapq.heappop(self._heap)
        self._known.discard(waiting.task_id)
        return waiting

    @property
    def running(self) -> int:
        """How many slots are taken."""
        return self.slots - self.free


class ConcurrencyKeys:
    """Lets tasks that share a key run one at a time; those that wait are parked with the key."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], int] = {}
        self._parked: dict[tuple[str, str], list[tuple[Lane, Waiting]]] = {}

    def holder(self, key: tuple[str, str] | None) -> int:
        """Return the task that holds `key`, 0 for none."""
        return self._held.get(key, 0) if key else 0

    def take(self, key: tuple[str, str] | None, task_id: int) -> bool:
        """Take `key` for a task; False if another holds it."""
        return key is None or self._held.setdefault(key, task_id) == task_id

    def park(self, lane: Lane, waiting: Waiting) -> None:
        """Keep a task until its key is free."""
        if waiting.key is not None:
            self._parked.setdefault(waiting.key, []).append((lane, waiting))

    def release(self, key: tuple[str, str] | None, task_id: int) -> list[Lane]:
        """Free a key held by `task_id`; what was parked goes back to its lanes, which are returned."""
        if key is None or self._held.get(key) != task_id:
            return []
        del self._held[key]
        parked = self._parked.pop(key, [])
        for lane, waiting in parked:
            lane.push(waiting)
        return [lane for lane, _ in parked]
