"""Registers services with a server: ours by their descriptors, those that come with gRPC behind the same door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


class Later(grpc.GenericRpcHandler):
    """Services of another package, behind our door: imported with the first call of one, which few servers ever get.

    `register` adds them to what it is given as to a server. `names` are those of the services; `aliases` are further
    names, each with the service that answers under it.
    """

    def __init__(
        self,
        calls: Calls,
        names: Sequence[str],
        register: Callable[[Any], None],
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self._calls = calls
        self._aliases = {**{name: name for name in names}, **(aliases or {})}
        self._register = register
        self._methods: dict[str, Mapping[str, Any]] = {}

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of a method; None where it is of no service of these."""
        service, _, method = handler_call_details.method.removeprefix("/").partition("/")
        name = self._aliases.get(service)
        if name is None:
            return None
        if not self._methods:
            self._register(self)
        return self._methods[name].get(method)

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Leave them out: the same methods come as registered handlers, by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Take the methods of a service, and put our door before each."""
        self._methods[service] = {
            name: self._calls.guarded(f"/{service}/{name}", handler) for name, handler in handlers.items()
        }
