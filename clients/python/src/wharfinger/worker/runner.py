"""The worker's end: it runs the attempts that it is given, each in a thread, and tells the server of them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import Redactor, known
from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker.assignments import Arriving, LeaseKey, assignment_of, key_of
from wharfinger.worker.one_job import OneJob
from wharfinger.worker.session import Send, WireSession

WorkerAssignment = worker_pb2.WorkerAssignment


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an attempt is run with: its script's module and colour, and what of the configuration it may use."""

    module: ModuleType
    asynchronous: bool
    environment: Environment
    redactor: Redactor


class Scripts(Protocol):
    """Where the worker has its scripts from."""

    def prepare(self, assignment: WorkerAssignment) -> Prepared:
        """Return what to run it with. Raises LookupError, with why, where it can't be run here."""
        ...


class _Stop:
    """Implements `wharfinger.runtime.endings.Stop`."""

    def __init__(self) -> None:
        self.requested = False
        self.reason = ""


class _Running:
    """One attempt at work; `one` is None until its thread has begun."""

    def __init__(self, lease: worker_pb2.WorkLease, session: WireSession) -> None:
        self.lease = lease
        self.session = session
        self.stop = _Stop()
        self.one: OneJob | None = None
        self.lock = threading.Lock()

    def interrupt(self, reason: str) -> None:
        """Ask it to stop, and interrupt it where that is possible."""
        with self.lock:
            if not self.stop.requested:
                self.stop.reason, self.stop.requested = reason, True
            one = self.one
        if one is not None:
            one.interrupt()


class Runner:
    """Runs attempts. `hear` and the other methods may be called from any thread.

    `on_idle`, if there is one, is called in an attempt's thread when nothing of it runs any more, before the server
    hears of that.
    """

    def __init__(self, send: Send, scripts: Scripts, on_idle: Callable[[], None] | None = None) -> None:
        self._send = send
        self._scripts = scripts
        self._on_idle = on_idle
        self._arriving = Arriving()
        self._lock = threading.Lock()
        self._running: dict[LeaseKey, _Running] = {}
        self._owing: dict[LeaseKey, WireSession] = {}

    # ------------------------------------------------------------------ what the server says

    def hear(self, response: executor_service_pb2.WorkResponse) -> None:
        """Take an assignment, an answer or a command."""
        kind = response.WhichOneof("kind")
        if kind == "assignment":
            whole = self._arriving.take(response.assignment)
            if whole is not None:
                self._begin(whole)
        elif kind == "answer":
            self._answer(response.answer)
        elif kind == "command":
            self._obey(response.command)

    def _begin(self, message: WorkerAssignment) -> None:
        redactor = Redactor((), message.lease.task)
        running = _Running(message.lease, WireSession(message.lease, self._send, redactor))
        with self._lock:
            if key_of(message.lease) in self._running:
                return
            self._running[key_of(message.lease)] = running
        run = contextvars.Context().run
        threading.Thread(target=run, args=(self._run, message, running), name=message.lease.task, daemon=True).start()

    def _answer(self, answer: worker_pb2.WorkerAnswer) -> None:
        key = key_of(answer.lease)
        with self._lock:
            running = self._running.get(key)
            session = running.session if running is not None else self._owing.get(key)
        if session is None:
            return
        session.answer(answer)
        if answer.lease_lost and running is not None:
            self._lose(running, "its lease is lost")
        with self._lock:
            if not session.owes:
                self._owing.pop(key, None)

    def _obey(self, command: worker_pb2.WorkerCommand) -> None:
        with self._lock:
            running = self._running.get(key_of(command.lease))
        if running is None:
            return
        if command.kind == worker_pb2.WORKER_COMMAND_KIND_CANCEL:
            running.interrupt(command.reason)
        elif command.kind == worker_pb2.WORKER_COMMAND_KIND_ABANDON:
            self._lose(running, command.reason)

    @staticmethod
    def _lose(running: _Running, reason: str) -> None:
        running.session.lose()
        running.interrupt(reason)

    # ------------------------------------------------------------------ connections that come and go

    @property
    def held(self) -> list[worker_pb2.WorkLease]:
        """The leases of what runs here and is not lost."""
        with self._lock:
            return [running.lease for running in self._running.values() if not running.session.is_lost]

    def __len__(self) -> int:
        return len(self._running)

    @property
    def owes(self) -> bool:
        """Whether evidence waits for a connection."""
        return bool(self._owing)

    def lose_all(self, reason: str, kept: frozenset[LeaseKey] = frozenset()) -> None:
        """Stop whatever runs here, but for the leases that are `kept`: the others are lost."""
        with self._lock:
            lost = [running for key, running in self._running.items() if key not in kept]
        for running in lost:
            if not running.session.is_lost:
                self._lose(running, reason)

    def resend(self) -> None:
        """Tell a new connection all that was not answered."""
        with self._lock:
            sessions = [running.session for running in self._running.values()] + list(self._owing.values())
        for session in sessions:
            session.resend()

    # ------------------------------------------------------------------ one attempt, in its thread

    def _run(self, message: WorkerAssignment, running: _Running) -> None:
        lost = ""
        try:
            prepared = self._scripts.prepare(message)
            running.session.redactor = prepared.redactor
            known.keep(prepared.redactor)
            try:
                lost = self._work(message, running, prepared)
            finally:
                known.release(prepared.redactor)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the server has to hear of it
            lost = str(error) if isinstance(error, LookupError) else f"{type(error).__name__}: {error}"
        self._end(running, lost)

    def _work(self, message: WorkerAssignment, running: _Running, prepared: Prepared) -> str:
        assignment = assignment_of(message, prepared.environment, prepared.redactor)
        one = OneJob(prepared.module, assignment, running.session, running.stop, asynchronous=prepared.asynchronous)
        with running.lock:
            running.one = one
            requested = running.stop.requested
        if requested:
            one.interrupt()
        try:
            one.run()
        except BaseException as error:  # noqa: BLE001 - the runtime raises nothing; if it does after all, the job is lost
            return f"it could not report its outcome: {type(error).__name__}: {error}"
        return ""

    def _end(self, running: _Running, lost: str) -> None:
        key = key_of(running.lease)
        if self._on_idle is not None:
            self._on_idle()
        with self._lock:
            self._running.pop(key, None)
            if running.session.owes and running.session.is_lost:
                self._owing[key] = running.session
        ended = worker_pb2.WorkerEnded(lease=running.lease, lost=lost)
        self._send(executor_service_pb2.WorkRequest(ended=ended))
