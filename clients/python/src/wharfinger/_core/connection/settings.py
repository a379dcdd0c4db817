"""The connection's settings: server, credentials, project, and how the connection is secured."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_SERVER = "127.0.0.1:7480"
DEFAULT_PROJECT = "default"
DEFAULT_PORT = 7480
# Labels of letters, digits, `-` and `_` inside, with a dot between each two, and perhaps one at the end.
_NAME = re.compile(r"\w([\w-]*\w)?(\.\w([\w-]*\w)?)*\.?")
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach a server. `target` is gRPC's, `server` what people read; `ca`, `cert` and `key` are PEM bytes."""

    server: str
    target: str
    project: str
    tls: bool
    token: str = field(default="", repr=False)
    ca: bytes | None = None
    cert: bytes | None = None
    key: bytes | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """The address that says by itself whether the connection is encrypted."""
        return f"{'https' if self.tls else 'http'}://{self.server}"


def resolve(
    server: str | None = None,
    project: str | None = None,
    token: str | None = None,
    *,
    tls: bool | None = None,
    ca: str | Path | bytes | None = None,
    cert: str | Path | bytes | None = None,
    key: str | Path | bytes | None = None,
) -> Settings:
    """Return the settings: arguments first, then WHARFINGER_SERVER, _PROJECT, _TOKEN and _CA, then the defaults.

    WHARFINGER_TOKEN_FILE names a file that has the token, where WHARFINGER_TOKEN is not set.

    `server` is `host`, `host:port`, `[v6]:port`, `unix:/path`, or any of these after `https://` (TLS) or `http://`
    (none). With `tls` None a loopback address or socket is spoken to plainly and everything else by TLS; `ca` asks for
    TLS too.

    Raises:
        ValueError: the address, the project or a combination is wrong; it says which and what to do.
        OSError: a file of a certificate or key can't be read.
    """
    server = server or os.environ.get("WHARFINGER_SERVER") or DEFAULT_SERVER
    project = project or os.environ.get("WHARFINGER_PROJECT") or DEFAULT_PROJECT
    token = token if token is not None else os.environ.get("WHARFINGER_TOKEN") or _token_of_file()
    ca = ca or os.environ.get("WHARFINGER_CA") or None
    if "/" in project:
        raise ValueError(f"project {project!r} must be the plain name, without a slash")
    scheme, address = _split_scheme(server)
    target, local = _target(address)
    secure = {"https": True, "http": False}.get(scheme)
    if secure is not None and tls is not None and secure != tls:
        raise ValueError(f"server {server!r} and tls={tls} contradict each other; leave one of them out")
    chosen = next((wish for wish in (tls, secure, True if ca or cert else None) if wish is not None), not local)
    if token and not chosen and not local:
        raise ValueError(
            f"refusing to send the token to {address} unencrypted: use https://{address}, or leave the token out"
        )
    if bool(cert) != bool(key):
        raise ValueError("a client certificate needs both cert and key")
    pems = (_pem(ca, "the certificates to trust"), _pem(cert, "the certificate"), _pem(key, "its key"))
    return Settings(address, target, project, chosen, token, *pems)


def _token_of_file() -> str:
    """Return the token in the file that WHARFINGER_TOKEN_FILE names, "" where it names none."""
    name = os.environ.get("WHARFINGER_TOKEN_FILE")
    if not name:
        return ""
    try:
        return Path(name).read_text().strip()
    except OSError as error:
        raise OSError(f"WHARFINGER_TOKEN_FILE: the token can't be read from {name}: {error.strerror}") from error


def _split_scheme(server: str) -> tuple[str, str]:
    scheme, separator, address = server.partition("://")
    if not separator:
        return "", server
    if scheme not in ("http", "https"):
        raise ValueError(f"server {server!r}: the scheme must be http or https, such as https://{address}")
    return scheme, address.rstrip("/")


def _target(address: str) -> tuple[str, bool]:
    """Return gRPC's target for `address` and whether it is on this machine."""
    if address.startswith("unix:") and len(address) > len("unix:"):
        return address, True
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]") or (":" in host and not host.startswith("[")):
        # No port: a plain host, or an address of IPv6 with or without brackets.
        host, port = address, str(DEFAULT_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1] if ":" in host else ""
    if not _is_host(host) or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError(f"server {address!r} is no address; give HOST:PORT, such as {DEFAULT_SERVER}")
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}", _is_loopback(host)


def _is_host(host: str) -> bool:
    """Whether it is a name or an address; names of other alphabets are left to the name service."""
    if ":" not in host:
        return _NAME.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _pem(source: str | Path | bytes | None, what: str) -> bytes | None:
    if source is None or isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise type(error)(error.errno, f"{what} can't be read from {source}: {error.strerror}") from error
