"""Where the prices are that a command is about: with a server that is asked, or in the folder of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.ending import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from wharfinger_prices.commands.options import Asked
    from wharfinger_prices.commands.progress import Progress
    from wharfinger_prices.commands.shown import ShownActivation, ShownCatalog, ShownPrice
    from wharfinger_prices.importing.request import ImportRequest
    from wharfinger_prices.lookup.stack import Stack
    from wharfinger_prices.settings.price_settings import FolderSettings

_PATIENCE = 2.0
"""How long, in seconds, the end of another command on the same data folder is waited for."""
_LEAST_DIGITS = 4
_HEXADECIMAL = frozenset("0123456789abcdef")


class Place(Protocol):
    """The prices of a server or of a folder. What refuses raises `errors.Refused`, or what the client raises.

    `folder` are the settings of this machine's folder, None where the prices are another machine's.
    """

    folder: FolderSettings | None
    has_none: tuple[type[Exception], ...]
    """What `price` raises where no price fits, or several do."""

    def catalogs(self, source: str = "") -> Iterator[ShownCatalog]:
        """Tell the catalogues, of a source or of all, the newest import first."""

    def catalog(self, digest: str, source: str = "") -> ShownCatalog:
        """Return a catalogue by its digest, or the one that is "active": of a source, or what became active last."""

    def activations(self, source: str = "") -> Iterator[ShownActivation]:
        """Tell which catalogues became active, of a source or of all, the newest first."""

    def activate(self, digest: str, reason: str, *, override_checks: bool) -> ShownCatalog:
        """Make a catalogue the active one of its source, and return it."""

    def import_catalog(
        self, file: Path | None, request: ImportRequest, on_progress: Callable[[Progress], None]
    ) -> ShownCatalog:
        """Import a file, a folder of pages, or (None) what the request says to fetch; return the catalogue."""

    def price(
        self,
        provider: str,
        region: str,
        sku: str,
        *,
        category: str,
        term: str,
        currency: str,
        unit: str,
        catalog: str = "",
    ) -> ShownPrice:
        """Return the price that fits, from the first layer that knows one, or in the catalogue of a digest."""

    def prices(self, catalog: str) -> Iterator[ShownPrice]:
        """Tell all prices, of a catalogue by its digest, in the order of provider, region and sku."""

    def stack(self) -> Stack:
        """Return the layers that prices are looked up in, the project's own first."""


@contextmanager
def asking(asked: Asked) -> Iterator[Place]:
    """Give the place: the server that --server or WHARFINGER_SERVER names, otherwise this machine's data folder.

    Where a server has the data folder it is asked; otherwise this process looks after the folder itself for as long as
    the command takes.
    """
    with ExitStack() as stack:
        if names_server(asked):
            yield stack.enter_context(_server(asked, None))
        else:
            settings = folder_settings()
            running = _its_server(asked, settings)
            yield stack.enter_context(_server(running, settings)) if running else _folder(asked, settings, stack)


def names_server(asked: Asked) -> bool:
    """Whether a server was named."""
    return bool(asked.server or os.environ.get("WHARFINGER_SERVER"))


def folder_settings() -> FolderSettings:
    """Return the settings of this machine's folder, or end with what is wrong with them."""
    from wharfinger_prices.settings.gather import ConfigError
    from wharfinger_prices.settings.price_settings import load

    try:
        return load()
    except ConfigError as error:
        refuse(*error.problems)


def has_client() -> bool:
    """Whether the client is installed, by which servers are asked."""
    from importlib.util import find_spec

    return find_spec("wharfinger") is not None


def _server(asked: Asked, folder: FolderSettings | None) -> AbstractContextManager[Place]:
    if not has_client():
        raise click.UsageError(
            "a server is asked by the client, which is not installed here: install the distribution wharfinger, or "
            "leave --server and WHARFINGER_SERVER out to work on this machine's folder"
        )
    from wharfinger_prices.commands.server_place import server_place

    return server_place(asked, folder)


