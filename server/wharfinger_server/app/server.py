"""The server's life: where everything meets, begins, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable

import grpc

from wharfinger_server import __version__
from wharfinger_server.app import core_dumps, listener, web, whereabouts
from wharfinger_server.app.data_folder import make_data_dir
from wharfinger_server.app.descriptors import Descriptors, raise_limit
from wharfinger_server.app.health import Health
from wharfinger_server.app.loading import Watch
from wharfinger_server.app.notify import notify
from wharfinger_server.app.reloading import reload_scripts
from wharfinger_server.app.web import Web
from wharfinger_server.config import Address, Settings
from wharfinger_server.domain.errors import Refused, Unavailable
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.engine import Engine
from wharfinger_server.pricing import Pricing
from wharfinger_server.registry import SCRIPTS, Registry, ScriptPlugin
from wharfinger_server.registry.script_files import ScriptFiles
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.store.databases.forked import keep_from_children, of_port
from wharfinger_server.store.errors import NotWritable
from wharfinger_server.store.store import Pace, Store

log = logging.getLogger(__name__)

OnReady = Callable[[Address, str], None]
"""Hears the bound address, and the gateway's URL, "" without one."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# How long answers that are ready may take to leave once everything else has ended.
_LAST_ANSWERS = 2.0
# Seconds within which two signals are one.
_ONE_WISH = 0.5
# How often the database is asked whether it is well.
_STORE_CHECK = 2.0


