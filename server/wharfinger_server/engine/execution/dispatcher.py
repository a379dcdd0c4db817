"""Dispatch: which task runs next and where.

Everything here runs on the server's event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.attempt import Lease
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.event import LogLevel, LogLine
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.execution.attempts import Attempts
from wharfinger_server.engine.execution.background import Chores
from wharfinger_server.engine.execution.concurrency_keys import ConcurrencyKeys
from wharfinger_server.engine.execution.queue import Lane
from wharfinger_server.engine.execution.rest_log import tell_rest
from wharfinger_server.engine.execution.retrying_store import PatientStore
from wharfinger_server.engine.execution.suspects import Suspects
from wharfinger_server.engine.execution.waits import wait_of
from wharfinger_server.engine.execution.window import Key, Position, Waiting, Window, key_of
from wharfinger_server.engine.lifecycle import rollback
from wharfinger_server.engine.lifecycle.lifecycle import Leased, Life
from wharfinger_server.engine.lifecycle.recording import timed_out
from wharfinger_server.engine.params.sealing import CannotOpen, Vault
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.watching.wakeup import Alarms
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone

log = logging.getLogger(__name__)

RETRY_AFTER = SECOND
"""How long dispatch waits after the store failed it before it looks at the task again."""


class Dispatcher:
    """Leases tasks to executors as slots come free, and follows each attempt to its end."""

    def __init__(
        self,
        store: PatientStore,
        scripts: Scripts,
        life: Life,
        lanes: Mapping[str, Lane],
        attempts: Attempts,
        vault: Vault,
        suspects: Suspects,
        alarms: Alarms,
    ) -> None:
        self.store = store
        self.life = life
        self.lanes = dict(lanes)
        self.attempts = attempts
        self.keys = ConcurrencyKeys()
        self.suspects = suspects
        self.worker = attempts.worker
        self._scripts = scripts
        self._vault = vault
        self._alarms = alarms
        self._clock = alarms.clock
        self._chores = Chores()
        self._beginning: set[int] = set()
        self._again: set[int] = set()
        self._open = self._closed = False
        attempts.tell(self.consider, self._freed)

    # ------------------------------------------------------------------ a task that may go on

    def open(self) -> None:
        """Begin to lease tasks."""
        self._open = True
        self._pump_all()
        self.suspects.tell()

    @property
    def is_open(self) -> bool:
        """Whether tasks are leased."""
        return self._open

    def launch(self, leased: Leased, memos: Mapping[str, bytes] | None = None) -> None:
        """Hand a leased task to its executor. The slot was taken before."""
        self.attempts.launch(self.lanes[leased.task.executor], leased, memos)

    def take_up(self, task: Task) -> None:
        """See to a task of the server before this one; one that was in a crash and not cleared since is a suspect."""
        if task.crashes and not task.state.resting and self.shares_process(task.executor):
            self.suspects.add(task)
        self.consider(task)

    def shares_process(self, executor: str) -> bool:
        """Whether what an executor runs can end the server's process: all that is here, if it does not deny it."""
        lane = self.lanes.get(executor)
        return lane is not None and lane.shares_process

    def consider(self, task: Task) -> None:
        """See to a task without a running attempt: wait, settle or run it; forget one at rest."""
        if task.lease is not None or self.attempts.sees_to(task):
            return
        if task.id in self.suspects and (task.state.resting or not task.crashes):
            self._clear(task.id)
        if task.state.resting or task.state is TaskState.QUEUED:
            self._give_back(key_of(task), task.id)
        if task.delete_time:
            return
        if task.state.resting:
            tell_rest(task)
            return
        if task.deadline and task.state is TaskState.QUEUED:
            self._alarms.at(task.deadline, self._look_again, task.id)
        if wait := wait_of(task, self._clock):
            self._alarms.at(wait.until, self._look_again, task.id, by_wall=wait.by_wall)
            if task.id in self.suspects:
                self.suspects.wait(task.id, wait.left(self._clock))
                self._pump_all()
        elif task.state is not TaskState.QUEUED or task.must_settle:
            self._queue(task, Phase.SETTLE)
        else:
            self._queue_to_run(task)

    def _queue_to_run(self, task: Task) -> None:
        """Let a task wait for its turn, if its script can run; otherwise for its script, or for a person."""
        if self._scripts.problem(task, Phase.RUN) is None:
            self._queue(task, Phase.RUN)
        elif task.id in self.suspects:
            self.suspects.set_aside(task.id)
            self._pump_all()

    def _queue(self, task: Task, phase: Phase) -> None:
        """Let a task wait for its turn, which may be now."""
        if task.executor not in self.lanes:
            self.lanes[task.executor] = Lane(task.executor, None, "it is not installed or not configured here")
        lane = self.lanes[task.executor]
        waiting = Waiting.of(task, phase)
        if task.id in self.suspects:
            self._suspect_waits(lane, waiting)
        else:
            lane.push(waiting)
            self._pump(lane)

    def reserve(self, task: Task) -> bool:
        """Take a slot for a new task that could begin at once, before it is written; False if it must queue."""
        lane = self.lanes.get(task.executor)
        if not self._open or lane is None or not lane.idle or self.suspects.hold(lane):
            return False
        if wait_of(task, self._clock) or not self.keys.take(key_of(task), task.id):
            return False
        lane.free -= 1
        return True

    def go_on(self, task: Task, why: str = "") -> None:
        """Let a task go on that a person changed: a running attempt hears `why` it has to stop, if it has to."""
        if task.state is TaskState.CANCELLING or (task.rollback is not None and task.rollback.stop):
            self.attempts.cancel(task.id, why)
        self.consider(task)

    def find_out(self, tasks: Sequence[tuple[Task, bool]]) -> None:
        """See to tasks of which nobody heard whether they were written, or changed; with each, if it was reserved."""
        self._chores.do(self._find_out(tasks))

    async def _find_out(self, tasks: Sequence[tuple[Task, bool]]) -> None:
        for task, reserved in tasks:
            try:
                # A change comes after what was queued before it, and after what an earlier COMMIT came to.
                found = await self.store.change(task.id, lambda work: work.task)
            except Gone:
                if reserved:
                    self.unreserve(task)
            else:
                if not reserved:
                    self.go_on(found)
                elif not await self._open_and_launch(Leased(found, Phase.RUN)):
                    self.unreserve(found)

    def unreserve(self, task: Task) -> None:
        """Give back what `reserve` took, for a task that was not written after all."""
        lane = self.lanes[task.executor]
        lane.free += 1
        self._give_back(key_of(task), task.id)
        self._pump(lane)

    # ------------------------------------------------------------------ concurrency keys

    def _give_back(self, key: Key | None, task_id: int) -> None:
        """Free a task's key: at once, or when what still runs of the task is gone."""
        if self.attempts.works(task_id):
            self.keys.linger(key, task_id)
        elif self.keys.release(key, task_id):
            self._offer(key)

    def _freed(self, lane: Lane, task_id: int) -> None:
        """Use a free slot, and the key of a task of which nothing runs any more."""
        if not self.attempts.works(task_id):
            self._offer(self.keys.gone(task_id))
        self._pump_suspects()
        self._pump(lane)

    def _offer(self, key: Key | None) -> None:
        """Let the next of those that wait for a key, if it is free, go on."""
        for lane, window in self.keys.offer(key):
            if window.wants_more:
                self._refill(lane, window, key)
            self._pump(lane)

    # ------------------------------------------------------------------ suspects

    def _suspect_waits(self, lane: Lane, waiting: Waiting) -> None:
        if waiting.task_id in self._beginning:
            self._again.add(waiting.task_id)
        else:
            self.suspects.push(lane, waiting)
            self._pump_suspects()

    def _pump_suspects(self) -> None:
        """Begin the next suspect, if none runs."""
        while self._open and (chosen := self.suspects.next()) is not None:
            lane, waiting = chosen
            if waiting.phase is Phase.RUN and not self.keys.take(waiting.key, waiting.task_id):
                self.suspects.set_aside(waiting.task_id)
                self.keys.park(lane, waiting)
            else:
                self._start(lane, waiting)

    def _pump_all(self) -> None:
        self._pump_suspects()
        for lane in list(self.lanes.values()):
            self._pump(lane)

    def _clear(self, task_id: int) -> None:
        """Suspect a task no more, and let the next one run, or all others."""
        if self.suspects.clear(task_id):
            self._pump_all()
            self.suspects.tell()

    def _watch_suspect(self, task_id: int) -> None:
        running = self.attempts.running.get(task_id)
        if running is not None and task_id in self.suspects:
            epoch = running.attempt.epoch
            self._clock.call_later(self.suspects.enough, self._has_served, task_id, epoch)

    def _has_served(self, task_id: int, epoch: int) -> None:
        """Clear a suspect whose attempt still runs; but looking for what a queued task left says nothing of its run."""
        running = self.attempts.running.get(task_id)
        if running is None or running.attempt.epoch != epoch or task_id not in self.suspects:
            return
        if running.attempt.phase is Phase.RUN or running.attempt.task.state is not TaskState.QUEUED:
            self._chores.do(self._write_cleared(task_id, epoch))

    async def _write_cleared(self, task_id: int, epoch: int) -> None:
        def decide(work: UnitOfWork) -> None:
            if work.task.holds(epoch):
                work.task.crashes = 0

        try:
            await self.store.change(task_id, decide)
        finally:
            self._clear(task_id)

    # ------------------------------------------------------------------ what waits

    def _look_again(self, task_id: int) -> None:
        if self._closed:
            return
        self._chores.do(self._reconsider(task_id))

    async def _reconsider(self, task_id: int) -> None:
        task = await self.store.task_by_id(task_id)
        if task is None or task.id in self.attempts.running:
            return
        over = 0 < task.deadline <= self._clock.steady()
        if task.state is TaskState.QUEUED and task.lease is None and over:
            error = timed_out("TOTAL_TIMEOUT", "total_timeout", task.spec.policy.total_timeout, " before it could run")
            try:
                task = await self.store.change(
                    task_id, lambda work: self.life.give_up(work, error) if _is_queued(work.task) else work.task
                )
            except Gone:
                return
        self.consider(task)

    def _pump(self, lane: Lane) -> None:
        while self._open and lane.executor is not None and lane.free and len(lane) and not self.suspects.hold(lane):
            waiting = lane.pop()
            if waiting.task_id in self.suspects:
                self._suspect_waits(lane, waiting)
            elif waiting.task_id in self._beginning or waiting.task_id in self.attempts.running:
                # It was seen to twice. How it stands once that is over is looked at then.
                if waiting.task_id in self._beginning:
                    self._again.add(waiting.task_id)
                self._offer(waiting.key)
            elif waiting.phase is Phase.RUN and not self.keys.take(waiting.key, waiting.task_id):
                self.keys.park(lane, waiting)
            else:
                self._start(lane, waiting)
        if self._open and lane.executor is not None and lane.ready.wants_more:
            self._refill(lane, lane.ready)

    def _refill(self, lane: Lane, window: Window, key: Key | None = None) -> None:
        """Read what follows in a queue: a page of it or, for those that wait for `key`, until some of them are found.

        What was read is not read again, whatever becomes of it.
        """
        self._chores.do(self._read_on(lane, window, window.begin_reading(), key))

    async def _read_on(self, lane: Lane, window: Window, after: Position | None, key: Key | None) -> None:
        found: list[Task] = []
        while after is not None and not found:
            page = await self.store.queued(lane.name, window.page, after)
            after = (-page[-1].spec.policy.priority, page[-1].id) if len(page) == window.page else None
            found = [task for task in page if key is None or key_of(task) == key]
        if window.read(after):
            for task in found:
                self.consider(task)
        if key is not None:
            self._offer(key)
        self._pump(lane)

    # ------------------------------------------------------------------ beginning an attempt

    def _start(self, lane: Lane, waiting: Waiting) -> None:
        lane.free -= 1
        self._beginning.add(waiting.task_id)
        self._chores.do(self._begin(lane, waiting))

    async def _begin(self, lane: Lane, waiting: Waiting) -> None:
        launched = False
        try:
            launched = await self._lease_and_launch(lane, waiting)
        except Gone:
            log.debug("task %x was purged before it could be leased", waiting.task_id)
            self._clear(waiting.task_id)
        except Exception:
            log.exception("task %x could not be leased; it is looked at again", waiting.task_id)
            self._alarms.at(self._clock.steady() + RETRY_AFTER, self._look_again, waiting.task_id)
        finally:
            self._begun(lane, waiting, launched=launched)

    def _begun(self, lane: Lane, waiting: Waiting, *, launched: bool) -> None:
        self._beginning.discard(waiting.task_id)
        again = waiting.task_id in self._again
        self._again.discard(waiting.task_id)
        if launched:  # its end is heard of
            self._watch_suspect(waiting.task_id)
            return
        lane.free += 1
        if self.suspects.alone == waiting.task_id:
            self.suspects.alone = 0
        if waiting.phase is Phase.RUN:
            self._give_back(waiting.key, waiting.task_id)
        if again and self._open:
            self._look_again(waiting.task_id)
        self._pump_suspects()
        self._pump(lane)

    async def _lease_and_launch(self, lane: Lane, waiting: Waiting) -> bool:
        asked: list[tuple[int, Lease]] = []

        def decide(work: UnitOfWork) -> Leased | Task:
            """Lease the task; one that an earlier try of this has leased, whose answer was lost, is leased already."""
            lease = work.task.lease
            if lease is not None and (work.task.epoch, lease) in asked:
                return self.life.leased(work, lease.phase)
            decided = self._decide_lease(work)
            if work.task.lease is not None and isinstance(decided, Leased):
                asked.append((work.task.epoch, replace(work.task.lease)))
            return decided

        leased = await self.store.change(waiting.task_id, decide)
        if isinstance(leased, Task):
            self.consider(leased)
            return False
        launched = await self._open_and_launch(leased)
        if launched and leased.phase is Phase.RUN and leased.task.state is TaskState.CANCELLING:
            # It was cancelled between the tries, when nothing ran that could have been told.
            self.attempts.cancel(leased.task.id, "cancelled")
        return launched

    async def _open_and_launch(self, leased: Leased) -> bool:
        """Launch a leased task with its memos and sealed params; one whose params can't be opened ends its attempt."""
        task = leased.task
        memos = await self.store.memos(task.id) if task.epoch > 1 else {}
        try:
            sealed = self._vault.open(task, await self.store.sealed(task.id)) if task.seal_key else {}
        except CannotOpen as cannot:
            await self._not_begun(leased, cannot.failure)
            return False
        self.launch(replace(leased, sealed=sealed), memos)
        return True

    async def _not_begun(self, leased: Leased, error: Failure) -> None:
        log.warning("%s: %s", leased.task.name, error.message)
        epoch, end = leased.task.epoch, self.life.end_of(leased.phase)
        try:
            self.consider(await self.store.change(leased.task.id, lambda work: end(work, epoch, error)))
        except Fenced:
            return

    def _decide_lease(self, work: UnitOfWork) -> Leased | Task:
        """Lease the task, or conclude what no installed script can do for it; a bare Task means: not leased."""
        phase = self.life.next_phase(work)
        if phase is None:
            return self.life.go_on(work)
        problem = self._scripts.problem(work.task, phase)
        if problem is None:
            if phase is Phase.RUN:
                put_on(work, self._scripts[work.task.spec.script].version)
            return self.life.lease(work, phase, self.worker)
        if phase is Phase.RUN:
            return work.task
        if phase is Phase.SETTLE:
            self.life.doubt(work, problem)
        else:
            rollback.end(work, problem)
        return self.life.go_on(work)

    async def close(self, grace: float) -> None:
        """Lease nothing more, and wait up to `grace` seconds for what runs."""
        self._open, self._closed = False, True
        await self.attempts.close(grace)
        await self._chores.close()


def put_on(work: UnitOfWork, version: str) -> None:
    """Let a task run by another version of its script from now on, and say so in its log."""
    task = work.task
    if task.script_version != version:
        said = f"it was made for {task.spec.script} {task.script_version}, and goes on with {version}"
        work.event(LogLine(LogLevel.INFO, said))
        task.script_version = version
        work.touch()


def _is_queued(task: Task) -> bool:
    return task.state is TaskState.QUEUED and task.lease is None and not task.delete_time
