"""A task service in memory behind real gRPC on loopback, for what a client must bear.

It can be stopped, restarted and made to misbehave; its tasks are small programs whose events the tests choose.
"""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

import grpc
from tests.client.loopback_services import Executors, Tasks
from tests.client.world import Refusal, World

from wharfinger.v1 import executor_service_pb2_grpc, task_service_pb2_grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusing(grpc.ServerInterceptor):
    """Turns a Refusal that a handler raises into the status it stands for."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None:
            return None
        if handler.unary_unary:

            def call(request: Any, context: Any) -> Any:
                try:
                    return handler.unary_unary(request, context)
                except Refusal as refusal:
                    refuse(context, refusal)

            return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)

        def stream(request: Any, context: Any) -> Any:
            try:
                yield from handler.unary_stream(request, context)
            except Refusal as refusal:
                refuse(context, refusal)

        return grpc.unary_stream_rpc_method_handler(stream, handler.request_deserializer, handler.response_serializer)


def refuse(context: Any, refusal: Refusal) -> None:
    context.set_trailing_metadata((("grpc-status-details-bin", refusal.status.SerializeToString()),))
    context.abort(CODES[refusal.status.code], refusal.status.message)


class Loopback:
    """A server over a world; stop and start keep the address."""

    def __init__(self, world: World, credentials: grpc.ServerCredentials | None = None) -> None:
        self.world = world
        self.metadata = (("wharfinger-server-version", "9.9.9"), ("wharfinger-schema", "7"))
        self._credentials = credentials
        self._server: grpc.Server | None = None
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._stopping = threading.Event()
        options = (("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", 1000))
        pool = futures.ThreadPoolExecutor(64)
        server = grpc.server(pool, interceptors=(Refusing(),), options=options)
        task_service_pb2_grpc.add_TaskServiceServicer_to_server(
            Tasks(self.world, self._stopping, self.metadata), server
        )
        executor_service_pb2_grpc.add_ExecutorServiceServicer_to_server(Executors(self.world, self.metadata), server)
        wanted = f"127.0.0.1:{self.port}"
        if self._credentials is None:
            self.port = server.add_insecure_port(wanted)
        else:
            self.port = server.add_secure_port(wanted, self._credentials)
        server.start()
        self._server = server

    def stop(self, grace: float | None = None) -> None:
        self._stopping.set()
        with self.world.bell:
            self.world.bell.notify_all()
        if self._server is not None:
            self._server.stop(grace).wait(5)
