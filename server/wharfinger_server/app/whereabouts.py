"""The address of a data folder's server, noted in it for commands that ask the server instead of opening its files.

A note outlives its server, and what listens there later may be another's. So it has the name that the server made up
for itself at its start, and that it tells with each answer: whoever answers with that name wrote the note.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from wharfinger_server.config import Address, Settings

log = logging.getLogger(__name__)
_FILE = "server.address"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a server may listen, not where we do


@dataclass(frozen=True, slots=True)
class Noted:
    """What a server noted: its `address`, as a client takes it, and its `instance`, the name it tells with answers."""

    address: str
    instance: str


def note(settings: Settings, address: Address, instance: str) -> None:
    """Write down where this process's server listens; that it can't be written harms nothing but a convenience."""
    reached = Address(_EVERYWHERE.get(address.host, address.host), address.port, address.path)
    scheme = "https://" if settings.tls.cert and not address.path else ""
    try:
        partial = settings.data_dir / f"{_FILE}.part"
        partial.write_text(f"{scheme}{reached}\n{instance} {_database(settings)}\n")
        partial.replace(settings.data_dir / _FILE)
    except OSError as error:
        log.warning("where the server listens can't be noted in %s: %s", settings.data_dir, error.strerror)


def noted(settings: Settings) -> Noted | None:
    """Return what the last server of the data folder and of these settings' database noted, None where none did."""
    try:
        address, _, proof = (settings.data_dir / _FILE).read_text().strip().partition("\n")
    except OSError:
        return None
    instance, _, database = proof.partition(" ")
    return Noted(address, instance) if database in ("", _database(settings)) else None


def _database(settings: Settings) -> str:
    """Return what tells databases apart, and tells nothing of the one it is of."""
    return hashlib.sha256(settings.database_url.encode()).hexdigest()[:16]
