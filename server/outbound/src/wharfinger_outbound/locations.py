"""A URL's location, checked: public addresses only, resolved once and connected to exactly as checked.

A URL often comes from somebody who may not reach what the fetching program reaches. So names are resolved here, every
address of a name must be public, and the connection goes to one of those that were checked, never to what a second
look-up might say.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from wharfinger_outbound.addresses import public

PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


class UrlRefused(Exception):
    """The URL, or an address of its host, is none that may be connected to. `advice` is for the operator."""

    def __init__(self, told: str, cause: str, advice: str = "") -> None:
        super().__init__(f"{told}: {cause}")
        self.told = told
        self.cause = cause
        self.advice = advice


class Unresolved(Exception):
    """The URL's host has no address, or none that can be found now."""

    def __init__(self, told: str, cause: str) -> None:
        super().__init__(f"{told}: {cause}")
        self.told = told
        self.cause = cause


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


def locate(url: str, allowed: Collection[str], setting: str, *, unresolved: bool = False) -> Location:
    """Return where `url` leads, its name resolved and every address checked; blocks while the name is looked up.

    `allowed` are the HOST:PORT, as the URL spells them, that need not be public; `setting` is where an operator lists
    them. Raises UrlRefused, and Unresolved if the name can't be resolved, unless it may stay `unresolved`, because a
    proxy knows names that are not known here.
    """
    told = shown(url)
    parts = _parsed(url, told)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or PORTS[parts.scheme]
    ascii_host = _ascii(host, told)
    try:
        addresses = _resolved(ascii_host, port, told)
    except Unresolved:
        if not unresolved:
            raise
        addresses = ()
    excepted = f"{host}:{port}" in allowed or f"[{host}]:{port}" in allowed
    if not excepted and not all(public(address) for address in addresses):
        # Which address it is stays unsaid: it would tell strangers what names mean inside.
        why = "it has an address that is not public (private, local or reserved)"
        raise UrlRefused(told, why, f"; an operator can allow {host}:{port} in {setting}")
    target = urlunsplit(SplitResult("", "", parts.path or "/", parts.query, ""))
    return Location(parts.scheme, ascii_host, port, _quoted(target), addresses, told)


def _parsed(url: str, told: str) -> SplitResult:
    if _UNSAFE.search(url):
        raise UrlRefused(told, "the URL holds a space, a control character or a backslash; encode it (%20)")
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError as error:
        raise UrlRefused(told, f"the URL can't be read: {error}") from None
    if parts.scheme not in PORTS:
        raise UrlRefused(told, "only http and https are possible")
    if not parts.hostname or not port_ok:
        raise UrlRefused(told, "the URL names no host, or port 0")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused(told, "the URL holds a user name or password, which others could read; use a signed URL")
    return parts


def _ascii(host: str, told: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise UrlRefused(told, "its host is no valid international name") from None


def _resolved(host: str, port: int, told: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Unresolved(told, f"its host can't be resolved: {why}") from None
    addresses = tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if not addresses:
        raise Unresolved(told, "its host has no address")
    return addresses


def _quoted(target: str) -> str:
    """Return the request target with what is not ASCII percent-encoded as UTF-8; what is encoded already stays."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in target)


def what_broke(error: BaseException, idle: float) -> str:
    """Return what an error of reading from a connection means; `idle` is its limit between two bytes, in seconds."""
    if isinstance(error, TimeoutError):
        return f"it sent nothing for {idle:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, http.client.HTTPException):
        return f"it does not speak HTTP properly ({type(error).__name__})"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
