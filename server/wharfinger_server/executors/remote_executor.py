"""The `remote` executor: scripts run in workers that attach to the server, on whichever machine."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from wharfinger.runtime.protocol import LeaseLost, Stopped
from wharfinger.worker import replies
from wharfinger.worker.answering import Answering
from wharfinger_server.domain.errors import invalid
from wharfinger_server.executors.attached_worker import AttachedWorker
from wharfinger_server.sdk.executor import Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.taken_jobs import TakenJobs
from wharfinger_server.sdk.workers import Attached, Line, TakesWorkers, WorkerFacts, WorkerShown

log = logging.getLogger(__name__)


class RemoteExecutor(Executor, TakesWorkers):
    """Runs scripts in workers that attach by `ExecutorService.Work`, such as `wharfinger worker`.

    It has as many slots as the workers that are connected. Option: `lease_ttl` (15 s), after how long a worker that is
    not heard of has lost what it ran.
    """

    summary: ClassVar[str] = "Workers that attach to the server, on any machine"
    shares_process: ClassVar[bool] = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options. Raises ValueError, naming the option, when one is wrong or unknown."""
        self.lease_ttl = Options("remote", options, ("lease_ttl",)).seconds("lease_ttl", 15.0, least=0.5)
        self._workers: dict[str, AttachedWorker] = {}
        self._waiting: list[Job] = []
        self._chores: set[asyncio.Future[Any]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._stopping = False
        self._slots = 0
        self._able: list[WorkerFacts] = []

    @property
    def slots(self) -> int:
        """How many jobs the workers that are connected may run at once."""
        return self._slots

    @property
    def workers(self) -> list[WorkerShown]:
        """The workers that are connected, longest first."""
        return [worker.shown for worker in self._workers.values() if worker.is_connected]

    def why_not(self, script: str, version: str, project: str) -> str:
        """Return why none of the workers that are connected can run a script for a project, "" if one can."""
        there = [worker for worker in self._workers.values() if worker.takes_more]
        if not there:
            return "no worker is attached"
        if any(worker.can_run(script, version, project) for worker in there):
            return ""
        return f"none of the {len(there)} workers that are attached can run {script} {version} for {project}"

    # ------------------------------------------------------------------ its life

    async def start(self, host: Host) -> None:
        """Get ready; workers attach when they like."""
        self.host = host
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._jobs: TakenJobs[AttachedWorker | None] = TakenJobs(host)
        self._watching = self._loop.create_task(self._watch())

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most; what runs then goes on by itself until its lease is over."""
        if self._stopping:
            return
        if len(self._jobs):
            await self._jobs.wait(grace)
        self._stopping = True
        if self._watching is not None:
            self._watching.cancel()
        for worker in self._workers.values():
            worker.hang_up()

    async def _watch(self) -> None:
        """End the leases of workers that are not heard of."""
        while True:
            await asyncio.sleep(self.lease_ttl / 8)
            for worker in list(self._workers.values()):
                if worker.is_silent:
                    log.warning("worker %s was not heard of for %g s", worker.facts.id, self.lease_ttl)
                    self._part(worker, f"its worker {worker.facts.id} was not heard of for {self.lease_ttl:g} s")

    # ------------------------------------------------------------------ workers

    def attach(self, facts: WorkerFacts, line: Line) -> Attached:
        """Take a worker's connection. Raises InvalidArgument for a worker_id that another process has."""
        worker = self._workers.get(facts.id)
        if worker is not None and worker.facts.instance != facts.instance:
            if worker.is_connected:
                raise invalid("hello.worker_id", f"another process is attached as {facts.id}; choose another id")
            self._part(worker, f"another process attached as {facts.id}")
            worker = None
        if worker is None:
            worker = self._workers[facts.id] = AttachedWorker(self, facts)
            log.info("worker attached", extra={"worker": facts.id, "host": facts.host, "slots": facts.slots})
        connection = worker.connect(facts, line)
        self.changed()
        return connection

    def _part(self, worker: AttachedWorker, why: str) -> None:
        """Give up a worker: what it ran is lost."""
        if self._workers.get(worker.facts.id) is worker:
            del self._workers[worker.facts.id]
        worker.hang_up()
        for job in worker.take_all():
            self.host.lost(job, why)
            self._jobs.free(job)
        self.changed()

    def lost_connection(self, worker: AttachedWorker) -> None:
        """Hear that a worker's connection is gone; one that was leaving and has nothing left is gone with it."""
        if worker.is_leaving and not worker.jobs:
            self._part(worker, "it left")
        self.changed()

    def changed(self) -> None:
        """See to it that the jobs that wait are given out, and that the engine knows what can run here."""
        for job in list(self._waiting):
            self._give(job)
        able = [worker.facts for worker in self._workers.values() if worker.takes_more]
        now = (sum(worker.slots for worker in self._workers.values()), able)
        if now != (self._slots, self._able):
            self._slots, self._able = now
            self.host.resized(self)

    # ------------------------------------------------------------------ jobs

    def submit(self, job: Job) -> None:
        """Give the job to a worker and return at once. Raises RuntimeError when the executor was stopped."""
        if self._stopping:
            raise RuntimeError("the remote executor was stopped; it takes no more jobs")
        self._jobs.take(job, None)
        self._on_loop(self._begin, job)

    def cancel(self, job: Job) -> None:
        """Ask the job's worker to stop it."""
        self._on_loop(self._cancel, job)

    def _on_loop(self, act: Callable[..., None], *what: Any) -> None:
        if threading.get_ident() == self._thread:
            act(*what)
        else:
            self._loop.call_soon_threadsafe(act, *what)

    def _begin(self, job: Job) -> None:
        self._waiting.append(job)
        self._give(job)

    def _give(self, job: Job) -> None:
        """Give a job that waits to the worker with the most room that can run it; where there is none it waits."""
        project = job.assignment.context.project
        able = [
            worker
            for worker in self._workers.values()
            if worker.room > 0 and worker.can_run(job.assignment.script, job.version, project)
        ]
        if able and not job.stop.requested:
            worker = max(able, key=lambda one: one.room)
            self._waiting.remove(job)
            self._jobs.take(job, worker)
            worker.give(job)

    def _cancel(self, job: Job) -> None:
        worker = self._jobs.get(job)
        if worker is not None:
            worker.cancel(job)
        elif job in self._waiting:
            self._waiting.remove(job)
            self._do(self._stop_unbegun(job))

    async def _stop_unbegun(self, job: Job) -> None:
        """End a job that was stopped before a worker had it."""
        try:
            await job.session.finish(Stopped())
        except LeaseLost:
            log.debug("%s had ended when it was stopped", job.assignment.task)
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine has to hear of it
            self.host.lost(job, f"it could not report: {type(error).__name__}: {error}")
        self._jobs.free(job)

    def ended(self, job: Job, lost: str) -> None:
        """Hear from a worker that nothing of a job runs any more."""
        if lost:
            self.host.lost(job, lost)
        self._jobs.free(job)
        self.changed()

    def broken(self, job: Job, why: str) -> None:
        """Hear that a job can report nothing more."""
        self.host.lost(job, why)

    def stranger(self, report: Any, line: Line) -> None:
        """Take a report of an attempt that has ended here: evidence of what was made counts all the same."""
        self._do(self._take_late(report, line))

    async def _take_late(self, report: Any, line: Line) -> None:
        session = await self.host.fenced(report.lease.task, report.lease.uid, report.lease.epoch)
        if session is None:
            if report.number:
                line.send(replies.lost(report))
            return
        answering = Answering(session, lambda told: line.send(replies.answer(told)), _warn)
        try:
            answering.take(report)
        except ValueError as malformed:
            _warn(malformed)

    def _do(self, work: Any) -> None:
        chore = asyncio.ensure_future(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)


def _warn(error: BaseException) -> None:
    log.warning("late evidence was not taken: %s", error)
