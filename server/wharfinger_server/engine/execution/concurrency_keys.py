"""Concurrency keys: of the tasks that share one, only so many run at once."""

from __future__ import annotations

from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.window import Key, Waiting, Window


class ConcurrencyKeys:
    """Who holds each key, and who waits for it: of those only the first go into their queues when there is room.

    A key is held until the task rests or is queued again *and* nothing of it runs any more: an attempt that was fenced
    because it did not stop may still work. How many may hold it is each task's own word (`limit`).
    """

    def __init__(self) -> None:
        self._held: dict[Key, dict[int, None]] = {}
        self._lingering: dict[int, Key] = {}
        self._parked: dict[Key, dict[ExecutorQueue, Window]] = {}

    def in_the_way(self, key: Key | None, limit: int, task_id: int) -> int:
        """Return one of those that keep a task from its key, 0 where nobody does; perhaps what lingers of itself."""
        if task_id in self._lingering:
            return task_id
        holders = self._held.get(key, {}) if key else {}
        return next(iter(holders)) if len(holders) >= limit and task_id not in holders else 0

    def lingers(self, task_id: int) -> bool:
        """Whether a task holds its key only because something of it still runs."""
        return task_id in self._lingering

    def claim(self, key: Key | None, limit: int, task_id: int) -> bool:
        """Claim `key` for a task; False if `limit` others hold it, or what still runs of the task itself."""
        if key is None:
            return True
        if self.in_the_way(key, limit, task_id):
            return False
        self._held.setdefault(key, {})[task_id] = None
        return True

    def park(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        """Keep a task until there is room for it under its key."""
        if waiting.key is not None:
            windows = self._parked.setdefault(waiting.key, {})
            if queue not in windows:
                windows[queue] = Window(queue.ready.limit)
            windows[queue].push(waiting)

    def linger(self, key: Key | None, task_id: int) -> None:
        """Note that a task needs its key no more, but that something of it still runs."""
        if key is not None and task_id in self._held.get(key, {}):
            self._lingering[task_id] = key

    def gone(self, task_id: int) -> Key | None:
        """Free the key of which `linger` told, now that nothing of the task runs; return it, None if there is none."""
        key = self._lingering.pop(task_id, None)
        return key if self.release(key, task_id) else None

    def release(self, key: Key | None, task_id: int) -> bool:
        """Free a key; False if `task_id` does not hold it, or something of it still runs."""
        holders = self._held.get(key) if key else None
        if key is None or not holders or task_id not in holders or task_id in self._lingering:
            return False
        del holders[task_id]
        if not holders:
            del self._held[key]
        return True

    def offer(self, key: Key | None) -> list[tuple[ExecutorQueue, Window]]:
        """Put the first that wait for a key, as many as there is room for, into their queues.

        Returns the queues in which some wait, if there is room, each with what it still has waiting for the key.
        """
        if key is None or key not in self._parked:
            return []
        held = len(self._held.get(key, ()))
        windows = self._parked[key]
        offered = []
        for queue, window in list(windows.items()):
            if len(window) and held >= window.first.limit:
                continue
            offered.append((queue, window))
            room = held
            while len(window) and room < window.first.limit:
                queue.ready.push(window.pop(), beyond=True)
                room += 1
            if not len(window) and window.covered is None:
                del windows[queue]
        if not windows:
            self._parked.pop(key, None)
        return offered
