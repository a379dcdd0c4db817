"""The queue of an executor, and how many of its slots are free."""

from __future__ import annotations

from dataclasses import dataclass

from wharfinger_server.engine.execution.window import Waiting, Window
from wharfinger_server.sdk.executor import Executor

READY_LIMIT = 10_000
"""How many waiting tasks are held in memory for one executor, and as many for each concurrency key on it."""


@dataclass(frozen=True, slots=True)
class ExecutorStatus:
    """How an executor is doing: its slots, how many are taken, how many tasks wait; why nothing can run, or ""."""

    slots: int
    running: int
    queued: int
    unavailable_reason: str


class ExecutorQueue:
    """One executor with its free slots and its queue. `reason` says why nothing can run here, or is empty.

    `limit` is how many waiting tasks are held in memory, 0: READY_LIMIT.
    """

    def __init__(self, name: str, executor: Executor | None, reason: str = "", limit: int = 0) -> None:
        self.name = name
        self.executor = executor
        self.reason = reason
        self.slots = executor.slots if executor else 0
        self.free = self.slots
        self.ready = Window(limit or READY_LIMIT)

    def __len__(self) -> int:
        return len(self.ready)

    @property
    def shares_process(self) -> bool:
        """Whether what runs here runs in the server's own process."""
        return self.executor is not None and self.executor.shares_process

    @property
    def idle(self) -> bool:
        """Whether a slot is free and nobody waits for one."""
        return self.executor is not None and self.free > 0 and not len(self.ready) and self.ready.covered is None

    def push(self, waiting: Waiting) -> None:
        """Add a task, unless it waits here already or comes after all that memory holds."""
        self.ready.push(waiting)

    def pop(self) -> Waiting:
        """Take the next task."""
        return self.ready.pop()

    def resize(self) -> None:
        """Take over how many slots the executor has now. Fewer than are taken may be left: then none is free."""
        slots = self.executor.slots if self.executor else 0
        self.free += slots - self.slots
        self.slots = slots

    @property
    def running(self) -> int:
        """How many slots are taken."""
        return self.slots - self.free
