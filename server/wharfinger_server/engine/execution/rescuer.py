"""The rescuer: takes up the tasks of a server that ended, and finds attempts that are not heard of any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.suspects import NAMED
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone, Store

log = logging.getLogger(__name__)

Mark = tuple[int, int]

PAGE = 500
ENDED = "ended while it ran this attempt"


@dataclass(frozen=True, slots=True)
class Loss:
    """How an attempt was lost: `what` the server did, as in "the server … ended while it ran this attempt".

    `suspect`: its script may have ended the server's process. `counts`: it is a loss of its own, because nothing ran
    beside it.
    """

    what: str
    suspect: bool = False
    counts: bool = True


def lost_with(leased: Sequence[Task], *, orderly: bool) -> Loss:
    """Return how the attempts that a server left were lost, with all that it ran at its end."""
    if orderly:
        return Loss(ENDED)
    alone = len(leased) == 1
    return Loss(
        "ended, with nothing else at work, while it ran this attempt" if alone else ENDED, suspect=True, counts=alone
    )


class Rescuer:
    """Ends the leases of lost attempts; `ttl` is for how many microseconds one may not be heard of."""

    def __init__(
        self, store: Store, scripts: Scripts, life: Lifecycle, dispatcher: Dispatcher, clock: Clock, ttl: int
    ) -> None:
        self._store = store
        self._scripts = scripts
        self._life = life
        self._dispatcher = dispatcher
        self._clock = clock
        self._ttl = ttl
        # The leases that no attempt here holds, by task: what tells them apart, and since when each is seen unchanged.
        self._seen: dict[int, tuple[Mark, int]] = {}

    # ------------------------------------------------------------------ when a server starts

    async def take_over(self, *, orderly: bool = False) -> int:
        """Take up every unfinished task. Attempts of a server that ended are lost at once: it held the database alone.

        `orderly`: it was asked to end. Otherwise whatever ran in its process may have ended it, and is suspected.
        Returns how many attempts were lost.
        """
        after, leased = 0, []
        while page := await self._store.unfinished(after, PAGE):
            after = page[-1].id
            for task in page:
                if task.lease is not None:
                    leased.append(task)
                else:
                    waits = task.wake_time and (task.must_settle or task.state is TaskState.ROLLING_BACK)
                    # Until when it waits is decided anew: another clock may have timed its windows (rule 33).
                    self._dispatcher.take_up(await self._store.change(task.id, self._life.go_on) if waits else task)
        within = [task for task in leased if self._dispatcher.shares_process(task.executor)]
        loss = lost_with(within, orderly=orderly)
        if loss.suspect and within:
            self._name(within)
        apart = Loss(ENDED)
        await asyncio.gather(*(self._rescue(task, loss if task in within else apart) for task in leased))
        return len(leased)

    def _name(self, leased: Sequence[Task]) -> None:
        """Say in the log who may have ended the server, or who has."""
        names = [task.name for task in leased]
        if len(leased) > 1:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            log.warning(
                "the server before this one ended unexpectedly while it ran %d attempts; their tasks run one at a time"
                " until it is known which of them ended it: %s%s",
                len(names),
                ", ".join(names[:NAMED]),
                more,
            )
            return
        task = leased[0]
        culprit = f"{names[0]} ({task.spec.script} {task.script_version}) ran when it ended, with nothing beside it"
        self._dispatcher.blame(culprit)
        log.warning("the server before this one ended unexpectedly: %s; loss %d", culprit, task.losses + 1)

    # ------------------------------------------------------------------ while it runs

    async def run(self) -> None:
        """Look for lost attempts for ever."""
        while True:
            await self._clock.sleep(self._ttl // 3)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - it must go on
                log.warning("lost attempts could not be looked for: %s", error)

    async def look(self) -> int:
        """Take the lease from attempts that were not heard of for too long; return how many there were.

        That a lease stays the same for so long is measured by the steady clock: the wall time that it names may have
        been set, on either side (rule 33).
        """
        ended = after = 0
        now, held = self._clock.steady(), set()
        while page := await self._store.leased(after, PAGE):
            after = page[-1].id
            for task in page:
                if self._dispatcher.runs(task.id):
                    continue
                held.add(task.id)
                mark = _mark(task)
                known, since = self._seen.get(task.id, (None, 0))
                if known != mark:
                    self._seen[task.id] = (mark, now)
                elif now - since >= self._ttl:
                    ended += await self._end_lapsed(task)
        for gone in self._seen.keys() - held:
            del self._seen[gone]
        return ended

    async def _end_lapsed(self, task: Task) -> bool:
        loss = Loss("was not heard of in time while it ran this attempt")
        try:
            await self._rescue(task, loss, _mark(task))
        except (Fenced, Gone):
            return False
        log.warning("%s: its attempt was not heard of in time and is lost", task.name)
        return True

    async def _rescue(self, task: Task, loss: Loss, mark: Mark | None = None) -> None:
        """End the lease of a lost attempt and see to its task. With a `mark`: raises Fenced if it is another lease."""
        worker = task.lease.worker if task.lease else ""
        facts = {"executor": task.executor, "worker": worker}
        if task.lease is not None and task.lease.phase is Phase.RUN:
            facts["losses"] = str(task.losses + loss.counts)
        error = Failure(Code.UNAVAILABLE, "EXECUTOR_LOST", f"the server {worker} {loss.what}", metadata=facts)
        resumable = self._scripts.resumable(task)

        def decide(work: UnitOfWork) -> Task:
            if mark is not None and _mark(work.task) != mark:
                raise Fenced
            crashes = work.task.crashes + 1
            lost = self._life.lost(work, task.epoch, error, resumable=resumable, counts=loss.counts)
            if loss.suspect:
                lost.crashes = crashes
            return lost

        self._dispatcher.take_up(await self._store.change(task.id, decide))


def _mark(task: Task) -> Mark:
    """Return what changes of a task's lease when it is renewed or another one's."""
    return (task.epoch, task.lease.expire_time if task.lease else 0)
