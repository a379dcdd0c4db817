"""The simulated house: the real store and engine, an executor on the simulation's loop, and how they part."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tests.campaigns.sim.decision import ENGINE, Before, Who
from tests.campaigns.sim.lives import ALWAYS, LIFE, Life, graveyard
from tests.campaigns.sim.programs import SCRIPT
from tests.campaigns.sim.trouble import TroubledDatabase
from tests.campaigns.sim.unsent import NOISE

from wharfinger import runtime
from wharfinger.runtime import protocol
from wharfinger.script import inspect
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.engine import Engine
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.registry import ExecutorPlugin, Registry, ScriptPlugin
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.sdk.executor import Executor, Host, Job
from wharfinger_server.store.commit.books import Books
from wharfinger_server.store.store import Committed, InlineRunner, Store, UnitOfWork

if TYPE_CHECKING:
    from tests.campaigns.sim.world import World

T = TypeVar("T")
WHO: contextvars.ContextVar[tuple[Who, asyncio.Task[Any] | None]] = contextvars.ContextVar(
    "who", default=(ENGINE, None)
)


class Down(Exception):
    """The server died, or is not there."""


class WatchedStore(Store):
    """The store, with a look at each decision before and after it, and at each commit."""

    world: World
    trouble: TroubledDatabase

    async def change(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Do as the store does."""
        who, asking = WHO.get()
        if who.epoch and asking is not asyncio.current_task():
            who = ENGINE  # what the engine does in the wake of a report is its own

        def watched(work: UnitOfWork) -> T:
            before = Before.of(work.task)
            result = decide(work)
            self.world.trace.decided(work, before, who)
            return result

        return await super().change(task_id, watched)

    @property
    def on_commit(self) -> Any:
        """What hears of commits."""
        return self._writer.on_commit

    @on_commit.setter
    def on_commit(self, hear: Any) -> None:
        life = LIFE.get()

        def heard(batch: Sequence[Committed]) -> None:
            self.world.trace.committed(batch)
            hear(batch)
            if not life.step():
                self.abandon()

        self._writer.on_commit = heard

    def abandon(self) -> None:
        """Do as a process that is killed."""
        self._writer.closed = True
        self._writer._queue.clear()  # nobody may write what a dead server had queued
        self.trouble.die()

    def drop(self) -> None:
        """Give the database back."""
        self.abandon()
        self._database.rollback()
        self._database.close()


