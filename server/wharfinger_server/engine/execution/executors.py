"""The executors of this server: made from what is installed and configured, started, and stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.registry import Registry
from wharfinger_server.sdk.executor import Host, Job

log = logging.getLogger(__name__)

OnHealth = Callable[[str, bool, str], None]


class Executors:
    """Every installed executor by its name, with its queue, those that are broken too.

    `options` are what is configured of each; `on_health(part, well, why)` hears how each is doing.
    """

    def __init__(self, registry: Registry, options: Mapping[str, Mapping[str, Any]], on_health: OnHealth) -> None:
        self._on_health = on_health
        self._queues: dict[str, ExecutorQueue] = {}
        self.get: Callable[[str], ExecutorQueue | None] = self._queues.get
        """Returns the queue of an executor, None for one of which nothing is known."""
        for name, plugin in registry.executors.items():
            try:
                executor = plugin.cls(options.get(name, {})) if plugin.cls else None
                self._queues[name] = ExecutorQueue(name, executor, plugin.broken)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever a plug-in raises, the others are to be started
                log.warning("executor %s is not available: %s", name, error)
                self._queues[name] = ExecutorQueue(name, None, str(error))

    def __getitem__(self, name: str) -> ExecutorQueue:
        """Return the queue of an executor; that of one which is not there keeps what waits for it."""
        queue = self._queues.get(name)
        if queue is None:
            queue = ExecutorQueue(name, None, "it is not installed or not configured here")
            self._queues[name] = queue
        return queue

    def queues(self) -> Sequence[ExecutorQueue]:
        """Return all queues."""
        return list(self._queues.values())

    async def start(self, host: Host) -> None:
        """Start every executor; one that does not start is unavailable, and why is told."""
        for name, queue in self._queues.items():
            if queue.executor is None:
                self._on_health(f"executor/{name}", False, queue.reason)
                continue
            try:
                await queue.executor.start(host)
            except (KeyboardInterrupt, asyncio.CancelledError):
                raise
            except BaseException as error:
                log.exception("executor %s did not start", name)
                queue.executor, queue.reason = None, f"it did not start: {error}"
                self._on_health(f"executor/{name}", False, queue.reason)
            else:
                self._on_health(f"executor/{name}", True, "")

    async def stop(self) -> None:
        """Stop every executor; what runs had its grace before."""
        for queue in self._queues.values():
            if queue.executor is not None:
                await queue.executor.stop(0.1)

    def suspects_run(self, why: str) -> None:
        """Hear why nothing but suspects may run in the server's own process, "" where anything may."""
        for name, queue in self._queues.items():
            if queue.shares_process:
                self._on_health(f"executor/{name}", not why, why)

    def held_up(self, names: set[str], jobs: Sequence[Job], seconds: float, culprit: str) -> None:
        """Hear that executors have been held up, or with 0 seconds that they move again; tell the jobs' logs."""
        for name in names:
            self._on_health(f"executor/{name}", seconds == 0, culprit if seconds else "")
        if seconds:
            log.warning("%s held up for %.1f s by %s", ", ".join(sorted(names)) or "an executor", seconds, culprit)
            for job in jobs:
                job.session.log(3, f"the executor is held up for {seconds:.1f} s by {_for_log(job, jobs[0], culprit)}")


def _for_log(job: Job, first: Job, culprit: str) -> str:
    """Return what a job's task may hear of what holds it up: of other projects neither a task's name nor its code."""
    name = first.assignment.task
    if not culprit.startswith(f"{name} at "):
        return "something else that runs there"
    return culprit if _project(job) == _project(first) else "another task"


def _project(job: Job) -> str:
    return job.assignment.task.partition("/tasks/")[0]
