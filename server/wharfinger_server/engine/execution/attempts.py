"""The attempts that run here: begun, stopped when their time is up, fenced when they do not stop, seen to their end.

Everything here runs on the server's event loop; what other threads tell comes in through the desk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import Phase
from wharfinger.runtime.protocol import Assignment, Environment
from wharfinger.runtime.protocol import Phase as RuntimePhase
from wharfinger.runtime.redaction import Redactor, known, secrets_in
from wharfinger.script.context import Context
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Alarm, Clock
from wharfinger_server.engine.execution import script_values
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.background import Chores
from wharfinger_server.engine.execution.queue import Lane
from wharfinger_server.engine.execution.retrying_store import PatientStore
from wharfinger_server.engine.execution.session import AttemptSession
from wharfinger_server.engine.lifecycle.lifecycle import Leased, Life
from wharfinger_server.engine.lifecycle.recording import timed_out
from wharfinger_server.engine.params.sealed_fields import with_values
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.scripts.profile_grants import credentials, granted
from wharfinger_server.sdk.executor import Job, Stop

log = logging.getLogger(__name__)

GIVE_UP_TIME = 2.0
"""How long, in seconds, scripts may clean up when the server ends and its grace is over."""

STOPPED = Failure(Code.CANCELLED, "CANCELLED", "the attempt did not stop in time after it was cancelled; it is fenced")


@dataclass(slots=True)
class Running:
    """An attempt that runs, with its job, and the alarm set for it. `lost`: the executor gave it up.

    `after`: how the task stands by what was decided since the attempt ended in the ledger, though not yet here.
    """

    lane: Lane
    job: Job
    attempt: Attempt
    alarm: Alarm | None = None
    lost: bool = False
    after: Task | None = None


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Times in microseconds: until a stopped attempt is fenced, and for settling one task. And the log's most bytes."""

    cancel_grace: int
    find_timeout: int
    log_bytes: int


