"""The engine as a whole: its parts put together, started and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import SealKeys, Settings
from wharfinger_server.domain.errors import Refused, invalid
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.execution.attempts import AttemptLimits, Attempts
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.progress_writer import Pulse
from wharfinger_server.engine.execution.queue import Lane
from wharfinger_server.engine.execution.recovery import ENDING, expire, recover, renew_leases
from wharfinger_server.engine.execution.retrying_store import PatientStore
from wharfinger_server.engine.execution.session import AttemptSession, Decide
from wharfinger_server.engine.execution.suspects import Suspects
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
from wharfinger_server.sdk.executor import Job
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

OnHealth = Callable[[str, bool, str], None]

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


class _Desk:
    """What sessions and executors tell the engine, from any thread; implements session.Desk and sdk.executor.Host."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop, life: Life, store: PatientStore) -> None:
        self.life = life
        self.clock = engine.clock
        self._engine = engine
        self._loop = loop
        self._store = store

    async def change(self, task_id: int, decide: Decide) -> Any:
        return await self._store.change(task_id, decide)

    def change_blocking(self, task_id: int, decide: Decide) -> Any:
        return self._store.change_blocking(task_id, decide)

    def ended(self, attempt: Attempt, task: Task) -> None:
        self._tell(self._engine.dispatcher.attempts.ended, attempt, task)

    def revived(self, task: Task) -> None:
        self._tell(self._engine.dispatcher.consider, task)

    def module(self, job: Job) -> ModuleType:
        return self._engine.scripts.module(job.assignment.script, job.version)

    def freed(self, job: Job) -> None:
        self._tell(self._engine.dispatcher.attempts.freed, job)

    def lost(self, job: Job, reason: str) -> None:
        self._tell(self._engine.dispatcher.attempts.lost, job, reason)

    def blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        self._tell(self._engine.executor_blocked, jobs, seconds, culprit)

    def _tell(self, act: Callable[..., None], *what: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act, *what)


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
        limits = settings.limits
        self._store = store
        self._registry = registry
        self._settings = settings
        self._on_health = on_health
        self._life = Life(settings.retention.ended, limits.lease_ttl)
        self.clock = clock or Clock(store.steady.read)
        self._alarms = Alarms(self.clock)
        self._hub = Hub(self._alarms)
        environment = Environment(settings.stores, settings.profiles, settings.packages)
        scripts = self.scripts = Scripts(registry)
        self.scripts = scripts
        worker = f"{socket.gethostname()}:{os.getpid()}"
        times = AttemptLimits(limits.cancel_grace, limits.find_timeout, limits.log_bytes)
        patient = PatientStore(store, self.clock)
        attempts = Attempts(patient, scripts, self._life, environment, times, worker, self.clock)
        self._vault = Vault(SealKeys(settings.seal_key_file, settings.sealing.key_command))
        suspects = Suspects(self._tell_suspects, limits.suspect_time, self.clock.steady)
        lanes = self._make_lanes()
        self.dispatcher = Dispatcher(patient, scripts, self._life, lanes, attempts, self._vault, suspects, self._alarms)
        self._pulse = Pulse(store, self._hub, lambda attempt: AttemptSession(attempts.desk, attempt), self.clock)
        attempts.stirred = self._pulse.stirred
        showing = Showing(store, scripts, self.dispatcher, self.clock)
        admission = Admission(
            store,
            registry,
            scripts,
            self._vault,
            environment,
            settings.server.default_executor,
            limits.params_bytes,
            self.clock,
        )
        prices = pricing or Pricing(store, registry, settings)
        self.estimates = Estimates(store, scripts, admission, prices, environment, settings.prices.budgets)
        self.tasks = Tasks(
            store,
            admission,
            self.estimates,
            self.dispatcher,
            self._life,
            self._hub,
            showing,
            limits,
        )
        self.half_way = HalfWay(store, self.tasks, scripts, self._life)
        self.watches = Watches(store, self._hub, showing, Doorkeeper(limits.watches))
        self.listing = Listing(registry, scripts, self.dispatcher)
        self._background: list[asyncio.Task[None]] = []

    def _make_lanes(self) -> dict[str, Lane]:
        lanes = {}
        for name, plugin in self._registry.executors.items():
            try:
                executor = plugin.cls(self._settings.executors.get(name, {})) if plugin.cls else None
                lanes[name] = Lane(name, executor, plugin.broken)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever a plug-in raises, the others are to be started
                log.warning("executor %s is not available: %s", name, error)
                lanes[name] = Lane(name, None, str(error))
        return lanes

    async def start(self) -> None:
        """Start the executors, take up what an earlier server left, and begin to lease."""
        loop = asyncio.get_running_loop()
        desk = _Desk(self, loop, self._life, self.dispatcher.store)
        self.dispatcher.attempts.desk = desk
        if self._settings.prices.budgets:
            await self._store.keep_budgets(self._settings.prices.budgets)
        self._hub.start()
        self._pulse.start()
        self._store.on_commit = self._hub.committed
        for name, lane in self.dispatcher.lanes.items():
            if lane.executor is None:
                self._on_health(f"executor/{name}", False, lane.reason)
                continue
            try:
                await lane.executor.start(desk)
            except (KeyboardInterrupt, asyncio.CancelledError):
                raise
            except BaseException as error:
                log.exception("executor %s did not start", name)
                lane.executor, lane.reason = None, f"it did not start: {error}"
                self._on_health(f"executor/{name}", False, lane.reason)
            else:
                self._on_health(f"executor/{name}", True, "")
        for key, tasks in self._vault.missing(await self._store.seal_keys()).items():
            log.warning("%d tasks have params sealed under the key %s, not in %s", tasks, key, self._vault.place)
        orderly = bool(await self._store.noted(ENDING))
        lost = await recover(self._store, self.scripts, self.dispatcher, orderly=orderly)
        if orderly:
            await self._store.note(ENDING, "")
        if lost:
            log.warning("%d attempts were lost with the server before this one", lost)
        self.dispatcher.open()
        ttl, tombstones = self._settings.limits.lease_ttl, self._settings.retention.tombstones
        self._background = [
            loop.create_task(renew_leases(self._store, self.scripts, self.dispatcher, ttl, self.clock)),
            loop.create_task(expire(self._store, self._life, tombstones, self.clock)),
        ]

    def executor_blocked(self, jobs: tuple[Job, ...], seconds: float, culprit: str) -> None:
        """Hear that an executor has been held up (or, with 0 seconds, that it moves again)."""
        names = {self.dispatcher.attempts.lane_of(job) for job in jobs} - {""}
        for name in names:
            self._on_health(f"executor/{name}", seconds == 0, culprit if seconds else "")
        if seconds:
            log.warning("%s held up for %.1f s by %s", ", ".join(sorted(names)) or "an executor", seconds, culprit)
            for job in jobs:
                job.session.log(3, f"the executor is held up for {seconds:.1f} s by {_told_to(job, jobs[0], culprit)}")

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

    def _tell_suspects(self, why: str) -> None:
        for name, lane in self.dispatcher.lanes.items():
            if lane.shares_process:
                self._on_health(f"executor/{name}", not why, why)

    async def stop(self) -> None:
        """Stop everything; the store stays open."""
        for chore in self._background:
            chore.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.dispatcher.close(0)
        for lane in self.dispatcher.lanes.values():
            if lane.executor is not None:
                await lane.executor.stop(0.1)  # what runs had its grace in `drain`
        await self._pulse.close()
        self._alarms.stop()


def _told_to(job: Job, first: Job, culprit: str) -> str:
    """Return what a job's task may hear of what holds it up: of other projects neither a task's name nor its code."""
    name = first.assignment.task
    if not culprit.startswith(f"{name} at "):
        return "something else that runs there"
    return culprit if _project(job) == _project(first) else "another task"


def _project(job: Job) -> str:
    return job.assignment.task.partition("/tasks/")[0]
