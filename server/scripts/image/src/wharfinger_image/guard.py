"""Which addresses a source may have: public ones, checked after every redirect, and connected to exactly as checked.

A source's URL comes from whoever creates a task; the server that fetches it often stands inside a network where more
is reachable than the caller may reach. So names are resolved here, every address of a name must be public, and the
connection goes to one of the addresses that were checked, never to what a second look-up might say.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from wharfinger.runtime.addresses import public
from wharfinger.script import Failed

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Location:
    """Where a source is. `addresses` are those that were checked; `shown` is the URL as it may be told: no query."""

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
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    host = f"[{host}]" if ":" in host else host
    text = urlunsplit(SplitResult(parts.scheme, host + port, parts.path, "", ""))
    text = re.sub(r"[^\x21-\x7e]", "?", text)
    return text if len(text) <= 300 else text[:299] + "…"


def locate(url: str, allowed: Collection[str] = ()) -> Location:
    """Return where `url` leads, its name resolved and every address checked; blocks while the name is looked up.

    `allowed` are the HOST:PORT, as the URL spells them, that need not be public. Raises Failed: SOURCE_REFUSED if the
    URL or one of its addresses is not allowed, SOURCE_FAILED if the name can't be resolved.
    """
    told = shown(url)
    parts = _parsed(url, told)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _PORTS[parts.scheme]
    ascii_host = _ascii(host, told)
    addresses = _resolved(ascii_host, port, told)
    excepted = f"{host}:{port}" in allowed or f"[{host}]:{port}" in allowed
    if not excepted and not all(public(address) for address in addresses):
        # Which address it is stays unsaid: it would tell strangers what names mean inside.
        why = "it has an address that is not public (private, local or reserved)"
        raise refused(told, why, f"; an operator can allow {host}:{port} in [image] allow_sources")
    target = urlunsplit(SplitResult("", "", parts.path or "/", parts.query, ""))
    return Location(parts.scheme, ascii_host, port, _quoted(target), addresses, told)


def refused(told: str, cause: str, advice: str = "") -> Failed:
    """Return the failure of a source that may not be read from; `told` is its URL as it may be shown."""
    message = f"the source {told} is refused: {cause}{advice}"
    return Failed(message, reason="SOURCE_REFUSED", metadata={"url": told, "cause": cause})


def unreadable(told: str, cause: str, *, status: int | None = None, retryable: bool = True) -> Failed:
    """Return the failure of a source that could not be read."""
    metadata = {"url": told, "cause": cause} | ({} if status is None else {"status": str(status)})
    message = f"the source {told} could not be read: {cause}"
    return Failed(message, reason="SOURCE_FAILED", retryable=retryable, metadata=metadata)


def _parsed(url: str, told: str) -> SplitResult:
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise refused(told, "the URL holds a space, a control character or a backslash; encode it (%20)")
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError as error:
        raise refused(told, f"the URL can't be read: {error}") from None
    if parts.scheme not in _PORTS:
        raise refused(told, "only http and https are read from")
    if not parts.hostname or not port_ok:
        raise refused(told, "the URL names no host, or port 0")
    if parts.username is not None or parts.password is not None:
        raise refused(told, "the URL holds a user name or password, and a task must hold none; use a signed URL")
    return parts


def _ascii(host: str, told: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise refused(told, "its host is no valid international name") from None


def _resolved(host: str, port: int, told: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise unreadable(told, f"its host can't be resolved: {why}") from None
    addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not addresses:
        raise unreadable(told, "its host has no address")
    return addresses


def _quoted(target: str) -> str:
    """Return the request target with what is not ASCII percent-encoded as UTF-8; what is encoded already stays."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in target)
