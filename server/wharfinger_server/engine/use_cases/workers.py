"""Attaching workers to the executor that takes them."""

from __future__ import annotations

from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.engine.execution.executors import Executors
from wharfinger_server.sdk.workers import Attached, Line, TakesWorkers, WorkerFacts, WorkerShown


class Workers:
    """The workers of this server."""

    def __init__(self, executors: Executors) -> None:
        self._executors = executors

    def attach(self, facts: WorkerFacts, line: Line) -> Attached:
        """Attach a worker by its connection. Raises EXECUTOR_UNAVAILABLE, or as the executor does."""
        for queue in self._executors.queues():
            executor: object = queue.executor
            if isinstance(executor, TakesWorkers):
                return executor.attach(facts, line)
        why = "no executor of this server takes workers"
        raise FailedPrecondition("EXECUTOR_UNAVAILABLE", why, {"executor": "", "cause": why})

    def of(self, executor: str) -> list[WorkerShown]:
        """Return the workers of an executor that are connected, longest first."""
        queue = self._executors.get(executor)
        found: object = queue.executor if queue is not None else None
        return found.workers if isinstance(found, TakesWorkers) else []
