"""A connection to where a `Location` leads, and to nowhere else: directly, or through a proxy."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from wharfinger_outbound.locations import PORTS, Location

_PROXY_PORT = 3128
_INTERIM = 20
"""How many interim answers (100, 102, 103) may come before the real one."""


class Response(http.client.HTTPResponse):
    """An answer; interim ones before it are passed over, but not without end."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]  # no part of the stubs
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("nothing but interim answers")


class Connection(http.client.HTTPConnection):
    """A connection to the addresses of a `Location`, and no other; all times are seconds.

    `ca_file` has certificates, in PEM, that are trusted beside those of the system. `proxy` is the URL of an HTTP
    proxy, with user and password if it asks for them; it connects where the location's host leads by its own lights.
    `asked_as` is what a request line names. `socket` outlives http.client's hold on it. `overdue` is set by `expire`.
    """

    response_class = Response

    def __init__(
        self, location: Location, *, connect_timeout: float, idle_timeout: float, ca_file: str = "", proxy: str = ""
    ) -> None:
        super().__init__(location.host, location.port, timeout=idle_timeout)
        self.default_port = PORTS[location.scheme]
        self._location = location
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._ca_file = ca_file
        self._proxy = urlsplit(proxy) if proxy else None
        self.socket: socket.socket | None = None
        self.overdue = False

    @property
    def asked_as(self) -> str:
        """The target of a request: a path, or the whole URL where a proxy is to fetch it."""
        if self._proxy is None or self._location.scheme == "https":
            return self._location.target
        return f"http://{self._authority()}{self._location.target}"

    def shut(self) -> None:
        """End whatever blocks on this connection; from any thread."""
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def expire(self) -> None:
        """Shut it because it took too long."""
        self.overdue = True
        self.shut()

    def connect(self) -> None:
        """Connect to the first address that answers. Raises OSError."""
        if self._proxy is not None:
            at = (self._proxy.hostname or "", self._proxy.port or _PROXY_PORT)
            self._begin(socket.create_connection(at, self._connect_timeout))
            return
        errors: list[OSError] = []
        for address in self._location.addresses[:4]:
            try:
                plain = socket.create_connection((address, self._location.port), self._connect_timeout)
            except OSError as error:
                errors.append(error)
                continue
            self._begin(plain)
            return
        raise errors[-1]

    def _begin(self, plain: socket.socket) -> None:
        self.socket = plain
        if self._location.scheme == "https":
            if self._proxy is not None:
                plain.settimeout(self._idle_timeout)
                self._open_tunnel(plain)
            context = ssl.create_default_context()
            if self._ca_file:
                context.load_verify_locations(self._ca_file)
            # On failure wrap_socket closes what it was given.
            self.socket = context.wrap_socket(plain, server_hostname=self._location.host)
        self.socket.settimeout(self._idle_timeout)
        self.sock = self.socket

    def putrequest(self, *arguments: str, **options: bool) -> None:  # type: ignore[override]
        """As HTTPConnection; a proxy that fetches by itself is told who asks."""
        super().putrequest(*arguments, **options)  # type: ignore[arg-type]
        if self._proxy is not None and self._location.scheme == "http":
            for name, value in self._credentials().items():
                self.putheader(name, value)

    def _authority(self) -> str:
        host = f"[{self._location.host}]" if ":" in self._location.host else self._location.host
        return f"{host}:{self._location.port}"

    def _credentials(self) -> dict[str, str]:
        if self._proxy is None or self._proxy.username is None:
            return {}
        pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _open_tunnel(self, plain: socket.socket) -> None:
        authority = self._authority()
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        lines += [f"{name}: {value}" for name, value in self._credentials().items()]
        plain.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        answer = Response(plain, method="CONNECT")
        try:
            answer.begin()
            if not 200 <= answer.status < 300:
                raise ConnectionError(f"the proxy answers {answer.status} {answer.reason}".rstrip())
        finally:
            answer.close()

    def close(self) -> None:
        """Close it, the socket too."""
        super().close()
        if self.socket is not None:
            self.socket.close()
