"""Dispatch: which task runs next and where.

Everything here runs on the server's event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import Phase, TaskState
from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import Settings
from wharfinger_server.domain.event import StateChange
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.execution import waits
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.attempts import AttemptLimits, Attempts
from wharfinger_server.engine.execution.background import Background
from wharfinger_server.engine.execution.concurrency_keys import ConcurrencyKeys
from wharfinger_server.engine.execution.executors import Executors
from wharfinger_server.engine.execution.leasing import Leasing
from wharfinger_server.engine.execution.progress_writer import ProgressWriter
from wharfinger_server.engine.execution.queue import ExecutorQueue, ExecutorStatus
from wharfinger_server.engine.execution.reservation import Reservation
from wharfinger_server.engine.execution.rest_log import log_rest
from wharfinger_server.engine.execution.retrying_store import RetryingStore
from wharfinger_server.engine.execution.suspects import Suspects
from wharfinger_server.engine.execution.unfit import Unfit
from wharfinger_server.engine.execution.window import FIRST, Key, Position, Waiting, Window, key_of, limit_of
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.lifecycle.recording import timed_out
from wharfinger_server.engine.params.sealing import Vault
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.watching.wakeup import Alarms
from wharfinger_server.sdk.executor import Executor, Job
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Gone

log = logging.getLogger(__name__)

RETRY_AFTER = SECOND
"""How long dispatch waits after the store failed it before it looks at the task again."""


class Dispatcher:
    """Leases tasks to executors as slots come free, follows each attempt to its end, and says how things stand."""

    def __init__(
        self,
        store: RetryingStore,
        scripts: Scripts,
        life: Lifecycle,
        executors: Executors,
        vault: Vault,
        alarms: Alarms,
        progress: ProgressWriter,
        settings: Settings,
    ) -> None:
        limits = settings.limits
        self.clock = alarms.clock
        self.executors = executors
        self.keys = ConcurrencyKeys()
        self.suspects = Suspects(executors.suspects_run, limits.suspect_time, self.clock.steady)
        environment = Environment(settings.stores, settings.profiles, settings.packages)
        times = AttemptLimits(limits.cancel_grace, limits.find_timeout, limits.log_bytes)
        self.attempts = Attempts(store, scripts, life, environment, times, self.clock, self, progress.stirred)
        self._leasing = Leasing(self.attempts, scripts, vault, self.consider)
        self._store = store
        self._life = life
        self._scripts = scripts
        self._alarms = alarms
        self._background = Background()
        self._beginning: set[int] = set()
        self._again: set[int] = set()
        self._unfit = Unfit()
        self._open = self._closed = False

    # ------------------------------------------------------------------ its life

    async def start(self) -> None:
        """Start the executors. Nothing is leased before `open`."""
        self.attempts.start()
        await self.executors.start(self.attempts)

    def open(self) -> None:
        """Begin to lease tasks."""
        self._open = True
        self._pump_all()
        self.suspects.report()

    async def stop_executors(self) -> None:
        """Stop the executors; nothing of what runs is waited for."""
        await self.executors.stop()

    async def close(self, grace: float) -> None:
        """Lease nothing more, and wait up to `grace` seconds for what runs."""
        self._open, self._closed = False, True
        await self.attempts.close(grace)
        await self._background.close()

    # ------------------------------------------------------------------ how things stand

    @property
    def is_open(self) -> bool:
        """Whether tasks are leased."""
        return self._open

    def progress_of(self, task: Task) -> Progress | None:
        """Return the latest progress of a task, None if it has told none."""
        return self.attempts.progress_of(task)

    def executor_status(self, name: str) -> ExecutorStatus:
        """Return how an executor is doing."""
        queue = self.executors.get(name)
        if queue is None:
            return ExecutorStatus(0, 0, 0, "it was not started")
        reason = queue.reason or (self.suspects.why_told() if self.suspects.hold(queue) else "")
        return ExecutorStatus(queue.slots, queue.running, len(queue), reason)

    async def why_waiting(self, task: Task) -> str:
        """Return what a task waits for, "" if it does not wait."""
        if task.state is not TaskState.QUEUED:
            return waits.until(task, self.clock)
        queue = self.executors.get(task.executor)
        why = waits.before_its_turn(task, self.clock, self._scripts, queue)
        if why or queue is None:
            return why
        if self.suspects.hold(queue) or task.id in self.suspects.left:
            return self.suspects.why_told(task.project)
        holder = self.keys.in_the_way(key_of(task), limit_of(task), task.id)
        lingers = self.keys.lingers(holder)
        if holder:
            other = task if holder == task.id else await self._store.once.task_by_id(holder)
            return waits.for_key(task, other, lingers=lingers and self.keys.lingers(holder))
        return waits.for_slot(task, queue.slots, await self._store.once.queue_place(task))

    def shares_process(self, executor: str) -> bool:
        """Whether what an executor runs can end the server's process: all that is here, if it does not deny it."""
        queue = self.executors.get(executor)
        return queue is not None and queue.shares_process

    def runs(self, task_id: int) -> bool:
        """Whether an attempt of a task runs here."""
        return self.attempts.of(task_id) is not None

    def held(self) -> list[tuple[int, int]]:
        """Return the leases that are held here, as (task, epoch)."""
        return self.attempts.held()

    # ------------------------------------------------------------------ a task that may go on

    def reserve(self, task: Task) -> Reservation:
        """Return the place of a new task that is about to be written; one that could begin at once is leased."""
        queue = self.executors.get(task.executor)
        if (
            self._open
            and queue is not None
            and queue.idle
            and not self.suspects.hold(queue)
            and not waits.wait_of(task, self.clock)
            and not waits.unfit(task, self._scripts, queue)
            and self.keys.claim(key_of(task), limit_of(task), task.id)
        ):
            queue.free -= 1
            return Reservation(self, task, queue, self._life.begin_at_once(task, self.attempts.worker))
        return Reservation(self, task, None, ((StateChange(TaskState.QUEUED, task.spec.creator, ""), 0),))

    def stop(self, task_id: int, reason: str, epoch: int = 0) -> None:
        """Ask the running attempt of a task, if there is one (of that epoch), to stop; fence it if it does not."""
        self.attempts.stop(task_id, reason, epoch)

    def take_up(self, task: Task) -> None:
        """See to a task of the server before this one; one that was in a crash and not cleared since is a suspect."""
        if task.crashes and not task.state.resting and self.shares_process(task.executor):
            self.suspects.add(task)
        self.consider(task)

    def consider(self, task: Task) -> None:
        """See to a task without a running attempt: wait, settle or run it; forget one at rest."""
        if task.lease is not None or self.attempts.sees_to(task):
            return
        if task.id in self.suspects.left and (task.state.resting or not task.crashes):
            self._clear(task.id)
        if task.state.resting or task.state is TaskState.QUEUED:
            self._give_back(key_of(task), task.id)
        if task.delete_time:
            return
        if task.state.resting:
            log_rest(task)
            return
        if task.deadline and task.state is TaskState.QUEUED:
            self._alarms.at(task.deadline, self._look_again, task.id)
        if wait := waits.wait_of(task, self.clock):
            self._alarms.at(wait.until, self._look_again, task.id, by_wall=wait.by_wall)
            if task.id in self.suspects.left:
                self.suspects.wait(task.id, wait.left(self.clock))
                self._pump_all()
        elif task.state is not TaskState.QUEUED or task.must_settle:
            self._enqueue(task, Phase.SETTLE)
        else:
            self._enqueue_to_run(task)

    def _enqueue_to_run(self, task: Task) -> None:
        """Let a task wait for its turn, if its script can run; otherwise for its script, or for a person."""
        if self._scripts.problem(task, Phase.RUN) is None:
            self._enqueue(task, Phase.RUN)
        elif task.id in self.suspects.left:
            self.suspects.set_aside(task.id)
            self._pump_all()

    def _enqueue(self, task: Task, phase: Phase) -> None:
        """Let a task wait for its turn, which may be now."""
        queue = self.executors.get(task.executor)
        if queue is None:
            queue = self.executors[task.executor]
        waiting = Waiting.of(task, phase)
        if waits.unfit(task, self._scripts, queue):
            self._unfit.add(queue.name, task.id if phase is not Phase.RUN or task.state is not TaskState.QUEUED else 0)
            return
        if task.id in self.suspects.left:
            self._suspect_waits(queue, waiting)
        else:
            queue.push(waiting)
            self._pump(queue)

    def go_on(self, task: Task, why: str = "") -> None:
        """Let a task go on that a person changed: a running attempt hears `why` it has to stop, if it has to."""
        if task.state is TaskState.CANCELLING or (task.rollback is not None and task.rollback.stop):
            self.attempts.stop(task.id, why or "cancelled")
        self.consider(task)

    def find_out(self, task: Task, queue: ExecutorQueue | None = None) -> None:
        """See to a task of which nobody heard whether it was written, or changed; with `queue`: it has a slot there."""
        self._background.do(self._find_out(task, queue))

    async def _find_out(self, task: Task, queue: ExecutorQueue | None) -> None:
        try:
            # A change comes after what was queued before it, and after what an earlier COMMIT came to.
            found = await self._store.change(task.id, lambda work: work.task)
        except Gone:
            if queue is not None:
                self.release(queue, task)
            return
        if queue is None:
            self.go_on(found)
        elif not await self._leasing.launch(queue, Attempt(self.attempts, found, Phase.RUN)):
            self.release(queue, found)

    # ------------------------------------------------------------------ the places of new tasks

    def launch_new(self, queue: ExecutorQueue, task: Task, sealed: Mapping[str, Any]) -> None:
        """Launch the first attempt of a task that was leased as it was created."""
        self.attempts.launch(queue, Attempt(self.attempts, task, Phase.RUN), sealed)

    def release(self, queue: ExecutorQueue, task: Task) -> None:
        """Take the slot and the key back of a task that gets no attempt after all."""
        queue.free += 1
        self._give_back(key_of(task), task.id)
        self._pump(queue)

    # ------------------------------------------------------------------ concurrency keys

    def _give_back(self, key: Key | None, task_id: int) -> None:
        """Free a task's key: at once, or when what still runs of the task is gone."""
        if self.attempts.works(task_id):
            self.keys.linger(key, task_id)
        elif self.keys.release(key, task_id):
            self._offer(key)

    def slot_freed(self, queue: ExecutorQueue, task_id: int) -> None:
        """Use a free slot, and the key of a task of which nothing runs any more."""
        if not self.attempts.works(task_id):
            self._offer(self.keys.gone(task_id))
        self._pump_suspects()
        self._pump(queue)

    def resized(self, executor: Executor) -> None:
        """Hear that an executor may have other slots, or can run what it could not: what waits for that is seen to."""
        for queue in self.executors.queues():
            if queue.executor is executor:
                queue.resize()
                left, others = self._unfit.take(queue.name)
                for task_id in left:
                    self._look_again(task_id)
                if others:
                    self._background.do(self._read_unfit(queue))
                self._pump(queue)

    async def _read_unfit(self, queue: ExecutorQueue) -> None:
        """See to the queued tasks that an executor could not run, as far as memory holds what waits for it."""
        after: Position | None = FIRST
        while after is not None and len(queue) < queue.ready.limit:
            page = await self._store.queued(queue.name, queue.ready.page, after)
            for task in page:
                self.consider(task)
            full = len(page) == queue.ready.page
            after = (-page[-1].spec.policy.priority, page[-1].id) if full else None
        if after is not None:
            self._unfit.add(queue.name, 0)

    def _offer(self, key: Key | None) -> None:
        """Let the next of those that wait for a key, if it is free, go on."""
        for queue, window in self.keys.offer(key):
            if window.wants_more:
                self._refill(queue, window, key)
            self._pump(queue)

    def held_up(self, names: set[str], jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Hear that executors are held up by one of their jobs, or, with 0 seconds, that they move again."""
        self.executors.held_up(names, jobs, seconds, culprit)

    # ------------------------------------------------------------------ suspects

    def blame(self, culprit: str) -> None:
        """Name to people the one task that can have ended the server before this one."""
        self.suspects.culprit = culprit

    def _suspect_waits(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        if waiting.task_id in self._beginning:
            self._again.add(waiting.task_id)
        else:
            self.suspects.push(queue, waiting)
            self._pump_suspects()

    def _pump_suspects(self) -> None:
        """Begin the next suspect, if none runs."""
        while self._open and (chosen := self.suspects.next()) is not None:
            queue, waiting = chosen
            if waiting.phase is Phase.RUN and not self.keys.claim(waiting.key, waiting.limit, waiting.task_id):
                self.suspects.set_aside(waiting.task_id)
                self.keys.park(queue, waiting)
            else:
                self._start(queue, waiting)

    def _pump_all(self) -> None:
        self._pump_suspects()
        for queue in self.executors.queues():
            self._pump(queue)

    def _clear(self, task_id: int) -> None:
        """Suspect a task no more, and let the next one run, or all others."""
        if self.suspects.clear(task_id):
            self._pump_all()
            self.suspects.report()

    def _watch_suspect(self, task_id: int) -> None:
        running = self.attempts.of(task_id)
        if running is not None and task_id in self.suspects.left:
            epoch = running.epoch
            self.clock.call_later(self.suspects.enough, self._has_served, task_id, epoch)

    def _has_served(self, task_id: int, epoch: int) -> None:
        """Clear a suspect whose attempt still runs; but looking for what a queued task left says nothing of its run."""
        running = self.attempts.of(task_id)
        if running is None or running.epoch != epoch or task_id not in self.suspects.left:
            return
        if running.phase is Phase.RUN or running.task.state is not TaskState.QUEUED:
            self._background.do(self._write_cleared(task_id, epoch))

    async def _write_cleared(self, task_id: int, epoch: int) -> None:
        def decide(work: UnitOfWork) -> None:
            if work.task.holds(epoch):
                work.task.crashes = 0

        try:
            await self._store.change(task_id, decide)
        finally:
            self._clear(task_id)

    # ------------------------------------------------------------------ what waits

    def _look_again(self, task_id: int) -> None:
        if self._closed:
            return
        self._background.do(self._reconsider(task_id))

    async def _reconsider(self, task_id: int) -> None:
        task = await self._store.task_by_id(task_id)
        if task is None or self.runs(task.id):
            return
        over = 0 < task.deadline <= self.clock.steady()
        if task.state is TaskState.QUEUED and task.lease is None and over:
            error = timed_out("TOTAL_TIMEOUT", "total_timeout", task.spec.policy.total_timeout, " before it could run")
            try:
                task = await self._store.change(
                    task_id, lambda work: self._life.give_up(work, error) if _is_queued(work.task) else work.task
                )
            except Gone:
                return
        self.consider(task)

    def _pump(self, queue: ExecutorQueue) -> None:
        while (
            self._open
            and queue.executor is not None
            and queue.free > 0
            and len(queue)
            and not self.suspects.hold(queue)
        ):
            waiting = queue.pop()
            if waiting.task_id in self.suspects.left:
                self._suspect_waits(queue, waiting)
            elif waiting.task_id in self._beginning or self.attempts.of(waiting.task_id) is not None:
                # It was seen to twice. How it stands once that is over is looked at then.
                if waiting.task_id in self._beginning:
                    self._again.add(waiting.task_id)
                self._offer(waiting.key)
            elif waiting.phase is Phase.RUN and not self.keys.claim(waiting.key, waiting.limit, waiting.task_id):
                self.keys.park(queue, waiting)
            else:
                self._start(queue, waiting)
        if self._open and queue.executor is not None and queue.ready.wants_more:
            self._refill(queue, queue.ready)

    def _refill(self, queue: ExecutorQueue, window: Window, key: Key | None = None) -> None:
        """Read what follows in a queue: a page of it or, for those that wait for `key`, until some of them are found.

        What was read is not read again, whatever becomes of it.
        """
        self._background.do(self._read_on(queue, window, window.begin_reading(), key))

    async def _read_on(self, queue: ExecutorQueue, window: Window, after: Position | None, key: Key | None) -> None:
        found: list[Task] = []
        while after is not None and not found:
            page = await self._store.queued(queue.name, window.page, after)
            after = (-page[-1].spec.policy.priority, page[-1].id) if len(page) == window.page else None
            found = [task for task in page if key is None or key_of(task) == key]
        if window.read(after):
            for task in found:
                self.consider(task)
        if key is not None:
            self._offer(key)
        self._pump(queue)

    # ------------------------------------------------------------------ beginning an attempt

    def _start(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        queue.free -= 1
        self._beginning.add(waiting.task_id)
        self._background.do(self._begin(queue, waiting))

    async def _begin(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        launched = False
        try:
            launched = await self._leasing.lease(queue, waiting.task_id)
        except Gone:
            log.debug("task %x was purged before it could be leased", waiting.task_id)
            self._clear(waiting.task_id)
        except Exception:
            log.exception("task %x could not be leased; it is looked at again", waiting.task_id)
            self._alarms.at(self.clock.steady() + RETRY_AFTER, self._look_again, waiting.task_id)
        finally:
            self._begun(queue, waiting, launched=launched)

    def _begun(self, queue: ExecutorQueue, waiting: Waiting, *, launched: bool) -> None:
        self._beginning.discard(waiting.task_id)
        again = waiting.task_id in self._again
        self._again.discard(waiting.task_id)
        if launched:  # its end is heard of
            self._watch_suspect(waiting.task_id)
            return
        queue.free += 1
        if self.suspects.alone == waiting.task_id:
            self.suspects.alone = 0
        if waiting.phase is Phase.RUN:
            self._give_back(waiting.key, waiting.task_id)
        if again and self._open:
            self._look_again(waiting.task_id)
        self._pump_suspects()
        self._pump(queue)


def _is_queued(task: Task) -> bool:
    return task.state is TaskState.QUEUED and task.lease is None and not task.delete_time
