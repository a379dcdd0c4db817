"""Registers services with a server: ours by their descriptors, those that come with gRPC behind the same door."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from wharfinger_server.rpc.calls import Calls, Handler


def add(server: grpc.aio.Server, calls: Calls, descriptor: Any, *parts: object) -> dict[str, Handler]:
    """Register a service whose calls are the methods of `parts`, each by its name with underscores.

    Returns the handlers, for whoever takes calls by another way.

    Raises:
        LookupError: a call has no method or several, or a public method is no call of the service.
    """
    handlers = handlers_of(calls, descriptor, *parts)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))
    return handlers


def handlers_of(calls: Calls, descriptor: Any, *parts: object) -> dict[str, Handler]:
    """Return a service's handlers by the names of its calls. Raises as `add` does."""
    service: ServiceDescriptor = descriptor
    methods = list(_methods(parts))
    odd = sorted({name for name, _ in methods} - {_snake(call.name) for call in service.methods})
    if odd:
        raise LookupError(f"{service.full_name} has no calls for the methods {', '.join(odd)}")
    handlers = {}
    for call in service.methods:
        found = [method for name, method in methods if name == _snake(call.name)]
        if len(found) != 1:
            among = ", ".join(type(part).__name__ for part in parts)
            raise LookupError(f"{service.full_name}/{call.name} needs one method {_snake(call.name)} of {among}")
        handlers[call.name] = calls.handler(call, found[0])
    return handlers | {old: handlers[new] for old, new in _RENAMED.get(service.full_name, {}).items()}


_RENAMED = {
    "wharfinger.v1.TaskService": {
        "ListTaskResources": "ListLedgerEntries",
        "ResolveResource": "ResolveLedgerEntry",
    }
}
"""Calls by the names that they had before 1.0, with the same bytes in and out: old programs are served until then."""


def _methods(parts: Iterable[object]) -> Iterator[tuple[str, Any]]:
    """Tell the public methods of all parts by name."""
    for part in parts:
        for name, function in inspect.getmembers(type(part), inspect.isfunction):
            if not name.startswith("_"):
                yield function.__name__, getattr(part, name)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


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
            name: self._calls.guarded(service, name, handler) for name, handler in handlers.items()
        }