class Server:
    """One life of the server."""

    def __init__(self, world: World, number: int) -> None:
        self.life = Life(f"server {number}")
        self.waiting: dict[asyncio.Future[Any], None] = {}
        self._world = world
        store = self.life.context().run(self._open, world.path)
        self.store = store
        self.engine = Engine(
            store, world.registry, world.settings, _on_health, clock=Clock(store.steady.read, world.clocks.wall)
        )
        graveyard.append(self.engine)

    def _open(self, path: Path) -> WatchedStore:
        store = WatchedStore.open(
            f"sqlite:///{path}",
            encode=encode_event,
            runner=InlineRunner(),
            clock=self._world.clocks.wall,
            steady=self._world.clocks.steady(),
        )
        assert isinstance(store, WatchedStore)
        store.world = self._world
        if self._world.seed % 2 == 0:  # ledgers are short here: in every other history they are kept all the same
            store._writer._books = Books(least=1)
        store.trouble = TroubledDatabase(self._world, store)
        return store

    def ask(self, act: Callable[[Server], Awaitable[T]], who: Who = ENGINE) -> asyncio.Future[T]:
        """Have the server do something; the answer is lost when it dies."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        work = self.life.context().run(loop.create_task, _awaited(act(self), who))
        self.waiting[answer] = None

        def done(_: object) -> None:
            self.waiting.pop(answer, None)
            if answer.done():
                return
            if work.cancelled():
                answer.cancel()
            elif (error := work.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(work.result())

        work.add_done_callback(done, context=contextvars.Context())
        return answer

    def session_of(self, attempt: Attempt) -> Attempt | None:
        """Have an attempt report to this server; None where that does not hear anything yet."""
        owner = self.engine.dispatcher.attempts
        if owner._loop is None:
            return None
        attempt.owner, attempt._change = owner, owner.store.change
        return attempt

    def kill(self) -> None:
        """End it, as kill -9 does."""
        self.life.kill()
        self.store.abandon()
        for answer in self.waiting:
            if not answer.done():
                answer.set_exception(Down())
        self.waiting.clear()


async def _awaited(work: Awaitable[T], who: Who) -> T:
    WHO.set((who, asyncio.current_task()))
    return await work


def _keys_of(name: str, arguments: tuple[Any, ...]) -> list[str]:
    """Return the keys that a report takes for its attempt."""
    if name not in ("intend", "adopt"):
        return []
    return [intent.key for intent in (arguments[0] if name == "intend" else arguments[:1])]


def _on_health(part: str, well: bool, why: str) -> None:
    """Hear of trouble."""


class Session:
    """A worker's session: each report crosses to the server, and is repeated where the answer was lost.

    `remote`: the worker outlives the server, and reports to the next one.
    """

    def __init__(self, world: World, job: Job, remote: bool) -> None:
        self._world = world
        self._inner: Attempt = job.session  # type: ignore[assignment]
        self._remote = remote
        self._server = world.server
        self._epoch = job.assignment.epoch
        self._task = job.assignment.task.rpartition("/")[2]
        self._stop = job.stop

    def __getattr__(self, name: str) -> Any:
        async def report(*arguments: Any, **options: Any) -> Any:
            return await self._report(name, arguments, options)

        return report

    async def _report(self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        await self._on_its_way(name, arguments)
        attempt = self._inner
        keys = _keys_of(name, arguments)
        fresh = [key for key in keys if key not in attempt.keys]
        while True:
            server = await self._world.up() if self._remote else self._server
            assert server is not None
            session = server.session_of(attempt)
            if session is None:
                await asyncio.sleep(0.1)
                continue
            try:
                act = getattr(session, name)
                who = Who(self._epoch, name, arguments, self._stop.requested)
                answer = await server.ask(lambda _, act=act: act(*arguments, **options), who)
            except Down:
                if not self._remote:
                    raise protocol.LeaseLost from None
                attempt.keys.free(fresh)  # it is the same report that comes again
            except protocol.LeaseLost:
                self._told(name, arguments)
                self._echo(name, arguments, None)
                raise
            else:
                self._told(name, arguments)
                self._shown(name, arguments)
                self._echo(name, arguments, answer)
                return answer

    async def _on_its_way(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Have happen what happens while a report is on its way."""
        world = self._world
        if self._remote and name == "found" and (delay := world.clocks.delay()) and not world.calm:
            await asyncio.sleep(delay)
        elif name == "not_sent":
            await world.hold_word()
        elif name == "finish" and world.unsent.is_crossed(arguments[0]):
            await world.person.cancel(self._task)
        elif name == "finish" and (delay := world.unsent.delay(arguments[0])):
            await asyncio.sleep(delay)

    def _told(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Note that the server heard of a thing."""
        if name == "created" and (thing := self._world.cloud.things.get(arguments[2])):
            thing.told = True

    def _shown(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Note that a look that showed a thing was heard of: what a worker saw that lost its lease says nothing."""
        if name == "looked" and arguments[2]:
            for thing in self._world.cloud.things.values():
                if thing.task == self._task and thing.id in arguments[1]:
                    thing.blinked = False

    def _echo(self, name: str, arguments: tuple[Any, ...], answer: Any) -> None:
        """Have a word that a call was not sent come again; and have it said of a part of a call that goes on."""
        unsent = self._world.unsent
        if name == "not_sent":
            unsent.echo(partial(self._once, arguments))
        elif name == "intend" and answer and (parts := unsent.parts(answer)):
            unsent.echo(partial(self._once, ([parts[0].key], parts[0].number, NOISE)), lies=True)

    async def _once(self, arguments: tuple[Any, ...]) -> None:
        """Tell the server, whichever lives now, that a call was not sent."""
        server = await self._world.up()
        session = server.session_of(self._inner)
        if session is not None:
            with contextlib.suppress(Down):
                await server.ask(lambda _: session.not_sent(*arguments), Who(self._epoch, "not_sent", arguments))

    def progress(self, progress: protocol.Progress) -> None:
        """Tell progress, if somebody hears."""
        if self._server is not None:
            self._server.life.do(self._inner.progress, progress)

    def log(self, level: int, text: str) -> None:
        """Log, if somebody hears."""
        if self._server is not None:
            self._server.life.do(self._inner.log, level, text)


class SimExecutor(Executor):
    """Runs scripts on the simulation's loop, each in a life of its own."""

    world: World
    summary = "The simulation's"

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._work: dict[Job, tuple[Life, asyncio.Task[None]]] = {}
        self._lost: set[Job] = set()

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""
        return self.world.slots

    async def start(self, host: Host) -> None:
        """Take note of the host and of the server's life."""
        self._host = host
        self._home = LIFE.get()
        self.world.executor = self

    def submit(self, job: Job) -> None:
        """Begin the job in a life of its own."""
        name = job.assignment.task.rpartition("/")[2]
        phase = job.assignment.phase.name
        remote = self.world.remote
        life = Life(f"{name} {phase} {job.assignment.epoch}", None if remote else self._home)
        self.world.tell(f"worker {life.name} begins")
        session = Session(self.world, job, remote)
        work = runtime.run(self._host.module(job), job.assignment, session, job.stop)  # type: ignore[arg-type]
        task = life.context().run(asyncio.get_running_loop().create_task, work)
        self._work[job] = (life, task)
        self.world.workers.append(life)
        task.add_done_callback(lambda _: self._done(job), context=contextvars.Context())

    def _done(self, job: Job) -> None:
        """See to the end of a job, unless its server is gone."""
        life, task = self._work.pop(job)
        self.world.tell(f"worker {life.name} ends")
        if life in self.world.workers:
            self.world.workers.remove(life)
        if task.cancelled() or task.exception() is not None:
            if not task.cancelled():
                self.world.wrong(f"the runtime raised {task.exception()!r} in {life.name}")
            self._home.do(self._host.lost, job, "it ended without an outcome")
        self._home.do(self._host.freed, job)

    def lose(self, life: Life, *, really: bool) -> None:
        """Give up a worker; not `really`: it is only not heard of, and goes on."""
        for job, (known, _) in list(self._work.items()):
            if known is life and job not in self._lost:
                self._lost.add(job)
                self._home.do(self._host.lost, job, "not heard of")
                if really:
                    graveyard.append(self._work.pop(job))
                    life.kill()
                    self.world.workers.remove(life)
                    self._home.do(self._host.freed, job)

    def cancel(self, job: Job) -> None:
        """Interrupt the job; now and then that takes a while to reach it."""
        found = self._work.get(job)
        if found is None:
            return
        dice = self.world.dice
        delay = dice.uniform(0, 12) if dice.random() < 0.5 and not self.world.calm else 0
        if delay:
            asyncio.get_running_loop().call_later(delay, found[1].cancel, context=ALWAYS.context())
        else:
            found[1].cancel()

    async def stop(self, grace: float) -> None:
        """Abandon what runs."""


def registry_of(world: World, module: Any) -> Registry:
    """Return a registry with the one script and the one executor."""
    executor = type("Executor", (SimExecutor,), {"world": world})
    return Registry(
        {SCRIPT: ScriptPlugin(SCRIPT, "sim", "1", "", module, inspect(module))},
        {"sim": ExecutorPlugin("sim", "sim", "1", "", executor)},
    )
