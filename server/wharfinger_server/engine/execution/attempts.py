"""The attempts that run here: launched, stopped when their time is up, fenced when they do not stop, and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import orjson

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import Phase
from wharfinger.runtime import script_values
from wharfinger.runtime.protocol import Assignment, Environment, Session
from wharfinger.runtime.redaction import Redactor, known, secrets_in
from wharfinger.script.context import Context
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.background import Background
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.retrying_store import RetryingStore
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.lifecycle.recording import timed_out
from wharfinger_server.engine.params.sealed_fields import with_values
from wharfinger_server.engine.scripts.grants import credentials, granted
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.sdk.executor import Executor, Job, Stop
from wharfinger_server.store.commit.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

CLEAN_UP_TIME = 2.0
"""How long, in seconds, scripts may clean up when the server ends and its grace is over."""

STOPPED = Failure(Code.CANCELLED, "CANCELLED", "the attempt did not stop in time after it was cancelled; it is fenced")


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Times in microseconds: until a stopped attempt is fenced, and for settling one task. And the log's most bytes."""

    cancel_grace: int
    find_timeout: int
    log_bytes: int


class Listener(Protocol):
    """Who hears what becomes of attempts, on the server's event loop: the dispatcher."""

    def consider(self, task: Task) -> None:
        """Hear how a task stands at which no attempt runs any more."""
        ...

    def resized(self, executor: Executor) -> None:
        """Hear that an executor may have other slots, or other scripts that it can run."""
        ...

    def slot_freed(self, queue: ExecutorQueue, task_id: int) -> None:
        """Hear that a slot is free that a job of the task had."""
        ...

    def held_up(self, names: set[str], jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Hear that executors are held up by one of their jobs, or, with 0 seconds, that they move again."""
        ...


class Attempts:
    """The running attempts, by task. Implements `sdk.executor.Host`, and owns attempts (`attempt.Owner`).

    Everything here runs on the server's event loop but what attempts and executors tell, which any thread may: that is
    handed to the loop. `news` hears, from any thread, which attempt has something new to write.
    """

    def __init__(
        self,
        store: RetryingStore,
        scripts: Scripts,
        life: Lifecycle,
        environment: Environment,
        limits: AttemptLimits,
        clock: Clock,
        listener: Listener,
        news: Callable[[Attempt], None],
    ) -> None:
        self.store = store
        self.life = life
        self.clock = clock
        self.log_limit = limits.log_bytes
        self.news = news
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self._scripts = scripts
        self._environment = environment
        self._limits = limits
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[int, Attempt] = {}
        self.of: Callable[[int], Attempt | None] = self._running.get
        """Returns the running attempt of a task, None if there is none."""
        # Attempts that are about to run, each with the reasons for which it is to stop.
        self._expected: dict[int, tuple[Attempt, list[str]]] = {}
        self._jobs: dict[int, Attempt] = {}
        # How many jobs of a task run: after one that was fenced has not stopped, there may be several.
        self._working: dict[int, int] = {}
        self._background = Background()
        self._quiet = asyncio.Event()

    def start(self) -> None:
        """Begin to hear what is told, on the running loop."""
        self._loop = asyncio.get_running_loop()

    # ------------------------------------------------------------------ what runs

    def held(self) -> list[tuple[int, int]]:
        """Return the leases that are held here, as (task, epoch)."""
        return [(task_id, attempt.epoch) for task_id, attempt in self._running.items()]

    def works(self, task_id: int) -> bool:
        """Whether anything of a task runs here, though its attempt may have ended: one that was fenced may not stop."""
        return task_id in self._working

    def progress_of(self, task: Task) -> Progress | None:
        """Return the latest progress of a task, None if it has told none."""
        attempt = self._running.get(task.id)
        return (attempt.latest if attempt is not None else None) or task.progress

    def sees_to(self, task: Task) -> bool:
        """Whether an attempt of the task still runs here, so that its end will see to the task as it is now."""
        attempt = self._running.get(task.id)
        if attempt is None:
            return False
        attempt.after = task
        return True

    # ------------------------------------------------------------------ beginning an attempt

    def leased(self, work: UnitOfWork, phase: Phase) -> Attempt:
        """Return the attempt of a task that has just been leased for `phase`, with what it needs of the ledger."""
        entries = tuple(work.ledger()) if work.task.counts.total else ()
        return Attempt(self, work.task, phase, entries, self.life.targets(work, phase))

    @contextmanager
    def expecting(self, attempt: Attempt) -> Iterator[list[str]]:
        """Within the block, keep the reasons for which an attempt that is leased and not yet launched was to stop."""
        task_id, asked = attempt.task.id, list[str]()
        self._expected[task_id] = (attempt, asked)
        try:
            yield asked
        finally:
            if self._expected.get(task_id) == (attempt, asked):  # and not a later one of the task
                del self._expected[task_id]

    def launch(
        self,
        queue: ExecutorQueue,
        attempt: Attempt,
        sealed: Mapping[str, Any],
        memos: Mapping[str, bytes] | None = None,
    ) -> None:
        """Hand an attempt to its executor, whose slot was taken before. `sealed`: values of params by JSON pointer."""
        task, phase = attempt.task, attempt.phase
        script = self._scripts[task.spec.script]
        params = with_values(orjson.loads(task.spec.params), task.spec.sealed, sealed)
        environment = granted(self._environment, task.project)
        redactor = Redactor([*secrets_in(list(sealed.values())), *credentials(environment)], task.name)
        known.keep(redactor)
        attempt.queue, attempt.redactor = queue, redactor
        attempt.results, attempt.resumable = script.results, self._scripts.resumable(task)
        left = self._time_left(task, phase)
        deadline = None if left is None else (self.clock.wall() + left) / SECOND
        assignment = Assignment(
            task=task.name,
            uid=task.uid,
            epoch=task.epoch,
            phase=phase,
            script=task.spec.script,
            attempt=task.runs,
            params=params,
            context=Context(task.project, task.spec.creator, deadline, task.spec.labels, task.spec.traceparent),
            ledger=tuple(script_values.entry_for_script(entry) for entry in attempt.entries),
            memos=memos or {},
            targets=attempt.targets,
            environment=environment,
            redactor=redactor,
            erased=tuple(place for place in task.spec.sealed if place not in sealed),
        )
        attempt.entries = ()  # the script has them now
        attempt.job = job = Job(assignment, script.version, script.info.colour, attempt, Stop())
        self._running[task.id] = attempt
        self._jobs[id(job)] = attempt
        self._working[task.id] = self._working.get(task.id, 0) + 1
        self._quiet.clear()
        if left is not None:
            self._alarm(attempt, left, self._time_up)
        try:
            if queue.executor is None:
                raise RuntimeError(queue.reason)
            queue.executor.submit(job)
        except Exception as error:
            log.exception("executor %s did not take %s", queue.name, task.name)
            self._lost(job, f"the executor did not take it: {error}")
            self._freed(job)

    def _time_left(self, task: Task, phase: Phase) -> int | None:
        """Return how long an attempt that begins now may take, None where nothing limits it."""
        if phase is Phase.SETTLE:
            return self._limits.find_timeout
        ends = task.undo_end if phase is Phase.UNDO else task.deadline
        lengths = [ends - self.clock.steady()] if ends else []
        if phase is Phase.RUN and task.spec.policy.attempt_timeout:
            lengths.append(task.spec.policy.attempt_timeout)
        return min(lengths, default=None)

    # ------------------------------------------------------------------ stopping an attempt

    def _alarm(self, attempt: Attempt, delay: int, act: Callable[..., None], *arguments: Any) -> None:
        if attempt.alarm is not None:
            attempt.alarm.cancel()
        attempt.alarm = self.clock.call_later(delay, act, attempt, *arguments)

    def _time_up(self, attempt: Attempt) -> None:
        task, phase = attempt.task, attempt.phase
        if phase is Phase.SETTLE:
            error = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "looking for what was made took too long")
        elif phase is Phase.UNDO:
            error = timed_out("UNDO_TIMEOUT", "undo_timeout", task.spec.policy.undo_timeout)
        elif 0 < task.deadline <= self.clock.steady():
            error = timed_out("TOTAL_TIMEOUT", "total_timeout", task.spec.policy.total_timeout)
        else:
            error = timed_out("ATTEMPT_TIMEOUT", "attempt_timeout", task.spec.policy.attempt_timeout, retryable=True)
        self._stop(attempt, error.message, error)

    def stop(self, task_id: int, reason: str, epoch: int = 0) -> None:
        """Ask the running attempt of a task, if there is one (of that epoch), to stop; fence it if it does not."""
        attempt = self._running.get(task_id)
        if attempt is None and task_id in self._expected:
            attempt, asked = self._expected[task_id]
            if epoch in (0, attempt.epoch):
                asked.append(reason)
            return
        if attempt is None or (epoch and attempt.epoch != epoch):
            return
        if attempt.job is not None and not attempt.job.stop.requested:
            self._stop(attempt, reason, None)

    def _stop(self, attempt: Attempt, reason: str, error: Failure | None) -> None:
        attempt.expired = error
        _interrupt(attempt, reason)
        self._alarm(attempt, self._limits.cancel_grace, self._not_stopped, error or STOPPED)

    def _not_stopped(self, attempt: Attempt, error: Failure) -> None:
        self._background.do(self._fence(attempt, error))

    async def _fence(self, attempt: Attempt, error: Failure) -> None:
        """End the lease of an attempt that did not stop. Its slot stays taken until the executor frees it."""
        end = self.life.end_of(attempt.phase)
        try:
            task = await self.store.change(attempt.task.id, lambda work: end(work, attempt.epoch, error))
        except Fenced:
            return
        log.warning("%s: the attempt %d did not stop and is fenced; its slot stays taken", task.name, attempt.epoch)
        self._ended(attempt, task)

    # ------------------------------------------------------------------ what attempts and executors tell, on any thread

    def ended(self, attempt: Attempt, task: Task) -> None:
        """See to a task whose attempt ended."""
        self._on_loop(self._ended, attempt, task)

    def revived(self, task: Task) -> None:
        """See to a task at which nothing runs, and for which late evidence came."""
        self._on_loop(self._listener.consider, task)

    def module(self, job: Job) -> ModuleType:
        """Return the module of the job's script. Raises LookupError unless it is installed in the job's version."""
        return self._scripts.module(job.assignment.script, job.version)

    def freed(self, job: Job) -> None:
        """Use the slot of a job of which nothing runs any more."""
        self._on_loop(self._freed, job)

    def resized(self, executor: Executor) -> None:
        """Use the slots that an executor has now."""
        self._on_loop(self._listener.resized, executor)

    async def fenced(self, task: str, uid: str, epoch: int) -> Session | None:
        """Return a session for the evidence of an attempt that has ended, of a task that was deleted too."""
        try:
            number = int(uid.rpartition("-")[2], 16)
        except ValueError:
            return None
        found = await self.store.task_by_id(number) if 0 < number < 1 << 63 else None
        if (
            found is None
            or (found.uid, found.name) != (uid, task)
            or not 0 < epoch <= found.epoch
            or found.holds(epoch)
        ):
            return None
        attempt = Attempt(self, found, Phase.RUN)
        attempt.epoch = epoch
        return attempt

    def lost(self, job: Job, reason: str) -> None:
        """See to a job that will report nothing more."""
        self._on_loop(self._lost, job, reason)

    def blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Tell that an executor has been held up (or, with 0 seconds, that it moves again)."""
        self._on_loop(self._blocked, jobs, seconds, culprit)

    def _on_loop(self, act: Callable[..., None], *what: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act, *what)

    # ------------------------------------------------------------------ the end of an attempt

    def _ended(self, attempt: Attempt, task: Task) -> None:
        if self._running.get(task.id) is attempt:
            del self._running[task.id]
            if attempt.alarm is not None:
                attempt.alarm.cancel()
            if attempt.after is not None and attempt.after.revision > task.revision:
                task = attempt.after
        self._listener.consider(task)

    def _freed(self, job: Job) -> None:
        attempt = self._jobs.pop(id(job), None)
        if attempt is None or attempt.queue is None:
            return
        task_id = attempt.task.id
        attempt.queue.free += 1
        self._working[task_id] -= 1
        if not self._working[task_id]:
            del self._working[task_id]
        known.release(attempt.redactor)
        if self._running.get(task_id) is attempt and not attempt.lost:
            self._background.do(self._lose(attempt, "it ended without a report"))
        self._listener.slot_freed(attempt.queue, task_id)
        if not self._jobs:
            self._quiet.set()

    def _lost(self, job: Job, reason: str) -> None:
        attempt = self._jobs.get(id(job))
        if attempt is not None and self._running.get(attempt.task.id) is attempt:
            attempt.lost = True
            self._background.do(self._lose(attempt, reason))

    def _blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        found = [self._jobs.get(id(job)) for job in jobs]
        names = {attempt.queue.name for attempt in found if attempt is not None and attempt.queue is not None}
        self._listener.held_up(names, jobs, seconds, culprit)

    def _loss(self, attempt: Attempt, reason: str) -> Failure:
        name, losses = attempt.task.executor, attempt.task.losses + 1
        reason = attempt.redactor.text(reason)
        return Failure(
            Code.UNAVAILABLE,
            "EXECUTOR_LOST",
            f"the executor {name} lost the attempt: {reason}",
            metadata={"executor": name, "worker": self.worker, "losses": str(losses)},
        )

    async def _lose(self, attempt: Attempt, reason: str) -> None:
        stopped = attempt.job is not None and attempt.job.stop.requested and attempt.abandoned is None
        error = attempt.expired or STOPPED if stopped else self._loss(attempt, reason)
        resumable = self._scripts.resumable(attempt.task)

        def decide(work: UnitOfWork) -> Task:
            """End it as lost, or as stopped: what was to stop and was killed is no loss, nor tried again as one."""
            if stopped:
                return self.life.end_of(attempt.phase)(work, attempt.epoch, error)
            return self.life.lost(work, attempt.epoch, error, resumable=resumable)

        try:
            task = await self.store.change(attempt.task.id, decide)
        except Fenced:
            found = await self.store.task_by_id(attempt.task.id)
            if found is None:
                return
            task = found
        self._ended(attempt, task)

    async def close(self, grace: float) -> None:
        """Wait up to `grace` seconds for what runs; then leave it behind, for the next server to take up.

        What does not stop even then is lost, as if the server had been killed.
        """
        if not await self._all_ended(grace):
            log.warning(
                "%d attempts still run; they are stopped, and go on when a server starts again", len(self._jobs)
            )
            for attempt in list(self._running.values()):
                self._abandon(attempt)
            await self._all_ended(CLEAN_UP_TIME)
        await self._background.close()

    async def _all_ended(self, seconds: float) -> bool:
        if self._jobs:
            self._quiet.clear()
            try:
                await asyncio.wait_for(self._quiet.wait(), seconds)
            except TimeoutError:
                return False
        return True

    def _abandon(self, attempt: Attempt) -> None:
        if attempt.job is None or attempt.job.stop.requested or attempt.queue is None or attempt.queue.executor is None:
            return
        error = self._loss(attempt, "the server ended")
        attempt.abandoned = (error, self._scripts.resumable(attempt.task))
        _interrupt(attempt, error.message)


def _interrupt(attempt: Attempt, reason: str) -> None:
    """Have the job of an attempt stop, if that is possible."""
    if attempt.job is not None:
        attempt.job.stop.request(reason)
        if attempt.queue is not None and attempt.queue.executor is not None:
            attempt.queue.executor.cancel(attempt.job)
