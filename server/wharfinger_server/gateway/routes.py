"""Which call a request is: by its path and its content type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from wharfinger_server.gateway.codecs import Binary, Codec, Json
from wharfinger_server.gateway.connect import ConnectStream, ConnectUnary
from wharfinger_server.gateway.grpc_web import GrpcWeb, GrpcWebText
from wharfinger_server.gateway.wire import Wire

Services = Iterable[tuple[ServiceDescriptor, Mapping[str, Any]]]
"""Each service with its handlers by the names of its calls, as gRPC has them."""

_BINARY, _JSON = Binary(), Json()
_Kinds = Mapping[str, tuple[type[Wire], Codec]]
_WEB: _Kinds = {
    "application/grpc-web": (GrpcWeb, _BINARY),
    "application/grpc-web+proto": (GrpcWeb, _BINARY),
    "application/grpc-web+json": (GrpcWeb, _JSON),
    "application/grpc-web-text": (GrpcWebText, _BINARY),
    "application/grpc-web-text+proto": (GrpcWebText, _BINARY),
}
_UNARY: _Kinds = {"application/proto": (ConnectUnary, _BINARY), "application/json": (ConnectUnary, _JSON), **_WEB}
_STREAM: _Kinds = {
    "application/connect+proto": (ConnectStream, _BINARY),
    "application/connect+json": (ConnectStream, _JSON),
    **_WEB,
}


@dataclass(frozen=True, slots=True)
class Route:
    """One call: its definition and what does it."""

    call: MethodDescriptor
    handler: Any

    @property
    def kinds(self) -> _Kinds:
        """The content types that it is spoken in."""
        if self.call.client_streaming:
            return {**_UNARY, **_STREAM}  # each is answered that it can't be done here
        return _STREAM if self.call.server_streaming else _UNARY


class Routes:
    """The calls of services by their paths."""

    def __init__(self, services: Services) -> None:
        self._routes = {
            f"/{service.full_name}/{name}": Route(service.methods_by_name[name], handler)
            for service, handlers in services
            for name, handler in handlers.items()
            if name in service.methods_by_name
        }

    def find(self, path: str) -> Route | None:
        """Return the call of a path, None where there is none."""
        return self._routes.get(path)

    def named(self, name: str) -> str:
        """Return the service that has a call of that name, "" if none has."""
        services = (route.call.containing_service for route in self._routes.values() if route.call.name == name)
        return next((service.full_name for service in services), "")
