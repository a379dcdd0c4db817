"""A connection to a web server: to an address that was checked, with time limits, and to be ended from any thread."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress

from wharfinger_image import guard
from wharfinger_image.settings import Settings


class Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, and no other. `socket` outlives http.client's hold on it."""

    def __init__(self, location: guard.Location, settings: Settings) -> None:
        super().__init__(location.host, location.port, timeout=settings.idle_timeout)
        self.default_port = {"http": 80, "https": 443}[location.scheme]
        self._location = location
        self._settings = settings
        self.socket: socket.socket | None = None
        self.overdue = False

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
        """Connect to the first address that answers."""
        errors: list[OSError] = []
        for address in self._location.addresses[:4]:
            try:
                plain = socket.create_connection((address, self._location.port), self._settings.connect_timeout)
            except OSError as error:
                errors.append(error)
                continue
            self.socket = plain
            if self._location.scheme == "https":
                # On failure wrap_socket closes what it was given.
                self.socket = ssl.create_default_context().wrap_socket(plain, server_hostname=self._location.host)
            self.socket.settimeout(self._settings.idle_timeout)
            self.sock = self.socket
            return
        raise errors[-1]