def _its_server(asked: Asked, settings: FolderSettings) -> Asked | None:
    """Return how to ask the server that has the data folder, None where none that answers surely has it.

    Nothing of a server is loaded for that: it takes seconds, and is seldom needed.
    """
    from wharfinger_prices.server_note import noted

    known = noted(settings.data_dir, settings.database_url)
    if known is None or not known.instance or not _listens(known.address):
        return None
    if not has_client():
        refuse(
            f"a server at {known.address} has the data folder {settings.data_dir}, and the client by which it is asked "
            "is not installed here: install the distribution wharfinger, or name another folder by WHARFINGER_DATA_DIR"
        )
    from wharfinger_prices.commands.server_place import instance

    whom = replace(asked, server=known.address)
    return whom if instance(whom) == known.instance else None


def _listens(address: str) -> bool:
    """Whether anything does at an address of a host, of which a client would need two seconds to be sure."""
    if address.startswith("unix:"):
        return True
    import socket

    host, _, port = address.removeprefix("https://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def _folder(asked: Asked, settings: FolderSettings, stack: ExitStack) -> Place:
    """Return the data folder, opened in `stack`, or else the server that has it.

    Where another command has it, its end is waited for a little, and then the user is told.
    """
    from wharfinger_prices.commands.folder_place import folder_place
    from wharfinger_prices.record import RecordInUse, RecordUnusable

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return stack.enter_context(folder_place(settings, _project(asked)))
        except RecordInUse as error:
            whom = replace(asked, server=_running(settings, str(error)))
            if has_client() and _answers(whom):
                return stack.enter_context(_server(whom, settings))
        except RecordUnusable as error:
            refuse(str(error))
        if time.monotonic() > until:
            refuse(
                f"the data folder {settings.data_dir} is in use, and no server answers at {whom.server}; another "
                "`wharfinger prices` is probably at work: run this again when it has ended [PRICES_BUSY]"
            )
        time.sleep(0.1)


def _project(asked: Asked) -> str:
    return asked.project or os.environ.get("WHARFINGER_PROJECT") or "default"


def _answers(whom: Asked) -> bool:
    from wharfinger_prices.commands.server_place import answers

    return answers(whom)


def _running(settings: FolderSettings, why: str) -> str:
    """Return the address of the server that has the data folder."""
    from wharfinger_prices.server_note import noted

    known = noted(settings.data_dir, settings.database_url)
    address = known.address if known is not None else settings.server_address
    if address.endswith(":0"):
        refuse(f"{why}\nWhere it listens is not known; name it by --server.")
    return address


def find_catalog(place: Place, name: str, source: str = "") -> ShownCatalog:
    """Return a catalogue by its name, its digest or the beginning of that, or the active one of a source by its name.

    "active" is the active one of `source`, without that what became active last. Raises click.UsageError where none or
    several begin so.
    """
    digits = name.removeprefix("catalogs/").removeprefix("sha256:").lower()
    if digits == "active" or len(digits) == 64:
        return place.catalog(digits, source if digits == "active" else "")
    named = [one for one in shown.active(place.catalogs()) if one.source == name]
    if named:
        return named[0]
    if len(digits) < _LEAST_DIGITS or not _HEXADECIMAL.issuperset(digits) or len(digits) > 64:
        raise click.UsageError(
            f"{name!r} is no catalogue; give {_LEAST_DIGITS} or more digits of its digest, a source, or active: "
            "`wharfinger prices ls` lists them"
        )
    found = [catalog for catalog in place.catalogs() if catalog.id.startswith(digits)]
    if not found:
        raise click.UsageError(f"no catalogue begins with {digits}; `wharfinger prices ls` lists them")
    if len(found) > 1:
        raise click.UsageError(f"{len(found)} catalogues begin with {digits}; give more of its digits")
    return found[0]
