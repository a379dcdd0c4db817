"""Notes in the data folder where the server listens, for commands that ask it instead of opening its files."""

from __future__ import annotations

import logging

from wharfinger_prices.server_note import FILE, database_mark
from wharfinger_server.config import Address, Settings

log = logging.getLogger(__name__)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a server may listen, not where we do


def note(settings: Settings, address: Address, instance: str) -> None:
    """Write down where this process's server listens; that it can't be written harms nothing but a convenience."""
    reached = Address(_EVERYWHERE.get(address.host, address.host), address.port, address.path)
    scheme = "https://" if settings.tls.cert and not address.path else ""
    try:
        partial = settings.data_dir / f"{FILE}.part"
        partial.write_text(f"{scheme}{reached}\n{instance} {database_mark(settings.database_url)}\n")
        partial.replace(settings.data_dir / FILE)
    except OSError as error:
        log.warning("where the server listens can't be noted in %s: %s", settings.data_dir, error.strerror)
