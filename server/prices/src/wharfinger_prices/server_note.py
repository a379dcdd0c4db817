"""Where the server of a data folder listens, as it noted in the folder for commands that ask it.

A note outlives its server, and what listens there later may be another's. So it has the name that the server made up
for itself at its start, and that it tells with each answer: whoever answers with that name wrote the note.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FILE = "server.address"


class ServerNote(NamedTuple):
    """What a server noted: its `address`, as a client takes it, and its `instance`, the name it tells with answers."""

    address: str
    instance: str


def noted(data_dir: Path, database_url: str) -> ServerNote | None:
    """Return what the last server of the data folder and of this database noted, None where none did."""
    try:
        address, _, proof = (data_dir / FILE).read_text().strip().partition("\n")
    except OSError:
        return None
    instance, _, database = proof.partition(" ")
    return ServerNote(address, instance) if database in ("", database_mark(database_url)) else None


def database_mark(database_url: str) -> str:
    """Return what tells databases apart, and tells nothing of the one it is of."""
    import hashlib

    return hashlib.sha256(database_url.encode()).hexdigest()[:16]