class Server:
    """One server, from opening its database to closing it. `instance` is its name for this one life."""

    def __init__(self, settings: Settings, store: Store, registry: Registry) -> None:
        self._settings = settings
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._chores: list[asyncio.Task[None]] = []
        self.instance = secrets.token_hex(8)
        self.health = Health()
        self.pricing = Pricing(store, registry, settings)
        self.engine = Engine(store, registry, settings, self._on_health, self.pricing)
        self._listener = listener.make(
            settings, self.engine, self.pricing, self.health, store.schema_version, self.instance
        )
        self.grpc: grpc.aio.Server = self._listener.server
        self._web: Web | None = None

    async def start(self) -> Address:
        """Start everything and return the bound address. Raises NotListening, with everything ended again."""
        if self._settings.gateway.address:
            self._web = web.open_gateway(self._settings, self._listener, self.engine, self._store, self.health)
        address = listener.open_port(self.grpc, self._settings)
        keep_from_children(lambda: of_port(address.port, address.path))
        await self.pricing.open()
        await self.engine.start()
        await self.grpc.start()
        if self._web is not None:
            self._web.start()
        self._set_ours(serving=True)
        self._chores.append(self._loop.create_task(self._check_store()))
        self._chores.append(self._loop.create_task(self._listener.knowing.watch(self._listener.calls.recheck)))
        return address

    def reload(self, files: ScriptFiles) -> None:
        """Take scripts that are edited from now on."""
        log.warning("scripts in %s are taken as they are edited: for development only", files.place)
        self._chores.append(self._loop.create_task(reload_scripts(files, self.engine.scripts)))

    @property
    def gateway(self) -> str:
        """The gateway's URL, "" without one."""
        return self._web.url if self._web is not None else ""

    async def drain(self) -> None:
        """End in order: say so, take no more calls, end watches with their positions, give scripts their time."""
        grace = self._settings.server.drain_grace / SECOND
        self.health.end()
        for chore in self._chores:
            chore.cancel()
        if self._web is not None:
            self._web.drain()
        stopping = asyncio.ensure_future(self.grpc.stop(grace + _LAST_ANSWERS))
        await self.engine.drain(grace)
        await self.grpc.stop(_LAST_ANSWERS)
        if self._web is not None:
            await self._web.stop()
        await stopping
        await asyncio.to_thread(self._listener.knowing.note)
        await self.engine.stop()
        self.pricing.close()

    def _set_ours(self, *, serving: bool) -> None:
        for name in ("", *listener.OURS):
            self.health.set(name, serving=serving)

    async def _check_store(self) -> None:
        """Serve nothing while the database does not answer; see that there are descriptors left."""
        well = True
        descriptors = Descriptors()
        while True:
            await asyncio.sleep(_STORE_CHECK)
            descriptors.look()
            try:
                await self._store.health()
                why = ""
            except Refused as refused:
                why = refused.message
            if why and well:
                log.warning("the database is not well: %s", why)
            if well is bool(why):
                self._set_ours(serving=not why)
            well = not why

    def _on_health(self, part: str, well: bool, why: str) -> None:
        """Hear from the engine, from any thread, how a part of it is."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self._on_health, part, well, why)
            return
        self.health.set(part, serving=well)
        if not well:
            log.warning("%s is not well: %s", part, why)


async def serve(
    settings: Settings, on_ready: OnReady, files: ScriptFiles | None = None, *, reload: bool = False
) -> int:
    """Run a server until a signal ends it, and return the process's exit code. `on_ready` hears where it serves.

    `files` are scripts beside those that are installed; with `reload` edits of them are taken without a restart.

    The first SIGTERM or SIGINT ends it in order, a second one at once.

    Raises:
        OpenRefused: the database can't be used; NotListening: the port can't be opened.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    ended = _Signals(told)
    core_dumps.forbid()
    raise_limit()
    watch = Watch()
    registry = Registry.load(_tell_problem, watch.each)
    if files is not None:
        registry = registry.beside(_of_files(files, watch))
    watch.close()
    # Only now: a plug-in may have set its own.
    ended.listen(loop)
    make_data_dir(settings)
    pace = Pace(deadline=settings.store.deadline / SECOND)
    store = await asyncio.to_thread(Store.open, settings.database_url, encode=encode_event, pace=pace)
    try:
        server = Server(settings, store, registry)
        if files is not None and reload:
            server.reload(files)
        try:
            address = await server.start()
            ended.listen(loop)  # executors are plug-ins too
        except Unavailable as error:
            raise NotWritable(error.message) from error
        facts = {"address": str(address), "version": __version__, "pid": os.getpid()}
        log.info("serving", extra=facts | ({"gateway": server.gateway} if server.gateway else {}))
        _warn_if_open(settings, address)
        whereabouts.note(settings, address, server.instance)
        on_ready(address, server.gateway)
        notify("READY=1")
        await told.wait()
        notify("STOPPING=1")
        log.info("draining", extra={"signal": ended.name})
        await server.drain()
    finally:
        await store.close()
    log.info("ended")
    return 0


class _Signals:
    """Hears the signals that end the server."""

    def __init__(self, told: asyncio.Event) -> None:
        self._told = told
        self._at = 0.0
        self.name = ""

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of signals from now on, whatever was done about them before."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.hear, number)

    def hear(self, number: signal.Signals) -> None:
        if self._told.is_set():
            # Supervisors tell the process and then its group: the same wish twice.
            if time.monotonic() - self._at < _ONE_WISH:
                return
            log.warning("ended at once by a second signal; what ran is taken up again by the next server")
            logging.shutdown()
            os._exit(128 + number)
        self.name = signal.Signals(number).name
        self._at = time.monotonic()
        self._told.set()


def _of_files(files: ScriptFiles, watch: Watch) -> list[ScriptPlugin]:
    plugins = files.load(watch.each)
    for plugin in plugins:
        if plugin.broken:
            _tell_problem(SCRIPTS, plugin.name, plugin.broken)
    return plugins


def _tell_problem(group: str, name: str, why: str) -> None:
    log.warning("a plug-in can't be used: %s", why, extra={"group": group, "plugin": name})


def _warn_if_open(settings: Settings, address: Address) -> None:
    if not address.loopback and not (settings.tls.cert and settings.authenticates):
        log.warning("other machines can reach this server without encryption or without showing who they are")
