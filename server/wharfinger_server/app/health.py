"""grpc.health.v1: the server as a whole under the empty name, each of its services, and each executor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_STATUS = health_pb2.HealthCheckResponse
SERVING, NOT_SERVING, UNKNOWN = _STATUS.SERVING, _STATUS.NOT_SERVING, _STATUS.SERVICE_UNKNOWN


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]
    """Answers and tells of health. Once it is ended everything is NOT_SERVING, and who watches hears that last."""

    def __init__(self) -> None:
        self._serving: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._ended = False

    def set(self, service: str, *, serving: bool) -> None:
        """Set the health of a service."""
        self._serving[service] = serving
        self._tell()

    def end(self) -> None:
        """Say that nothing is served any more, for good."""
        self._ended = True
        self._tell()

    @property
    def well(self) -> bool:
        """Whether the server as a whole serves."""
        return bool(self._status("") == SERVING)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _status(self, service: str) -> Any:
        if service not in self._serving:
            return UNKNOWN
        return SERVING if self._serving[service] and not self._ended else NOT_SERVING

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Return a service's health; NOT_FOUND for one that there is not."""
        status = self._status(request.service)
        if status == UNKNOWN:
            await context.abort(
                grpc.StatusCode.NOT_FOUND, f"there is no service {request.service[:80]!r} to be healthy"
            )
        return _STATUS(status=status)

    async def List(self, request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's name
        """Return the health of everything that has one."""
        statuses = {service: _STATUS(status=self._status(service)) for service in sorted(self._serving)}
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(self, request: Any, _context: Any) -> AsyncGenerator[Any, None]:  # noqa: N802 - gRPC's name
        """Tell a service's health now and whenever it changes."""
        told = None
        while True:
            # All three of one moment: telling takes time, in which they may change.
            changed, ended = self._changed, self._ended
            status = self._status(request.service)
            if status != told:
                yield _STATUS(status=status)
                told = status
            if ended:
                return
            await changed.wait()
