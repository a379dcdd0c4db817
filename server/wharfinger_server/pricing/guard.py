"""Where price data may be fetched from: public addresses, checked at every redirect and connected to as checked.

Names are resolved here, every address of a name must be public, and the connection goes to one of those that were
checked, never to what a second look-up might say.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from wharfinger.runtime.addresses import public
from wharfinger_server.domain.errors import PermissionDenied, Unavailable

_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a URL leads. `addresses` are those that were checked; `shown` is the URL as it may be told: no query."""

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]
    shown: str


def shown(url: str) -> str:
    """Return `url` without user, password, query and fragment, cut to a readable length."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    host = f"[{host}]" if ":" in host else host
    text = re.sub(r"[^\x21-\x7e]", "?", urlunsplit(SplitResult(parts.scheme, host + port, parts.path, "", "")))
    return text if len(text) <= 300 else text[:299] + "…"


def locate(url: str, allowed: Collection[str] = ()) -> Location:
    """Return where `url` leads, its name resolved and every address checked; blocks while the name is looked up.

    `allowed` are the HOST:PORT, as the URL spells them, that need not be public. Raises PermissionDenied
    PRICES_URL_REFUSED, and Unavailable PRICES_UNREACHABLE where the name can't be resolved.
    """
    told = shown(url)
    parts = _parsed(url, told)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _PORTS[parts.scheme]
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise refused(told, "its host is no valid international name") from None
    addresses = _resolved(ascii_host, port, told)
    excepted = f"{host}:{port}" in allowed or f"[{host}]:{port}" in allowed
    if not excepted and not all(public(address) for address in addresses):
        # Which address it is stays unsaid: it would tell strangers what names mean inside.
        why = "it has an address that is not public (private, local or reserved)"
        raise refused(told, why, f"; an operator can allow {host}:{port} in [prices] allow_sources")
    target = quote(urlunsplit(SplitResult("", "", parts.path or "/", parts.query, "")), safe="%/:=&?~+!$,;'@()*[]|")
    return Location(parts.scheme, ascii_host, port, target, addresses, told)


def refused(told: str, cause: str, advice: str = "") -> PermissionDenied:
    """Return the refusal of a URL that nothing may be fetched from; `told` is the URL as it may be shown."""
    said = f"prices may not be fetched from {told}: {cause}{advice}"
    return PermissionDenied("PRICES_URL_REFUSED", said, {"url": told, "cause": cause})


def unreachable(told: str, cause: str, status: int | None = None) -> Unavailable:
    """Return the refusal where the data could not be fetched."""
    more = {} if status is None else {"status": str(status)}
    said = f"the prices at {told} could not be fetched: {cause}"
    return Unavailable("PRICES_UNREACHABLE", said, {"url": told, "cause": cause} | more)


def _parsed(url: str, told: str) -> SplitResult:
    if _UNSAFE.search(url):
        raise refused(told, "the URL holds a space, a control character or a backslash; encode it (%20)")
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError as error:
        raise refused(told, f"the URL can't be read: {error}") from None
    if parts.scheme not in _PORTS:
        raise refused(told, "only http and https are fetched from; import a local file as a file")
    if not parts.hostname or not port_ok:
        raise refused(told, "the URL names no host, or port 0")
    if parts.username is not None or parts.password is not None:
        raise refused(told, "the URL holds a user name or password, which others could read here")
    return parts


def _resolved(host: str, port: int, told: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise unreachable(told, f"its host can't be resolved: {why}") from None
    addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not addresses:
        raise unreachable(told, "its host has no address")
    return addresses
