"""Credentials of the listening port, read again whenever their files change, so that certificates can be renewed."""

from __future__ import annotations

import logging
from pathlib import Path

import grpc

from wharfinger_server.config import Tls

log = logging.getLogger(__name__)


class Certificates:
    """The files of `[tls]` as gRPC wants them."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._files = [Path(name) for name in (tls.cert, tls.key, tls.client_ca) if name]
        self._seen = self._stamps()

    def credentials(self) -> grpc.ServerCredentials:
        """Return the port's credentials. Raises OSError where a file can't be read."""
        return grpc.dynamic_ssl_server_credentials(
            self._read(),
            self._fetch,  # type: ignore[arg-type]  # None is allowed, and means no change
            require_client_authentication=bool(self._tls.client_ca),
        )

    def _read(self) -> grpc.ServerCertificateConfiguration:
        pair = (Path(self._tls.key).read_bytes(), Path(self._tls.cert).read_bytes())
        roots = Path(self._tls.client_ca).read_bytes() if self._tls.client_ca else None
        return grpc.ssl_server_certificate_configuration([pair], roots)

    def _stamps(self) -> list[tuple[int, int]]:
        return [(stat.st_mtime_ns, stat.st_ino) for stat in (file.stat() for file in self._files)]

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the new files, None to go on with the present ones. gRPC asks at each handshake, from its thread."""
        try:
            stamps = self._stamps()
            if stamps == self._seen:
                return None
            fresh = self._read()
        except OSError as error:
            log.warning("the certificate could not be read again; the present one stays: %s", error)
            return None
        self._seen = stamps
        log.info("the certificate was read again")
        return fresh