class Attempts:
    """The running attempts, by task.

    `on_ended` hears how a task stands after its attempt, `on_free` of a free slot and which task had it.
    """

    def __init__(
        self,
        store: PatientStore,
        scripts: Scripts,
        life: Life,
        environment: Environment,
        limits: AttemptLimits,
        worker: str,
        clock: Clock,
    ) -> None:
        self.running: dict[int, Running] = {}
        self.stirred: Callable[[Attempt], None] = _not_stirred
        self.desk: Any = None
        self._store = store
        self._scripts = scripts
        self._life = life
        self._environment = environment
        self._limits = limits
        self.worker = worker
        self._clock = clock
        self._on_ended: Callable[[Task], None] = _nobody
        self._on_free: Callable[[Lane, int], None] = _nobody
        self._jobs: dict[int, Running] = {}
        # How many jobs of a task run: after one that was fenced has not stopped, there may be several.
        self._working: dict[int, int] = {}
        self._chores = Chores()
        self._quiet = asyncio.Event()

    def tell(self, on_ended: Callable[[Task], None], on_free: Callable[[Lane, int], None]) -> None:
        """Say who hears of ended attempts and free slots."""
        self._on_ended, self._on_free = on_ended, on_free

    def works(self, task_id: int) -> bool:
        """Whether anything of a task runs here, though its attempt may have ended: one that was fenced may not stop."""
        return task_id in self._working

    def lane_of(self, job: Job) -> str:
        """Return the name of the executor that runs `job`, "" once it is freed."""
        running = self._jobs.get(id(job))
        return running.lane.name if running else ""

    def launch(self, lane: Lane, leased: Leased, memos: Mapping[str, bytes] | None = None) -> None:
        """Hand a leased task to its executor. The slot was taken before."""
        task, phase = leased.task, leased.phase
        script = self._scripts[task.spec.script]
        params = with_values(orjson.loads(task.spec.params), task.spec.sealed, leased.sealed)
        environment = granted(self._environment, task.project)
        redactor = Redactor([*secrets_in(list(leased.sealed.values())), *credentials(environment)], task.name)
        known.keep(redactor)
        resumable = self._scripts.resumable(task)
        attempt = Attempt(
            task, phase, self._limits.log_bytes, self.stirred, script.results, redactor, resumable=resumable
        )
        left = self._time_left(task, phase)
        assignment = Assignment(
            task=task.name,
            uid=task.uid,
            epoch=task.epoch,
            phase=RuntimePhase(phase),
            script=task.spec.script,
            attempt=task.runs,
            params=params,
            context=Context(
                task.project,
                task.spec.creator,
                None if left is None else (self._clock.wall() + left) / SECOND,
                task.spec.labels,
                task.spec.traceparent,
            ),
            ledger=tuple(script_values.entry_for_script(entry) for entry in leased.entries),
            memos=memos or {},
            targets=leased.targets,
            environment=environment,
            redactor=redactor,
            erased=tuple(place for place in task.spec.sealed if place not in leased.sealed),
        )
        session = AttemptSession(self.desk, attempt)
        job = Job(assignment, script.version, script.info.colour, session, Stop())
        running = Running(lane, job, attempt)
        self.running[task.id] = running
        self._jobs[id(job)] = running
        self._working[task.id] = self._working.get(task.id, 0) + 1
        self._quiet.clear()
        if left is not None:
            self._alarm(running, left, lambda: self._time_up(running))
        try:
            if lane.executor is None:
                raise RuntimeError(lane.reason)
            lane.executor.submit(job)
        except Exception as error:
            log.exception("executor %s did not take %s", lane.name, task.name)
            self.lost(job, f"the executor did not take it: {error}")
            self.freed(job)

    def _time_left(self, task: Task, phase: Phase) -> int | None:
        """Return how long an attempt that begins now may take, None where nothing limits it."""
        if phase is Phase.SETTLE:
            return self._limits.find_timeout
        ends = task.undo_end if phase is Phase.UNDO else task.deadline
        lengths = [ends - self._clock.steady()] if ends else []
        if phase is Phase.RUN and task.spec.policy.attempt_timeout:
            lengths.append(task.spec.policy.attempt_timeout)
        return min(lengths, default=None)

    # ------------------------------------------------------------------ stopping an attempt

    def _alarm(self, running: Running, delay: int, act: Any) -> None:
        if running.alarm is not None:
            running.alarm.cancel()
        running.alarm = self._clock.call_later(delay, act)

    def _time_up(self, running: Running) -> None:
        task, phase = running.attempt.task, running.attempt.phase
        if phase is Phase.SETTLE:
            error = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "looking for what was made took too long")
        elif phase is Phase.UNDO:
            error = timed_out("UNDO_TIMEOUT", "undo_timeout", task.spec.policy.undo_timeout)
        elif 0 < task.deadline <= self._clock.steady():
            error = timed_out("TOTAL_TIMEOUT", "total_timeout", task.spec.policy.total_timeout)
        else:
            error = timed_out("ATTEMPT_TIMEOUT", "attempt_timeout", task.spec.policy.attempt_timeout, retryable=True)
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
        self._alarm(running, self._limits.cancel_grace, lambda: self._chores.do(self._fence(running, error or STOPPED)))

    async def _fence(self, running: Running, error: Failure) -> None:
        """End the lease of an attempt that did not stop. Its slot stays taken until the executor frees it."""
        attempt = running.attempt
        end = self._life.end_of(attempt.phase)
        try:
            task = await self._store.change(attempt.task.id, lambda work: end(work, attempt.epoch, error))
        except Fenced:
            return
        log.warning("%s: the attempt %d did not stop and is fenced; its slot stays taken", task.name, attempt.epoch)
        self.ended(attempt, task)

    # ------------------------------------------------------------------ the end of an attempt

    def ended(self, attempt: Attempt, task: Task) -> None:
        """See to a task whose attempt ended."""
        running = self.running.get(task.id)
        if running is not None and running.attempt is attempt:
            del self.running[task.id]
            if running.alarm is not None:
                running.alarm.cancel()
            if running.after is not None and running.after.revision > task.revision:
                task = running.after
        self._on_ended(task)

    def sees_to(self, task: Task) -> bool:
        """Whether an attempt of the task still runs here, so that its end will see to the task as it is now."""
        running = self.running.get(task.id)
        if running is None:
            return False
        running.after = task
        return True

    def freed(self, job: Job) -> None:
        """Use the slot of a job of which nothing runs any more."""
        running = self._jobs.pop(id(job), None)
        if running is None:
            return
        task_id = running.attempt.task.id
        running.lane.free += 1
        self._working[task_id] -= 1
        if not self._working[task_id]:
            del self._working[task_id]
        known.release(running.attempt.redactor)
        if self.running.get(task_id) is running and not running.lost:
            self._chores.do(self._lose(running, "it ended without a report"))
        self._on_free(running.lane, task_id)
        if not self._jobs:
            self._quiet.set()

    def lost(self, job: Job, reason: str) -> None:
        """See to a job that will report nothing more."""
        running = self._jobs.get(id(job))
        if running is not None and self.running.get(running.attempt.task.id) is running:
            running.lost = True
            self._chores.do(self._lose(running, reason))

    def _loss(self, running: Running, reason: str) -> Failure:
        name, losses = running.lane.name, running.attempt.task.losses + 1
        reason = running.attempt.redactor.text(reason)
        return Failure(
            Code.UNAVAILABLE,
            "EXECUTOR_LOST",
            f"the executor {name} lost the attempt: {reason}",
            metadata={"executor": name, "worker": self.worker, "losses": str(losses)},
        )

    async def _lose(self, running: Running, reason: str) -> None:
        attempt = running.attempt
        error = self._loss(running, reason)
        resumable = self._scripts.resumable(attempt.task)
        try:
            task = await self._store.change(
                attempt.task.id, lambda work: self._life.lost(work, attempt.epoch, error, resumable=resumable)
            )
        except Fenced:
            found = await self._store.task_by_id(attempt.task.id)
            if found is None:
                return
            task = found
        self.ended(attempt, task)

    async def close(self, grace: float) -> None:
        """Wait up to `grace` seconds for what runs; then give it up, for the next server to take up.

        What does not stop even then is lost, as if the server had been killed.
        """
        if not await self._all_ended(grace):
            log.warning(
                "%d attempts still run; they are stopped, and go on when a server starts again", len(self._jobs)
            )
            for running in list(self.running.values()):
                self._give_up(running)
            await self._all_ended(GIVE_UP_TIME)
        await self._chores.close()

    async def _all_ended(self, seconds: float) -> bool:
        if self._jobs:
            self._quiet.clear()
            try:
                await asyncio.wait_for(self._quiet.wait(), seconds)
            except TimeoutError:
                return False
        return True

    def _give_up(self, running: Running) -> None:
        if running.job.stop.requested or running.lane.executor is None:
            return
        error = self._loss(running, "the server ended")
        running.attempt.given_up = (error, self._scripts.resumable(running.attempt.task))
        running.job.stop.request(error.message)
        running.lane.executor.cancel(running.job)


def _not_stirred(_: Attempt) -> None:
    """Hear of news before anybody writes them."""


def _nobody(*_: object) -> None:
    """Hear of something before anybody listens."""
