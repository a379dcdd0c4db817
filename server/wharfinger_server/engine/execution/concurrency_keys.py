"""Concurrency keys: tasks that share one run one at a time."""

from __future__ import annotations

from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.window import Key, Waiting, Window


class ConcurrencyKeys:
    """Who holds each key, and who waits for it: of those only the first goes into its queue when the key is free.

    A key is held until the task rests or is queued again *and* nothing of it runs any more: an attempt that was fenced
    because it did not stop may still work.
    """

    def __init__(self) -> None:
        self._held: dict[Key, int] = {}
        self._lingering: dict[int, Key] = {}
        self._parked: dict[Key, dict[ExecutorQueue, Window]] = {}

    def holder(self, key: Key | None) -> int:
        """Return the task that holds `key`, 0 for none."""
        return self._held.get(key, 0) if key else 0

    def lingers(self, task_id: int) -> bool:
        """Whether a task holds its key only because something of it still runs."""
        return task_id in self._lingering

    def claim(self, key: Key | None, task_id: int) -> bool:
        """Claim `key` for a task; False if another holds it, or what still runs of the task itself."""
        return key is None or (task_id not in self._lingering and self._held.setdefault(key, task_id) == task_id)

    def park(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        """Keep a task until its key is free."""
        if waiting.key is not None:
            windows = self._parked.setdefault(waiting.key, {})
            if queue not in windows:
                windows[queue] = Window(queue.ready.limit)
            windows[queue].push(waiting)

    def linger(self, key: Key | None, task_id: int) -> None:
        """Note that a task needs its key no more, but that something of it still runs."""
        if key is not None and self._held.get(key) == task_id:
            self._lingering[task_id] = key

    def gone(self, task_id: int) -> Key | None:
        """Free the key of which `linger` told, now that nothing of the task runs; return it, None if there is none."""
        key = self._lingering.pop(task_id, None)
        return key if self.release(key, task_id) else None

    def release(self, key: Key | None, task_id: int) -> bool:
        """Free a key; False if `task_id` does not hold it, or something of it still runs."""
        if key is None or self._held.get(key) != task_id or task_id in self._lingering:
            return False
        del self._held[key]
        return True

    def offer(self, key: Key | None) -> list[tuple[ExecutorQueue, Window]]:
        """Put the first that wait for a key, if it is free, into their queues.

        Returns those queues, each with what it still has waiting for the key.
        """
        if key is None or key in self._held:
            return []
        windows = self._parked.get(key, {})
        offered = list(windows.items())
        for queue, window in offered:
            if len(window):
                queue.ready.push(window.pop(), beyond=True)
            if not len(window) and window.covered is None:
                del windows[queue]
        if not windows:
            self._parked.pop(key, None)
        return offered
