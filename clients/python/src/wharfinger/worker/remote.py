"""A worker of a server elsewhere: it attaches, runs what it is given, and attaches again when its connection breaks."""

from __future__ import annotations

import logging
import os
import queue
import random
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import grpc

from wharfinger._version import __version__
from wharfinger.runtime.steady import steady
from wharfinger.v1 import executor_service_pb2, executor_service_pb2_grpc, worker_pb2
from wharfinger.worker.assignments import key_of
from wharfinger.worker.runner import Runner, Scripts
from wharfinger.worker.values import seconds

log = logging.getLogger(__name__)

PROTOCOL = 1
_SHORTEST, _LONGEST = 0.2, 5.0
_FINAL = frozenset(
    {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED}
    | {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}
)
"""What another try would not mend, if the first one was refused so."""


class WorkerScripts(Scripts, Protocol):
    """Where a worker has its scripts from, and what it tells the server of them."""

    def hello(self) -> worker_pb2.WorkerHello:
        """Return the part of the hello that tells what can be run here."""
        ...


class RefusedWorker(Exception):
    """The server does not take the worker; the message says why."""


class RemoteWorker:
    """A worker with `slots` attempts at once, over `channel`; `metadata` goes with its call.

    `worker_id` is unique among the server's workers, by default host and process number.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        scripts: WorkerScripts,
        slots: int,
        worker_id: str = "",
        metadata: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.worker_id = worker_id or f"{socket.gethostname()}-{os.getpid()}"
        self._stub = executor_service_pb2_grpc.ExecutorServiceStub(channel)
        self._scripts = scripts
        self._slots = slots
        self._metadata = tuple(metadata)
        self._instance = secrets.token_hex(8)
        self._runner = Runner(self._send, scripts)
        self._stream: _Stream | None = None
        self._ttl = 0.0
        self._sure_until = 0.0
        self._draining = threading.Event()
        self._ended = threading.Event()

    def drain(self) -> None:
        """Take no more attempts, and end when those that run have ended. From any thread."""
        self._draining.set()
        self._send(_leaving())

    def stop(self) -> None:
        """End now: what runs is interrupted, and lost."""
        self._draining.set()
        self._ended.set()
        self._runner.lose_all("the worker is stopped")
        stream = self._stream
        if stream is not None:
            stream.close()

    def run(self) -> None:
        """Work until it was drained or stopped. Raises RefusedWorker where the server does not take it."""
        threading.Thread(target=self._keep_time, name="wharfinger renewals", daemon=True).start()
        pause, welcomed = _SHORTEST, False
        try:
            while not self._is_done():
                try:
                    if self._attach():
                        pause, welcomed = _SHORTEST, True
                except grpc.RpcError as error:
                    call: Any = error  # every error of a stream is its call too
                    said = str(call.details() or error)
                    if call.code() in _FINAL and not welcomed:
                        raise RefusedWorker(said) from error
                    log.warning("the connection to the server is gone: %s", said)
                self._ended.wait(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
                pause = min(2 * pause, _LONGEST)
        finally:
            self._ended.set()

    def _is_done(self) -> bool:
        return self._ended.is_set() or (self._draining.is_set() and not len(self._runner) and not self._runner.owes)

    # ------------------------------------------------------------------ one connection

    def _attach(self) -> bool:
        """Attach, and take what comes until the stream ends; return whether it was welcomed. Raises grpc.RpcError."""
        begun = steady()
        stream = _Stream(executor_service_pb2.WorkRequest(hello=self._hello()))
        welcomed = False
        try:
            for response in self._stub.Work(stream, metadata=self._metadata):
                if response.WhichOneof("kind") == "welcome":
                    welcomed = True
                    self._welcomed(response.welcome, stream, begun)
                else:
                    self._hear(response, stream)
        finally:
            self._stream = None
            stream.close()
        return welcomed

    def _hello(self) -> worker_pb2.WorkerHello:
        hello = self._scripts.hello()
        hello.worker_id, hello.instance, hello.protocol = self.worker_id, self._instance, PROTOCOL
        hello.slots, hello.language, hello.version = self._slots, "python", __version__
        hello.host = socket.gethostname()
        hello.held.extend(self._runner.held)
        return hello

    def _welcomed(self, welcome: worker_pb2.WorkerWelcome, stream: _Stream, begun: float) -> None:
        log.info("attached as %s, %d slots", self.worker_id, self._slots)
        self._runner.lose_all("its lease is lost", frozenset(map(key_of, welcome.kept)))
        self._ttl = seconds(welcome.lease_ttl)
        self._sure_until = begun + self._ttl
        self._stream = stream
        self._runner.resend()
        if self._draining.is_set():
            self._send(_leaving())

    def _hear(self, response: executor_service_pb2.WorkResponse, stream: _Stream) -> None:
        if response.WhichOneof("kind") == "renewed":
            sent = stream.renewals.pop(response.renewed.number, None)
            if sent is not None:
                self._sure_until = max(self._sure_until, sent + self._ttl)
        else:
            self._runner.hear(response)

    def _send(self, request: executor_service_pb2.WorkRequest) -> None:
        stream = self._stream
        if stream is not None:
            stream.put(request)
            if request.WhichOneof("kind") == "ended" and self._draining.is_set() and self._is_done():
                stream.close()

    # ------------------------------------------------------------------ time

    def _keep_time(self) -> None:
        """Renew the leases, and stop what runs when they may be over: before the server gives it to another worker.

        Leases are counted from when that was sent which the server has answered, by a clock that goes on while the
        machine sleeps or the process is stopped.
        """
        while not self._ended.wait(min(max(self._ttl / 8, 0.05), 1.0)):
            stream = self._stream
            if stream is not None and steady() - stream.renewed_at >= self._ttl / 4:
                stream.renew()
            if self._ttl and steady() > self._sure_until and len(self._runner):
                self._runner.lose_all("the server was not heard of for as long as leases last")
                if stream is not None:
                    stream.close()
            if stream is not None and self._is_done():
                stream.close()


class _Stream:
    """What goes out on one connection; iterated over by gRPC."""

    def __init__(self, hello: executor_service_pb2.WorkRequest) -> None:
        self._outbox: queue.SimpleQueue[executor_service_pb2.WorkRequest | None] = queue.SimpleQueue()
        self._outbox.put(hello)
        self.renewals: dict[int, float] = {}
        self.renewed_at = steady()
        self._number = 0

    def put(self, request: executor_service_pb2.WorkRequest) -> None:
        """Send a message."""
        self._outbox.put(request)

    def renew(self) -> None:
        """Send a sign of life."""
        self._number += 1
        self.renewed_at = self.renewals[self._number] = steady()
        self.put(executor_service_pb2.WorkRequest(renewal=worker_pb2.WorkerRenewal(number=self._number)))

    def close(self) -> None:
        """End it when all that was sent has left."""
        self._outbox.put(None)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> executor_service_pb2.WorkRequest:
        request = self._outbox.get()
        if request is None:
            raise StopIteration
        return request


def _leaving() -> executor_service_pb2.WorkRequest:
    return executor_service_pb2.WorkRequest(leaving=worker_pb2.WorkerLeaving(reason="it was asked to end"))
