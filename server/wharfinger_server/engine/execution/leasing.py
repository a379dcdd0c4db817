"""Leasing: how a task that is to go on gets its attempt, in one transaction, and is launched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.attempt import Lease
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.attempts import Attempts
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.recording import change_version
from wharfinger_server.engine.params.sealing import CannotOpen, Vault
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


class Leasing:
    """Leases tasks and launches their attempts. `consider` hears of a task that got no attempt after all."""

    def __init__(self, attempts: Attempts, scripts: Scripts, vault: Vault, consider: Callable[[Task], None]) -> None:
        self._attempts = attempts
        self._store = attempts.store
        self._life = attempts.life
        self._scripts = scripts
        self._vault = vault
        self._consider = consider

    async def lease(self, queue: ExecutorQueue, task_id: int) -> bool:
        """Lease a task for what it needs now and launch it; False if it got no attempt. Raises Gone, and what decides.

        The slot was taken before.
        """
        asked: list[tuple[int, Lease]] = []

        def decide(work: UnitOfWork) -> Attempt | Task:
            """Lease the task; one that an earlier try of this has leased, whose answer was lost, is leased already."""
            lease = work.task.lease
            if lease is not None and (work.task.epoch, lease) in asked:
                return self._attempts.leased(work, lease.phase)
            decided = self._decide(work)
            if work.task.lease is not None and isinstance(decided, Attempt):
                asked.append((work.task.epoch, replace(work.task.lease)))
            return decided

        decided = await self._store.change(task_id, decide)
        if isinstance(decided, Task):
            self._consider(decided)
            return False
        return await self.launch(queue, decided)

    def _decide(self, work: UnitOfWork) -> Attempt | Task:
        """Lease the task, or conclude what no installed script can do for it; a bare Task means: not leased."""
        phase = self._life.next_phase(work)
        if phase is None:
            return self._life.go_on(work)
        problem = self._scripts.problem(work.task, phase)
        if problem is None:
            if phase is Phase.RUN:
                change_version(work, self._scripts[work.task.spec.script].version)
            self._life.lease(work, phase, self._attempts.worker)
            return self._attempts.leased(work, phase)
        if phase is Phase.RUN:
            return work.task
        if phase is Phase.SETTLE:
            self._life.doubt(work, problem)
        else:
            rollback.end(work, problem)
        return self._life.go_on(work)

    async def launch(self, queue: ExecutorQueue, attempt: Attempt) -> bool:
        """Launch an attempt with its memos and sealed params; one whose params can't be opened ends.

        One that was asked to stop while they were read begins, and stops: only it can say what it left.
        """
        task = attempt.task
        with self._attempts.expecting(attempt) as asked:
            memos = await self._store.memos(task.id) if task.epoch > 1 else {}
            try:
                sealed = self._vault.open(task, await self._store.sealed(task.id)) if task.seal_key else {}
            except CannotOpen as cannot:
                await self._not_begun(attempt, cannot.failure)
                return False
        self._attempts.launch(queue, attempt, sealed, memos)
        if attempt.phase is Phase.RUN and task.state is TaskState.CANCELLING:
            # It was cancelled between two tries to lease it, when nothing ran that could have been told.
            asked.append("cancelled")
        for reason in asked:
            self._attempts.stop(task.id, reason, attempt.epoch)
        return True

    async def _not_begun(self, attempt: Attempt, error: Failure) -> None:
        log.warning("%s: %s", attempt.task.name, error.message)
        epoch, end = attempt.epoch, self._life.end_of(attempt.phase)
        try:
            self._consider(await self._store.change(attempt.task.id, lambda work: end(work, epoch, error)))
        except Fenced:
            return
