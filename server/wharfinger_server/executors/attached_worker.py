"""One worker of the `remote` executor: what it runs, and the connection that it has now, if it has one."""

from __future__ import annotations

import time
from typing import Any, Protocol

from wharfinger.runtime.steady import steady
from wharfinger.worker import replies
from wharfinger.worker.desk import Desk
from wharfinger_server.sdk.executor import Job
from wharfinger_server.sdk.workers import LeaseKey, Line, WorkerFacts, WorkerShown


class Fleet(Protocol):
    """Who has workers; hears of them on the loop. `lease_ttl` is in seconds."""

    lease_ttl: float

    def changed(self) -> None:
        """Hear that a worker has other slots, or more room."""
        ...

    def lost_connection(self, worker: AttachedWorker) -> None:
        """Hear that a worker's connection is gone."""
        ...

    def ended(self, job: Job, lost: str) -> None:
        """Hear that nothing of a job runs any more; `lost`: why it reported no outcome, "" if it did."""
        ...

    def broken(self, job: Job, why: str) -> None:
        """Hear that a job can report nothing more."""
        ...

    def stranger(self, report: Any, line: Line) -> None:
        """Hear a report of an attempt that the worker does not have."""
        ...


class AttachedWorker:
    """A worker, on the server's loop. Implements `wharfinger.worker.desk.Owner`.

    It outlives its connections: what it runs stays its own until it was not heard of for the time that leases last.
    """

    def __init__(self, fleet: Fleet, facts: WorkerFacts) -> None:
        self.facts = facts
        self.is_leaving = False
        self.jobs: dict[LeaseKey, Job] = {}
        self._fleet = fleet
        self._line: Line | None = None
        self._heard = steady()
        self._since = time.time()
        self._desk = Desk(self, self._send)
        self._unheard: set[LeaseKey] = set()

    # ------------------------------------------------------------------ how it stands

    @property
    def is_connected(self) -> bool:
        """Whether it has a connection."""
        return self._line is not None

    @property
    def is_silent(self) -> bool:
        """Whether it was not heard of for as long as leases last."""
        return steady() - self._heard > self._fleet.lease_ttl

    @property
    def takes_more(self) -> bool:
        """Whether it is given jobs when it has room."""
        return self.is_connected and not self.is_leaving

    @property
    def slots(self) -> int:
        """How many jobs it may have now: none beyond those that it runs, if it leaves or is not connected."""
        return max(self.facts.slots, len(self.jobs)) if self.takes_more else len(self.jobs)

    @property
    def room(self) -> int:
        """How many more jobs it can take."""
        return self.facts.slots - len(self.jobs) if self.takes_more else 0

    @property
    def shown(self) -> WorkerShown:
        """The worker as people see it."""
        return WorkerShown(self.facts, len(self.jobs), self.is_leaving, self._since)

    def can_run(self, script: str, version: str, project: str) -> bool:
        """Whether it has the script in that version, and its credential opens the project."""
        opens = self.facts.projects is None or project in self.facts.projects
        return opens and (script, version) in self.facts.scripts

    # ------------------------------------------------------------------ its connection

    def connect(self, facts: WorkerFacts, line: Line) -> Connection:
        """Take a connection in the place of the one that it had, and welcome it."""
        self.hang_up()
        self.facts = facts
        self.is_leaving = False
        self._line = line
        self._heard = steady()
        kept = [key for key in self.jobs if key in facts.held]
        leases = [(self.jobs[key].assignment.task, *key) for key in kept]
        line.send(replies.welcome(self._fleet.lease_ttl, leases))
        for key in [key for key in self.jobs if key not in facts.held]:
            if key in self._unheard:  # its assignment did not arrive
                self._desk.give(self.jobs[key].assignment, self.jobs[key].version, self.jobs[key].session)
            else:
                self._desk.drop(key)
                self.ended(key, f"its worker {facts.id} does not have it any more")
        for key in kept:
            if self.jobs[key].stop.requested:
                self._desk.cancel(key, self.jobs[key].stop.reason)
        return Connection(self, line)

    def hang_up(self) -> None:
        """End its connection, if it has one."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def detach(self, line: Line) -> None:
        """Hear that a connection is gone; one that has been replaced does not matter."""
        if self._line is line:
            self._line = None
            self._fleet.lost_connection(self)

    def _send(self, response: Any) -> None:
        if self._line is not None:
            self._line.send(response)

    def hear(self, request: Any, line: Line) -> None:
        """Take a message of its connection. Raises ValueError for what no worker would send."""
        if self._line is not line:
            return
        self._heard = steady()
        kind = request.WhichOneof("kind")
        if kind == "report":
            self._unheard.discard((request.report.lease.uid, request.report.lease.epoch))
            self._desk.hear_report(request.report)
        elif kind == "ended":
            self._desk.hear_end(request.ended)
        elif kind == "renewal":
            self._send(replies.renewed(request.renewal))
        elif kind == "leaving":
            self.is_leaving = True
            self._fleet.changed()
        else:
            raise ValueError(f"after the hello comes {kind or 'nothing that this server knows'}")

    # ------------------------------------------------------------------ its jobs

    def give(self, job: Job) -> None:
        """Give it a job."""
        key = (job.assignment.uid, job.assignment.epoch)
        self.jobs[key] = job
        self._unheard.add(key)
        self._desk.give(job.assignment, job.version, job.session)

    def cancel(self, job: Job) -> None:
        """Ask it to stop a job."""
        self._desk.cancel((job.assignment.uid, job.assignment.epoch), job.stop.reason)

    def take_all(self) -> list[Job]:
        """Take all its jobs from it."""
        jobs = list(self.jobs.values())
        for key in list(self.jobs):
            self._desk.drop(key)
        self.jobs.clear()
        return jobs

    def ended(self, key: LeaseKey, lost: str) -> None:
        """Hear that nothing of a job runs any more."""
        self._unheard.discard(key)
        job = self.jobs.pop(key, None)
        if job is not None:
            self._fleet.ended(job, lost)

    def broken(self, key: LeaseKey, why: str) -> None:
        """Hear that a job can report nothing more."""
        job = self.jobs.get(key)
        if job is not None:
            self._fleet.broken(job, why)

    def stranger(self, report: Any) -> None:
        """Hear a report of an attempt that it does not have."""
        project = report.lease.task.removeprefix("projects/").partition("/")[0]
        if self._line is None:
            return
        if self.facts.projects is None or project in self.facts.projects:
            self._fleet.stranger(report, self._line)
        elif report.number:
            self._line.send(replies.lost(report))


class Connection:
    """A connection of a worker. Implements `wharfinger_server.sdk.workers.Attached`."""

    def __init__(self, worker: AttachedWorker, line: Line) -> None:
        self._worker = worker
        self._line = line

    def hear(self, request: Any) -> None:
        """Take a message. Raises ValueError for what no worker would send."""
        self._worker.hear(request, self._line)

    def detach(self) -> None:
        """Hear that the connection is gone."""
        self._worker.detach(self._line)
