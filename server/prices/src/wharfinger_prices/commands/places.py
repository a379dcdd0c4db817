"""Whom the commands ask: the server that is named, the one that has the data folder, or nobody but this process."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wharfinger import Catalog, Client
    from wharfinger.cli.options import Asked
    from wharfinger_server.config import Settings

_PATIENCE = 2.0
"""How long, in seconds, the end of another command on the same data folder is waited for."""
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
    from wharfinger_server.commands.settings import settings_of

    settings = settings_of()
    with ExitStack() as stack:
        yield Place(stack.enter_context(_whom(asked, settings, stack).client()), settings)


def _whom(asked: Asked, settings: Settings, stack: ExitStack) -> Asked:
    """Return whom to ask about the data folder: the server that has the folder, or this process, in `stack`."""
    return _its_server(asked, settings) or _office(asked, settings, stack)


def _its_server(asked: Asked, settings: Settings) -> Asked | None:
    """Return how to ask the server that has the data folder, None where none that answers surely has it.

    Nothing of a server is loaded for that: it takes seconds, and is seldom needed.
    """
    from wharfinger_server.app.whereabouts import noted

    known = noted(settings)
    if known is None or not known.instance or not _listens(known.address):
        return None
    whom = replace(asked, server=known.address)
    return whom if _instance(whom) == known.instance else None


def _listens(address: str) -> bool:
    """Whether anything does at an address of a host, of which a client would need two seconds to be sure."""
    if address.startswith("unix:"):
        return True
    host, _, port = address.removeprefix("https://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, ValueError):
        return False
    return True


def _instance(whom: Asked) -> str:
    """Return the name of the server that answers there, well or not; "" where none does."""
    from wharfinger import Refused, WharfingerError

    with whom.client() as client:
        try:
            return client.server_info().instance
        except Refused as error:
            # It is told with refusals too, which the command itself will hear and tell.
            tell: Callable[[], Any] = getattr(error.__cause__, "trailing_metadata", tuple)
            return str(dict(tell() or ()).get("wharfinger-instance", ""))
        except WharfingerError:
            return ""


def _office(asked: Asked, settings: Settings, stack: ExitStack) -> Asked:
    """Return how to ask this process about the data folder, in `stack`, or else the server that has the folder.

    Where another command has it, its end is waited for a little, and then the user is told.
    """
    from wharfinger_server.app.price_record import PriceOffice
    from wharfinger_server.commands.settings import refuse
    from wharfinger_server.store.errors import InUse, OpenRefused

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            office = stack.enter_context(PriceOffice(settings))
        except InUse as error:
            whom = replace(asked, server=_running(settings, str(error)))
            if _answers(whom):
                return whom
        except OpenRefused as error:
            refuse(str(error))
        else:
            # Not by TLS, whatever WHARFINGER_CA says.
            return replace(asked, server=f"http://{office.address}", token="", ca=None)
        if time.monotonic() > until:
            refuse(
                f"the data folder {settings.data_dir} is in use, and no server answers at {whom.server}; another "
                "`wharfinger prices` is probably at work: run this again when it has ended [PRICES_BUSY]"
            )
        time.sleep(0.1)


def _answers(whom: Asked) -> bool:
    """Whether a server answers there, well or not."""
    from wharfinger import Unreachable, WharfingerError

    with whom.client() as client:
        try:
            client.server_info()
        except Unreachable:
            return False
        except WharfingerError:
            return True
    return True


def names_server(asked: Asked) -> bool:
    """Whether a server was named."""
    return bool(asked.server or os.environ.get("WHARFINGER_SERVER"))


def _running(settings: Settings, why: str) -> str:
    """Return the address of the server that has the data folder."""
    from wharfinger_server.app.whereabouts import noted
    from wharfinger_server.commands.settings import refuse

    known = noted(settings)
    address = known.address if known is not None else settings.server.address
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
