"""The credentials that a call shows, from its metadata and its connection."""

from __future__ import annotations

from typing import Any

import grpc

_BEARER = "bearer "


class Showing:
    """What a call shows of who makes it, read when it is asked for."""

    __slots__ = ("_context",)

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        self._context = context

    @property
    def token(self) -> str:
        """The bearer token, "" for none."""
        for key, value in self._context.invocation_metadata() or ():
            if key == "authorization" and isinstance(value, str) and value[:7].lower() == _BEARER:
                return value[7:].strip()
        return ""

    @property
    def certificate(self) -> bytes:
        """The client certificate in PEM, b"" for none."""
        found: bytes = next(iter(self._context.auth_context().get("x509_pem_cert") or ()), b"")
        return found
