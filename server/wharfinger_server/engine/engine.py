"""The engine as a whole: its parts put together, started and ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import SealKeys, Settings
from wharfinger_server.domain.errors import Refused, invalid
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.executors import Executors, OnHealth
from wharfinger_server.engine.execution.heartbeat import Heartbeat
from wharfinger_server.engine.execution.progress_writer import ProgressWriter
from wharfinger_server.engine.execution.pruner import Pruner
from wharfinger_server.engine.execution.rescuer import Rescuer
from wharfinger_server.engine.execution.retrying_store import RetryingStore
from wharfinger_server.engine.interface.filters import FEED_FIELDS, parse
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.requests import Caller, task_not_found
from wharfinger_server.engine.interface.task_view import Shown
from wharfinger_server.engine.lifecycle.lifecycle import Life
from wharfinger_server.engine.params.sealing import Vault
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.use_cases.admission import Admission
from wharfinger_server.engine.use_cases.estimates import Estimates, PriceBook
from wharfinger_server.engine.use_cases.listing import Listing
from wharfinger_server.engine.use_cases.remediation import HalfWay
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.engine.use_cases.views import Showing
from wharfinger_server.engine.watching.broadcast import Hub
from wharfinger_server.engine.watching.positions import FeedTokens
from wharfinger_server.engine.watching.project_watch import Feed, FeedUpdate, watch_project
from wharfinger_server.engine.watching.task_watch import Doorkeeper, TaskWatches, Update, heartbeat_interval
from wharfinger_server.engine.watching.wakeup import Alarms
from wharfinger_server.pricing import Pricing
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

ENDING = "ending"
"""What is noted when a server is asked to end, so that the next one does not take its end for a crash."""

NOTING = 2.0
"""Seconds that an orderly end waits for the database to take note of it."""

READING = 32
"""How many watches read their task at once."""


class Watches:
    """Opens watches and ends them when the server does."""

    def __init__(self, store: Store, hub: Hub, showing: Showing, doorkeeper: Doorkeeper) -> None:
        self._store = store
        self._hub = hub
        self._showing = showing
        self._door = doorkeeper
        self._tasks = TaskWatches(hub, store, self._show, doorkeeper)
        self._reading = asyncio.Semaphore(READING)

    def watch_task(
        self, caller: Caller, project: str, task_id: str, after_sequence: int, heartbeat: int, resume_token: bytes = b""
    ) -> AsyncIterator[Update]:
        """Watch a task after a sequence or a resume token; `heartbeat` is in microseconds, 0 for the usual one."""
        if after_sequence < 0:
            raise invalid("after_sequence", "it is negative")
        if not caller.may_see(project):
            raise task_not_found(project, task_id)
        return self._tasks.watch(project, task_id, after_sequence, heartbeat_interval(heartbeat), resume_token)

    async def _show(self, project: str, task_id: str) -> Shown:
        """Read a task afresh, for a few watches at a time: thousands may begin at once."""
        async with self._reading:
            task = await self._store.task(project, task_id)
            if task is None:
                raise task_not_found(project, task_id)
            return await self._showing.show(task)

    async def watch_project(
        self,
        caller: Caller,
        project: str,
        filter: str,  # noqa: A002 - the API's own word
        resume_token: bytes,
        heartbeat: int,
    ) -> AsyncIterator[FeedUpdate]:
        """Watch all tasks of a project that match a filter, from now on or after a resume token."""
        with self._door:
            check_project(caller, project)
            conditions = parse(filter, FEED_FIELDS)
            feed = Feed(project, conditions, FeedTokens(self._store.incarnation, project, filter))
            interval = heartbeat_interval(heartbeat)
            async for update in watch_project(self._hub, self._store, feed, resume_token, self._showing.show, interval):
                yield update

    async def close(self) -> None:
        """End every watch with its position, and open no more."""
        self._door.closing = True
        self._hub.close()


class Engine:
    """Tasks, watches and listings over one store and one registry. `on_health(part, well, why)` hears of trouble.

    `pricing` is where prices are looked up, None: a Pricing of its own. `clock` is what all that waits goes by, None:
    this machine's time of day and the store's steady clock; another one must have the store's steady clock, too.

    Raises ConfigError where the keys that seal params can't be read.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        settings: Settings,
        on_health: OnHealth,
        pricing: PriceBook | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock(store.steady.read)
        self.scripts = Scripts(registry)
        self._store = store
        self._settings = settings
        limits = settings.limits
        self._life = Life(settings.retention.ended, limits.lease_ttl)
        self._alarms = Alarms(self.clock)
        self._hub = Hub(self._alarms)
        self._progress = ProgressWriter(store, self._hub, self.clock)
        self._vault = Vault(SealKeys(settings.seal_key_file, settings.sealing.key_command))
        self.dispatcher = Dispatcher(
            RetryingStore(store, self.clock),
            self.scripts,
            self._life,
            Executors(registry, settings.executors, on_health),
            self._vault,
            self._alarms,
            self._progress,
            settings,
        )
        self.rescuer = Rescuer(store, self.scripts, self._life, self.dispatcher, self.clock, limits.lease_ttl)
        self._heartbeat = Heartbeat(store, self.dispatcher, self.clock, limits.lease_ttl)
        self._pruner = Pruner(store, self._life, self.clock, settings.retention.tombstones)
        self._background: list[asyncio.Task[None]] = []
        environment = Environment(settings.stores, settings.profiles, settings.packages)
        showing = Showing(store, self.scripts, self.dispatcher)
        admission = Admission(
            store,
            registry,
            self.scripts,
            self._vault,
            environment,
            settings.server.default_executor,
            limits.params_bytes,
            self.clock,
        )
        prices = pricing or Pricing(store, registry, settings)
        self.estimates = Estimates(store, self.scripts, admission, prices, environment, settings.prices.budgets)
        self.tasks = Tasks(store, admission, self.estimates, self.dispatcher, self._life, self._hub, showing, limits)
        self.half_way = HalfWay(store, self.tasks, self.scripts, self._life)
        self.watches = Watches(store, self._hub, showing, Doorkeeper(limits.watches))
        self.listing = Listing(registry, self.scripts, self.dispatcher)

    async def start(self) -> None:
        """Start the executors, take up what an earlier server left, and begin to lease."""
        loop = asyncio.get_running_loop()
        if self._settings.prices.budgets:
            await self._store.keep_budgets(self._settings.prices.budgets)
        self._hub.start()
        self._progress.start()
        self._store.on_commit = self._hub.committed
        await self.dispatcher.start()
        for key, tasks in self._vault.missing(await self._store.seal_keys()).items():
            log.warning("%d tasks have params sealed under the key %s, not in %s", tasks, key, self._vault.place)
        orderly = bool(await self._store.noted(ENDING))
        lost = await self.rescuer.take_over(orderly=orderly)
        if orderly:
            await self._store.note(ENDING, "")
        if lost:
            log.warning("%d attempts were lost with the server before this one", lost)
        self.dispatcher.open()
        self._background = [loop.create_task(role.run()) for role in (self._heartbeat, self.rescuer, self._pruner)]

    async def drain(self, grace: float) -> None:
        """End watches with their positions and give what runs `grace` seconds."""
        await self._note_ending()
        await self.watches.close()
        await self.dispatcher.close(grace)

    async def _note_ending(self) -> None:
        """Say to the next server that this one was asked to end, so that no script is suspected of having ended it."""
        try:
            async with asyncio.timeout(NOTING):
                await self._store.note(ENDING, "asked")
        except (Refused, TimeoutError) as error:
            why = error.message if isinstance(error, Refused) else "the database does not answer"
            log.warning("the next server may take this end for a crash: %s", why)

    async def stop(self) -> None:
        """Stop everything; the store stays open."""
        for chore in self._background:
            chore.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.dispatcher.close(0)
        await self.dispatcher.stop_executors()
        await self._progress.close()
        self._alarms.stop()
