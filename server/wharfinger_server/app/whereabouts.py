"""Where the server of a data folder listens, noted in it for commands that find the embedded database in use."""

from __future__ import annotations

import logging

from wharfinger_server.config import Address, Settings

log = logging.getLogger(__name__)
_FILE = "server.address"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a server may listen, not where we do


def note(settings: Settings, address: Address) -> None:
    """Write down where this process's server listens; that it can't be written harms nothing but a convenience."""
    reached = Address(_EVERYWHERE.get(address.host, address.host), address.port, address.path)
    scheme = "https://" if settings.tls.cert and not address.path else ""
    try:
        partial = settings.data_dir / f"{_FILE}.part"
        partial.write_text(f"{scheme}{reached}\n")
        partial.replace(settings.data_dir / _FILE)
    except OSError as error:
        log.warning("where the server listens can't be noted in %s: %s", settings.data_dir, error.strerror)


def noted(settings: Settings) -> str:
    """Return where the server that has the data folder listens, as a client takes it; "" where that is not known."""
    try:
        return (settings.data_dir / _FILE).read_text().strip()
    except OSError:
        return ""
