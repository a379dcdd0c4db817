"""The server's end of one worker: attempts are given to it, and what it tells of them goes to their sessions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from wharfinger.runtime.protocol import Assignment, Session
from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker.answering import Answering
from wharfinger.worker.assignments import LeaseKey, key_of, lease_message, messages_of

Send = Callable[[executor_service_pb2.WorkResponse], None]
"""Hands a message to the worker's connection, and returns at once; it is dropped where there is none."""


class Owner(Protocol):
    """Who has given attempts to the worker; hears of each on the loop of the desk."""

    def ended(self, key: LeaseKey, lost: str) -> None:
        """Hear that nothing of an attempt runs any more; `lost`: why it reported no outcome, "" if it did."""
        ...

    def broken(self, key: LeaseKey, why: str) -> None:
        """Hear that an attempt can report nothing more, though it may still run."""
        ...

    def stranger(self, report: worker_pb2.WorkerReport) -> None:
        """Hear a report of an attempt that is not, or no more, at this desk."""
        ...


class Desk:
    """The attempts of one worker. All of it runs on one event loop."""

    def __init__(self, owner: Owner, send: Send) -> None:
        self._owner = owner
        self.send = send
        """May be set anew: the worker has another connection then."""
        self._held: dict[LeaseKey, tuple[worker_pb2.WorkLease, Answering]] = {}

    def __contains__(self, key: LeaseKey) -> bool:
        return key in self._held

    @property
    def held(self) -> list[LeaseKey]:
        """The attempts that the worker has."""
        return list(self._held)

    def give(self, assignment: Assignment, version: str, session: Session) -> LeaseKey:
        """Give an attempt to the worker, whose script is to run in `version`; return its key."""
        key = (assignment.uid, assignment.epoch)
        answering = Answering(session, self._reply, partial(self._broken, key))
        self._held[key] = (lease_message(assignment), answering)
        for page in messages_of(assignment, version):
            self.send(executor_service_pb2.WorkResponse(assignment=page))
        return key

    def drop(self, key: LeaseKey) -> None:
        """Forget an attempt."""
        self._held.pop(key, None)

    def hear_report(self, report: worker_pb2.WorkerReport) -> None:
        """Take a report. Raises Malformed for one that no worker would send."""
        held = self._held.get(key_of(report.lease))
        if held is None:
            self._owner.stranger(report)
        else:
            held[1].take(report)

    def hear_end(self, ended: worker_pb2.WorkerEnded) -> None:
        """Take note that nothing of an attempt runs any more."""
        key = key_of(ended.lease)
        if key in self._held:
            self.drop(key)
            self._owner.ended(key, ended.lost)

    def cancel(self, key: LeaseKey, reason: str) -> None:
        """Ask an attempt to stop."""
        self._command(key, worker_pb2.WORKER_COMMAND_KIND_CANCEL, reason)

    def abandon(self, key: LeaseKey, reason: str) -> None:
        """Say that the lease of an attempt is lost."""
        self._command(key, worker_pb2.WORKER_COMMAND_KIND_ABANDON, reason)

    def _command(self, key: LeaseKey, kind: worker_pb2.WorkerCommandKind.ValueType, reason: str) -> None:
        held = self._held.get(key)
        if held is not None:
            command = worker_pb2.WorkerCommand(lease=held[0], kind=kind, reason=reason)
            self.send(executor_service_pb2.WorkResponse(command=command))

    def _reply(self, answer: worker_pb2.WorkerAnswer) -> None:
        self.send(executor_service_pb2.WorkResponse(answer=answer))

    def _broken(self, key: LeaseKey, error: BaseException) -> None:
        why = f"it could not report: {type(error).__name__}: {error}"
        self.abandon(key, why)
        self._owner.broken(key, why)
