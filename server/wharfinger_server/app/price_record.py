"""The record of catalogues in the server's database, opened for a command of prices while no server runs.

It is found by its entry point (`wharfinger.price_records`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import NoReturn

from wharfinger_prices.record import CatalogRecord, RecordInUse, RecordUnusable
from wharfinger_server import config
from wharfinger_server.app.data_folder import make_data_dir
from wharfinger_server.store.errors import InUse, OpenRefused
from wharfinger_server.store.store import Store


@asynccontextmanager
async def open_record() -> AsyncIterator[CatalogRecord]:
    """Open the database that the server's settings name, and close it afterwards.

    Raises RecordInUse where a server or another command has it, and RecordUnusable.
    """
    packages = {point.name.split(".")[0] for point in entry_points(group="wharfinger.scripts")}
    try:
        settings = config.load(packages=packages)
        make_data_dir(settings)
        store = Store.open(settings.database_url, encode=_no_events)
    except config.ConfigError as error:
        raise RecordUnusable("\n".join(error.problems)) from None
    except InUse as error:
        raise RecordInUse(str(error)) from None
    except OpenRefused as error:
        raise RecordUnusable(str(error)) from None
    try:
        yield store
    finally:
        await store.close()


def _no_events(*_: object) -> NoReturn:
    raise AssertionError("prices write no events of tasks")
