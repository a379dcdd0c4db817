"""Server reflection: what the services are, told to tools that have no generated code, such as grpcurl and ghz."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection


class Symbols:
    """The definitions of this process, where methods are found too: protobuf's own pool knows only what holds them."""

    def __init__(self) -> None:
        self._pool: Any = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        """Answer everything else as the pool does."""
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802  # protobuf's name
        """Return the file of a symbol, that of a method being `package.Service.Method`. Raises KeyError."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            service, _, method = symbol.replace("/", ".").rpartition(".")
            found = self._pool.FindServiceByName(service)
            if method not in found.methods_by_name:
                raise
            return found.file


def servicer(services: Iterable[str]) -> Any:
    """Return what answers reflection's questions about these services."""
    return reflection.aio.ReflectionServicer(services, pool=Symbols())
