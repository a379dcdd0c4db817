"""The tasks that wait for an executor to be able to run them at all, as for a worker that has their script."""

from __future__ import annotations


class Unfit:
    """What waits, by executor. Queued tasks are found in the database: that there are any is enough."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[int]] = {}

    def add(self, executor: str, task_id: int) -> None:
        """Note that a task waits; with the id 0 that some queued one does."""
        self._waiting.setdefault(executor, set()).add(task_id)

    def take(self, executor: str) -> tuple[list[int], bool]:
        """Return the tasks that wait for an executor, and whether queued ones do; they are to be seen to now."""
        waiting = self._waiting.pop(executor, set())
        return sorted(waiting - {0}), 0 in waiting
