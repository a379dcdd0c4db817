"""Which pages of which origins may ask: CORS for those that the operator names, and nothing for all others."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_EXPOSED = (
    "grpc-status, grpc-message, grpc-status-details-bin, connect-content-encoding,"
    " wharfinger-server-version, wharfinger-schema, wharfinger-instance,"
    " trailer-wharfinger-server-version, trailer-wharfinger-schema, trailer-wharfinger-instance"
)
_METHODS = "POST, GET"
_HEADERS = (
    "authorization, content-type, content-encoding, connect-protocol-version, connect-timeout-ms,"
    " connect-content-encoding, connect-accept-encoding, grpc-timeout, grpc-encoding, grpc-accept-encoding,"
    " x-grpc-web, x-user-agent"
)
_AN_HOUR = "3600"


class Origins:
    """The origins that may ask. `open_to_all`: the server asks its callers for no credential and is on this machine.

    Such a server is safe from pages that a browser on this machine shows only if it looks at where they come from: by
    their origin, and by the name that it was asked under, which a page can have point to this machine.
    """

    def __init__(self, allowed: Collection[str], *, open_to_all: bool) -> None:
        self._all = "*" in allowed
        self._allowed = frozenset(allowed)
        self._hosts = frozenset(urlsplit(origin).netloc for origin in allowed)
        self._open = open_to_all

    def why_not(self, headers: Mapping[str, str]) -> str:
        """Return why a request is not answered, "" if it is."""
        origin, host = headers.get("origin", ""), headers.get("host", "")
        if origin and not self._allows(origin) and urlsplit(origin).netloc != host:
            return f"pages of {origin[:100]} may not ask; the operator can allow it with [gateway] cors_origins"
        if self._open and not self._all and host not in self._hosts and not _of_this_machine(host):
            return f"a server without tokens is not asked under the name {host[:100]}; configure [[tokens]]"
        return ""

    def headers(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Return what lets a page of an allowed origin read the answer."""
        origin = headers.get("origin", "")
        if not origin or not self._allows(origin):
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _EXPOSED.encode()),
            (b"vary", b"origin"),
        ]

    def preflight(self) -> list[tuple[bytes, bytes]]:
        """Return what a browser asks for before a page's request."""
        return [
            (b"access-control-allow-methods", _METHODS.encode()),
            (b"access-control-allow-headers", _HEADERS.encode()),
            (b"access-control-max-age", _AN_HOUR.encode()),
        ]

    def _allows(self, origin: str) -> bool:
        return self._all or origin in self._allowed


def _of_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
