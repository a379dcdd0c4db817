"""The engine as a whole: its parts put together, started and ended."""

from __future__ import annotations

import asyncio
import logging

from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import SealKeys, Settings
from wharfinger_server.domain.errors import Refused
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.executors import Executors, OnHealth
from wharfinger_server.engine.execution.heartbeat import LeaseHeartbeat
from wharfinger_server.engine.execution.progress_writer import ProgressWriter
from wharfinger_server.engine.execution.pruner import Pruner
from wharfinger_server.engine.execution.rescuer import Rescuer
from wharfinger_server.engine.execution.retrying_store import RetryingStore
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.params.sealing import Vault
from wharfinger_server.engine.scheduling.firing import Scheduler
from wharfinger_server.engine.scheduling.schedules import Schedules
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.use_cases.admission import Admission
from wharfinger_server.engine.use_cases.budgets import Budgets
from wharfinger_server.engine.use_cases.estimates import Estimates, PriceBook
from wharfinger_server.engine.use_cases.leftovers import Leftovers
from wharfinger_server.engine.use_cases.listing import Listing
from wharfinger_server.engine.use_cases.remediation import Remediation
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.engine.use_cases.views import TaskViews
from wharfinger_server.engine.use_cases.watches import Watches
from wharfinger_server.engine.use_cases.workers import Workers
from wharfinger_server.engine.watching.broadcast import Broadcast
from wharfinger_server.engine.watching.wakeup import Alarms
from wharfinger_server.engine.watching.watch import WatchLimit
from wharfinger_server.pricing import Pricing
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

ENDING = "ending"
"""What is noted when a server is asked to end, so that the next one does not take its end for a crash."""

NOTING = 2.0
"""Seconds that an orderly end waits for the database to take note of it."""


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
        self._life = Lifecycle(settings.retention.ended, limits.lease_ttl)
        self._alarms = Alarms(self.clock)
        self._hub = Broadcast(self._alarms)
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
        self.heartbeat = LeaseHeartbeat(store, self.dispatcher, self.clock, limits.lease_ttl)
        self.pruner = Pruner(store, self._life, self.clock, settings.retention.tombstones)
        self._background: list[asyncio.Task[None]] = []
        environment = Environment(settings.stores, settings.profiles, settings.packages)
        showing = TaskViews(store, self.scripts, self.dispatcher)
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
        self.scheduler = Scheduler(store, self.tasks, self._alarms)
        self.schedules = Schedules(store, self.tasks, self.scheduler, self.clock, limits)
        self.leftovers = Leftovers(store, self.clock)
        self.budgets = Budgets(store, settings.prices.budgets)
        self.remediation = Remediation(store, self.tasks, self.scripts, self._life)
        self.watches = Watches(store, self._hub, showing, WatchLimit(limits.watches))
        self.workers = Workers(self.dispatcher.executors)
        self.listing = Listing(registry, self.scripts, self.dispatcher, self.workers)

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
        self._background = [
            loop.create_task(role.run()) for role in (self.heartbeat, self.rescuer, self.pruner, self.scheduler)
        ]

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
