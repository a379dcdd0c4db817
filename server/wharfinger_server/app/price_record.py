"""Prices without a server: PricingService alone, over the data folder, for the command of this process and nobody else.

It answers on a socket in a folder that only its user can enter, so that commands ask in one way whether a server runs
or not.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from wharfinger.v1 import pricing_service_pb2
from wharfinger_prices.registry import load_sources
from wharfinger_server import __version__
from wharfinger_server.app.data_folder import make_data_dir
from wharfinger_server.config import Settings
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.use_cases.price_queries import PriceDesk
from wharfinger_server.pricing import Pricing
from wharfinger_server.registry import Registry
from wharfinger_server.rpc import service
from wharfinger_server.rpc.calls import Calls
from wharfinger_server.rpc.imports import CatalogImports
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.rpc.pricing import PricingMethods
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)
PRICES = pricing_service_pb2.DESCRIPTOR.services_by_name["PricingService"]


class Owner:
    """Everybody who calls is the user of this process: nobody else can."""

    def __init__(self) -> None:
        try:
            name = getpass.getuser()
        except (OSError, KeyError):
            name = "unknown"
        self._caller = Caller(name)

    def of(self, _context: object) -> Caller:
        """Return who makes the call."""
        return self._caller


class PriceOffice:
    """PricingService over a data folder, in a thread of its own, while in its `with` block.

    Entering raises what opening the database raises: `store.errors.InUse` where a server has it, `OpenRefused`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, name="wharfinger-prices", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def address(self) -> str:
        """Where it answers, as a client takes it."""
        return self._ready.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _work(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        make_data_dir(self._settings)
        store = await asyncio.to_thread(Store.open, self._settings.database_url, encode=encode_event)
        try:
            pricing = Pricing(store, Registry({}, {}, load_sources()), self._settings)
            with tempfile.TemporaryDirectory(prefix="wharfinger-") as folder:
                server = self._server(pricing, store.schema_version)
                address = f"unix:{Path(folder) / 'prices'}"
                server.add_insecure_port(address)
                await server.start()
                self._ready.set_result(address)
                await self._over.wait()
                await server.stop(None)
            pricing.close()
        finally:
            await store.close()

    def _server(self, pricing: Pricing, schema: str) -> grpc.aio.Server:
        limits = self._settings.limits
        most: Any = limits.message_bytes
        options = [("grpc.max_receive_message_length", most), ("grpc.max_send_message_length", most)]
        server = grpc.aio.server(options=options)
        calls = Calls(
            Owner(), limits.calls, (("wharfinger-server-version", __version__), ("wharfinger-schema", schema))
        )
        desk = PriceDesk(pricing, limits)
        service.add(server, calls, PRICES, PricingMethods(desk, None, limits), CatalogImports(desk))
        return server


def _tell_problem(group: str, name: str, why: str) -> None:
    log.debug("a plug-in can't be used: %s", why, extra={"group": group, "plugin": name})
