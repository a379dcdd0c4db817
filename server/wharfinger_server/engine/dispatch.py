"""Dispatch: which task runs next and where, how long it may, and what follows when it ends.

Everything here runs on the server's event loop; what other threads tell comes in through `Desk`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from wharfinger.runtime.protocol import Assignment, Context, Environment
from wharfinger.runtime.protocol import Phase as RuntimePhase
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.failure import Code, Failure
from wharfinger_server.domain.states import Phase, TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.engine import rollback, wording
from wharfinger_server.engine.attempt import Attempt
from wharfinger_server.engine.lanes import READY_LIMIT, ConcurrencyKeys, Lane, Waiting
from wharfinger_server.engine.life import Leased, Life
from wharfinger_server.engine.noting import total_deadline
from wharfinger_server.engine.scripts import Scripts
from wharfinger_server.engine.session import AttemptSession
from wharfinger_server.engine.timers import Timers
from wharfinger_server.sdk.executor import Job, Stop
from wharfinger_server.store.store import Store
from wharfinger_server.store.work import Work

log = logging.getLogger(__name__)

SECOND = 1_000_000
RETRY_AFTER = SECOND
"""How long dispatch waits after the store failed it before it looks at the task again."""

STOPPED = Failure(Code.CANCELLED, "CANCELLED", "the attempt did not stop in time after it was cancelled; it is fenced")


@dataclass(slots=True)
class Running:
    """An attempt that runs, with its job, and the alarms set for it."""

    lane: Lane
    job: Job
    attempt: Attempt
    alarm: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The times dispatch keeps, in microseconds: until a stopped attempt is fenced, and for settling one task."""

    cancel_grace: int
    find_timeout: int
    log_bytes: int


