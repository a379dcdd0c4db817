"""Whom the commands ask: the server that is named, the one that has the data folder, or nobody but this process."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wharfinger import Catalog, Client
    from wharfinger.cli.options import Asked
    from wharfinger_server.config import Settings

_LEAST_DIGITS = 4
_DIGITS = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a command asks, by a `client`; `settings` are those of the data folder on this machine, None: none is."""

    client: Client
    settings: Settings | None


@contextmanager
def asking(asked: Asked) -> Iterator[Place]:
    """Give whom to ask: the server that --server or WHARFINGER_SERVER names, otherwise the data folder's own.

    Where no server has the data folder, this process looks after it itself for as long as the command takes.
    """
    if names_server(asked):
        with asked.client() as client:
            yield Place(client, None)
        return
    from wharfinger_server.app.price_office import PriceOffice
    from wharfinger_server.commands.settings import refuse, settings_of
    from wharfinger_server.store.errors import InUse, OpenRefused

    settings = settings_of()
    with ExitStack() as stack:
        try:
            office = stack.enter_context(PriceOffice(settings))
        except InUse as error:
            whom = replace(asked, server=_running(settings, str(error)))
        except OpenRefused as error:
            refuse(str(error))
        else:
            # Not by TLS, whatever WHARFINGER_CA says.
            whom = replace(asked, server=f"http://{office.address}", token="", ca=None)
        yield Place(stack.enter_context(whom.client()), settings)


def names_server(asked: Asked) -> bool:
    """Whether a server was named."""
    return bool(asked.server or os.environ.get("WHARFINGER_SERVER"))


def _running(settings: Settings, why: str) -> str:
    """Return the address of the server that has the data folder."""
    from wharfinger_server.app.whereabouts import noted
    from wharfinger_server.commands.settings import refuse

    address = noted(settings) or settings.server.address
    if address.endswith(":0"):
        refuse(f"{why}\nWhere it listens is not known; name it by --server.")
    return address


def find_catalog(client: Client, name: str) -> Catalog:
    """Return a catalogue by its name, its digest or the beginning of that, or the active one.

    Raises click.UsageError where none or several begin so.
    """
    digits = name.removeprefix("catalogs/").removeprefix("sha256:").lower()
    if digits == "active" or len(digits) == 64:
        return client.catalog(digits)
    if len(digits) < _LEAST_DIGITS or not _DIGITS.fullmatch(digits):
        raise click.UsageError(
            f"{name!r} is no catalogue; give {_LEAST_DIGITS} or more digits of its digest, or active: "
            "`wharfinger prices ls` lists them"
        )
    found = [catalog for catalog in client.catalogs() if catalog.id.startswith(digits)]
    if not found:
        raise click.UsageError(f"no catalogue begins with {digits}; `wharfinger prices ls` lists them")
    if len(found) > 1:
        raise click.UsageError(f"{len(found)} catalogues begin with {digits}; give more of its digits")
    return found[0]
