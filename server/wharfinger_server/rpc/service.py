"""Registers services with a server: ours by their descriptors, those that come with gRPC behind the same door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from wharfinger_server.rpc.calls import Calls, Handler


def add(server: grpc.aio.Server, descriptor: Any, handlers: Mapping[str, Handler]) -> None:
    """Register a service's handlers by method name; a method without one answers UNIMPLEMENTED.

    Raises:
        LookupError: a handler is for no method of the service.
    """
    service: ServiceDescriptor = descriptor
    odd = set(handlers) - set(service.methods_by_name)
    if odd:
        raise LookupError(f"{service.full_name} has no methods {', '.join(sorted(odd))}")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, dict(handlers)),))


class Guarded:
    """Stands in for the server where another package registers its service, and puts our door before each method."""

    def __init__(self, server: grpc.aio.Server, calls: Calls) -> None:
        self._server = server
        self._calls = calls
        self._added: dict[str, dict[str, Any]] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Leave them out: the same methods come as registered handlers, by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Register the methods behind the door."""
        guarded = {name: self._calls.guarded(f"/{service}/{name}", handler) for name, handler in handlers.items()}
        self._added[service] = guarded
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, guarded),))

    def add_again(self, service: str, alias: str) -> None:
        """Register a service that was added before under a second name."""
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(alias, self._added[service]),))