class Dispatcher:
    """Leases tasks to executors as slots come free, and follows each attempt to its end."""

    def __init__(
        self,
        store: Store,
        scripts: Scripts,
        life: Life,
        lanes: Mapping[str, Lane],
        environment: Environment,
        limits: Limits,
    ) -> None:
        self.store = store
        self.life = life
        self.lanes = dict(lanes)
        self.keys = ConcurrencyKeys()
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.running: dict[int, Running] = {}
        self.stirred: Callable[[Attempt], None] = _not_stirred
        self.desk: Any = None
        self._scripts = scripts
        self._environment = environment
        self._limits = limits
        self._jobs: dict[int, Running] = {}
        self._timers = Timers(self._look_again)
        self._chores: set[asyncio.Task[None]] = set()
        self._open = False
        self._quiet = asyncio.Event()

    # ------------------------------------------------------------------ a task that may go on

    def open(self) -> None:
        """Begin to lease tasks."""
        self._open = True
        for lane in self.lanes.values():
            self._pump(lane)

    @property
    def is_open(self) -> bool:
        """Whether tasks are leased."""
        return self._open

    def lane_of(self, job: Job) -> str:
        """Return the name of the executor that runs `job`, "" once it is freed."""
        running = self._jobs.get(id(job))
        return running.lane.name if running else ""

    def consider(self, task: Task) -> None:
        """See to a task without a running attempt: wait, settle or run it; forget one at rest."""
        key = self._key(task)
        if task.lease is not None or task.id in self.running:
            return
        if task.state.resting or task.state is TaskState.QUEUED:
            for lane in self.keys.release(key, task.id):
                self._pump(lane)
        if task.state.resting or task.delete_time:
            return
        deadline = total_deadline(task)
        if task.wake_time > wording.now():
            self._timers.add(task.wake_time, task.id)
            if deadline and task.state is TaskState.QUEUED:
                self._timers.add(deadline, task.id)
            return
        if task.executor not in self.lanes:
            self.lanes[task.executor] = Lane(task.executor, None, "it is not installed or not configured here")
        lane = self.lanes[task.executor]
        if deadline and task.state is TaskState.QUEUED:
            self._timers.add(deadline, task.id)
        settled = task.state is TaskState.QUEUED and not task.must_settle
        lane.push(Waiting.of(task, Phase.RUN if settled else Phase.SETTLE))
        self._pump(lane)

    def reserve(self, task: Task) -> bool:
        """Take a slot for a new task that could begin at once, before it is written; False if it must queue."""
        lane = self.lanes.get(task.executor)
        if not self._open or lane is None or lane.executor is None or not lane.free or len(lane) or lane.overflow:
            return False
        if task.wake_time or not self.keys.take(self._key(task), task.id):
            return False
        lane.free -= 1
        return True

    def unreserve(self, task: Task) -> None:
        """Give back what `reserve` took, for a task that was not written after all."""
        lane = self.lanes[task.executor]
        lane.free += 1
        for other in self.keys.release(self._key(task), task.id):
            self._pump(other)
        self._pump(lane)

    @staticmethod
    def _key(task: Task) -> tuple[str, str] | None:
        return (task.project, task.policy.concurrency_key) if task.policy.concurrency_key else None

    def _look_again(self, task_id: int) -> None:
        self._do(self._reconsider(task_id))

    async def _reconsider(self, task_id: int) -> None:
        task = await self.store.task_by_id(task_id)
        if task is None or task.id in self.running:
            return
        deadline = total_deadline(task)
        if task.state is TaskState.QUEUED and task.lease is None and deadline and deadline <= wording.now():
            error = _timeout("TOTAL_TIMEOUT", "total_timeout", task.policy.total_timeout, " before it could run")
            task = await self.store.change(
                task_id, lambda work: self.life.give_up(work, error) if _is_queued(work.task) else work.task
            )
        self.consider(task)

    def _pump(self, lane: Lane) -> None:
        while self._open and lane.executor is not None and lane.free and len(lane):
            waiting = lane.pop()
            if waiting.phase is Phase.RUN and not self.keys.take(waiting.key, waiting.task_id):
                self.keys.park(lane, waiting)
                continue
            lane.free -= 1
            self._do(self._begin(lane, waiting))
        if self._open and lane.overflow and not len(lane):
            lane.overflow = False
            self._do(self._refill(lane))

    async def _refill(self, lane: Lane) -> None:
        tasks = await self.store.queued(lane.name, READY_LIMIT)
        lane.overflow = len(tasks) == READY_LIMIT
        for task in tasks:
            self.consider(task)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        chore = asyncio.get_running_loop().create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chore_done)

    def _chore_done(self, chore: asyncio.Task[None]) -> None:
        self._chores.discard(chore)
        if not chore.cancelled() and chore.exception() is not None:
            log.error("dispatch failed", exc_info=chore.exception())

    # ------------------------------------------------------------------ beginning an attempt

    async def _begin(self, lane: Lane, waiting: Waiting) -> None:
        launched = False
        try:
            launched = await self._lease_and_launch(lane, waiting)
        except Exception:
            log.exception("task %x could not be leased; it is looked at again", waiting.task_id)
            self._timers.add(wording.now() + RETRY_AFTER, waiting.task_id)
        finally:
            if not launched:
                lane.free += 1
                for other in self.keys.release(waiting.key, waiting.task_id):
                    self._pump(other)
                self._pump(lane)

    async def _lease_and_launch(self, lane: Lane, waiting: Waiting) -> bool:
        leased = await self.store.change(waiting.task_id, self._decide_lease)
        if isinstance(leased, Task):
            self.consider(leased)
            return False
        memos = await self.store.memos(leased.task.id) if leased.task.epoch > 1 else {}
        self.launch(leased, memos)
        return True

    def _decide_lease(self, work: Work) -> Leased | Task:
        """Lease the task, or conclude what no installed script can do for it; a bare Task means: not leased."""
        phase = self.life.next_phase(work)
        if phase is None:
            return self.life.go_on(work)
        problem = self.script_problem(work.task, phase)
        if problem is None:
            return self.life.lease(work, phase, self.worker)
        if phase is Phase.RUN:
            return self.life.give_up(work, problem)
        if phase is Phase.SETTLE:
            self.life.doubt(work, problem)
        else:
            rollback.end(work, problem)
        return self.life.go_on(work)

    def script_problem(self, task: Task, phase: Phase) -> Failure | None:
        """Return why the task's script cannot be run here for `phase`, or None."""
        script = self._scripts.get(task.script)
        if script is None:
            why = self._scripts.why_not(task.script) or "its package is not installed any more"
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"{task.script} cannot run: {why}",
                metadata={"script": task.script, "version": task.script_version},
            )
        if phase is Phase.RUN and script.version != task.script_version:
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"the task was created for {task.script} {task.script_version}, but {script.version} is installed",
                metadata={"script": task.script, "version": task.script_version, "installed": script.version},
            )
        if phase is Phase.UNDO and not script.undoes(task.script_version):
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"{task.script} {script.version} cannot undo what {task.script_version} made",
                metadata={"script": task.script, "version": task.script_version, "installed": script.version},
            )
        return None

    def launch(self, leased: Leased, memos: Mapping[str, bytes] | None = None) -> None:
        """Hand a leased task to its executor. The slot was taken before."""
        task, phase = leased.task, leased.phase
        lane = self.lanes[task.executor]
        script = self._scripts[task.script]
        attempt = Attempt(task, phase, self._limits.log_bytes, self.stirred, script.results)
        deadline = self._deadline(task, phase)
        assignment = Assignment(
            task=task.name,
            uid=task.uid,
            epoch=task.epoch,
            phase=RuntimePhase(phase),
            script=task.script,
            attempt=task.runs,
            params=orjson.loads(task.params),
            context=Context(
                task.project, task.creator, deadline / SECOND if deadline else None, task.labels, task.traceparent
            ),
            ledger=tuple(wording.entry_for_script(entry) for entry in leased.entries),
            memos=memos or {},
            targets=leased.targets,
            environment=self._environment,
        )
        session = AttemptSession(self.desk, attempt)
        job = Job(assignment, script.module, script.info.colour, session, Stop())
        running = Running(lane, job, attempt)
        self.running[task.id] = running
        self._jobs[id(job)] = running
        self._quiet.clear()
        if deadline:
            self._alarm(running, deadline - wording.now(), lambda: self._time_up(running))
        try:
            if lane.executor is None:
                raise RuntimeError(lane.reason)
            lane.executor.submit(job)
        except Exception as error:
            log.exception("executor %s did not take %s", lane.name, task.name)
            self.job_lost(job, f"the executor did not take it: {error}")
            self.job_freed(job)

    def _deadline(self, task: Task, phase: Phase) -> int:
        if phase is Phase.SETTLE:
            return wording.now() + self._limits.find_timeout
        if phase is Phase.UNDO:
            return task.undo_end
        ends = [total_deadline(task)] if task.policy.total_timeout else []
        if task.policy.attempt_timeout:
            ends.append(wording.now() + task.policy.attempt_timeout)
        return min(ends, default=0)

    # ------------------------------------------------------------------ stopping an attempt

    def _alarm(self, running: Running, delay: int, act: Any) -> None:
        if running.alarm is not None:
            running.alarm.cancel()
        running.alarm = asyncio.get_running_loop().call_later(max(0, delay) / SECOND, act)

    def _time_up(self, running: Running) -> None:
        task, phase = running.attempt.task, running.attempt.phase
        total = total_deadline(task)
        if phase is Phase.SETTLE:
            error = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "looking for what was made took too long")
        elif phase is Phase.UNDO:
            error = Failure(Code.DEADLINE_EXCEEDED, "UNDO_TIMEOUT", "the policy's undo_timeout ended")
        elif total and total <= wording.now():
            error = _timeout("TOTAL_TIMEOUT", "total_timeout", task.policy.total_timeout)
        else:
            error = _timeout("ATTEMPT_TIMEOUT", "attempt_timeout", task.policy.attempt_timeout, retryable=True)
        self._stop(running, error.message, error)

    def cancel(self, task_id: int, reason: str) -> None:
        """Ask the running attempt of a task, if there is one, to stop; fence it if it does not."""
        running = self.running.get(task_id)
        if running is not None and not running.job.stop.requested:
            self._stop(running, reason or "cancelled", None)

    def _stop(self, running: Running, reason: str, error: Failure | None) -> None:
        running.attempt.expired = error
        running.job.stop.request(reason)
        if running.lane.executor is not None:
            running.lane.executor.cancel(running.job)
        self._alarm(running, self._limits.cancel_grace, lambda: self._do(self._fence(running, error or STOPPED)))

    async def _fence(self, running: Running, error: Failure) -> None:
        """End the lease of an attempt that did not stop. Its slot stays taken until the executor frees it."""
        attempt = running.attempt
        ends = {Phase.RUN: self.life.failure, Phase.SETTLE: self.life.settled_once, Phase.UNDO: self.life.undone_once}
        end = ends[attempt.phase]
        try:
            task = await self.store.change(attempt.task.id, lambda work: end(work, attempt.epoch, error))
        except Fenced:
            return
        log.warning("%s: the attempt %d did not stop and is fenced; its slot stays taken", task.name, attempt.epoch)
        self.attempt_ended(attempt, task)

    # ------------------------------------------------------------------ the end of an attempt

    def attempt_ended(self, attempt: Attempt, task: Task) -> None:
        """See to a task whose attempt ended."""
        running = self.running.get(task.id)
        if running is not None and running.attempt is attempt:
            del self.running[task.id]
            if running.alarm is not None:
                running.alarm.cancel()
        self.consider(task)

    def job_freed(self, job: Job) -> None:
        """Use the slot of a job of which nothing runs any more."""
        running = self._jobs.pop(id(job), None)
        if running is None:
            return
        running.lane.free += 1
        if self.running.get(running.attempt.task.id) is running:
            self.job_lost(job, "it ended without a report")
        self._pump(running.lane)
        if not self._jobs:
            self._quiet.set()

    def job_lost(self, job: Job, reason: str) -> None:
        """See to a job that will report nothing more."""
        running = self._jobs.get(id(job))
        if running is not None and self.running.get(running.attempt.task.id) is running:
            self._do(self._lose(running, reason))

    async def _lose(self, running: Running, reason: str) -> None:
        attempt = running.attempt
        error = Failure(
            Code.UNAVAILABLE,
            "EXECUTOR_LOST",
            f"the executor {running.lane.name} lost the attempt: {reason}",
            metadata={"executor": running.lane.name, "worker": self.worker, "losses": str(attempt.task.losses + 1)},
        )
        resumable = self.resumable(attempt.task)
        try:
            task = await self.store.change(
                attempt.task.id, lambda work: self.life.lost(work, attempt.epoch, error, resumable=resumable)
            )
        except Fenced:
            found = await self.store.task_by_id(attempt.task.id)
            if found is None:
                return
            task = found
        self.attempt_ended(attempt, task)

    def resumable(self, task: Task) -> bool:
        """Whether the task's script says that it may run again after a lost attempt."""
        script = self._scripts.get(task.script)
        return script is not None and script.info.resumable

    def undoes(self, task: Task) -> bool:
        """Whether the installed script can undo what the task made."""
        return self.script_problem(task, Phase.UNDO) is None

    async def close(self, grace: float) -> None:
        """Lease nothing more and wait up to `grace` seconds for what runs; then give up the rest.

        What still runs is found unfinished, and lost, when a server starts on this database again.
        """
        self._open = False
        self._timers.stop()
        if self._jobs:
            self._quiet.clear()
            try:
                await asyncio.wait_for(self._quiet.wait(), grace)
            except TimeoutError:
                log.warning(
                    "%d attempts still run; they are lost and will be recovered at the next start", len(self._jobs)
                )
        for chore in list(self._chores):
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)


def _timeout(reason: str, field: str, limit: int, when: str = "", *, retryable: bool = False) -> Failure:
    """Return the failure of what took longer than the policy's `field`, of `limit` microseconds."""
    seconds = f"{limit / SECOND:g}s"
    said = f"the policy's {field} of {seconds} ended{when}"
    return Failure(Code.DEADLINE_EXCEEDED, reason, said, retryable, metadata={"timeout": seconds})


def _is_queued(task: Task) -> bool:
    return task.state is TaskState.QUEUED and task.lease is None and not task.delete_time


def _not_stirred(_: Attempt) -> None:
    """Hear of news before anybody writes them."""
