"""One history: a server, its tasks, their workers, a cloud and people, all at the mercy of one seed."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import hashlib
import logging
import random
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.campaigns.sim.clocks import Clocks
from tests.campaigns.sim.cloud import Cloud, Thing
from tests.campaigns.sim.costs import BUDGET, PriceBook
from tests.campaigns.sim.coverage import counting
from tests.campaigns.sim.decision import Known
from tests.campaigns.sim.ending import check_end
from tests.campaigns.sim.lives import ALWAYS, EPOCH, LIFE, LONGEST, Life, VirtualLoop, graveyard, virtual_time
from tests.campaigns.sim.moods import random_moods, whimsical
from tests.campaigns.sim.of_tasks import HALF_DONE
from tests.campaigns.sim.outside import Outside
from tests.campaigns.sim.people import CALLER, Person, Watcher
from tests.campaigns.sim.programs import SCRIPT, Program, module_of, random_program
from tests.campaigns.sim.server import Down, Server, SimExecutor, registry_of
from tests.campaigns.sim.trace import Trace
from tests.campaigns.sim.unsent import Unsent

from wharfinger.ledger.states import EntryState
from wharfinger_server.config import Retention, Settings
from wharfinger_server.domain.errors import AlreadyExists, Unavailable
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask
from wharfinger_server.store.store import InlineRunner, Store

SECOND = 1_000_000
DAYS = 30 * 86_400
LEANINGS = ("", "late", "late", "blind", "blind", "parts", "careless")
"""What histories lean to: workers that are late, finds and undos that fail, groups half made, scripts that do not do
the same twice."""
ENOUGH = 10
"""After so many violations a history ends."""
HASTY = 3
"""How many people at most are about to act at once."""
PATIENCE = 20_000.0
"""Virtual seconds in which everything has to come to rest."""


class World:
    """Everything of one history. `wrongs` is empty after a good one."""

    def __init__(self, seed: int, path: Path, loop: VirtualLoop, dice: random.Random, clocks: Clocks) -> None:
        self.seed = seed
        self.clocks = clocks
        self.path = path
        self.loop = loop
        self.dice = dice
        self.chance = random.Random(f"watchers {seed}")
        self.lines: list[str] = []
        self.seen: collections.Counter[str] = collections.Counter()
        self.wrongs: list[str] = []
        self._wakes = random.Random(f"wakes {seed}")
        self._rousing = self._wakes.choice((0.0, 0.0, 0.7))
        self.slots = dice.choice((1, 2, 8))
        self.lean = dice.choice(LEANINGS)
        late = self.lean == "late"
        self.remote = late or dice.random() < 0.5
        self.server: Server | None = None
        self.executor: SimExecutor | None = None
        self.workers: list[Life] = []
        self.calm = False
        self.troubled = dice.choice((0.0, 0.0, 0.0, 0.01, 0.05))
        self._haste = dice.choice((0.0, 0.3, 0.8)) if self.lean in ("late", "blind") else dice.choice((0.0, 0.0, 0.3))
        self.trace = Trace(self.tell, self.wrong, self.seen, clocks.passed)
        self.trace.stirred = self._stirred
        self.cloud = self.trace.cloud = Cloud(
            dice.random() < (0.25 if late else 0.5),
            dice,
            random_moods(dice, self.lean),
            self.tell,
            self.wrong,
            self._intended,
            self._deleting,
            self._hold,
            stubborn=late or dice.random() < 0.7,
            seeing=self._wakes.choice((1.0, 1.0, 15.0)),
            twice=random.Random(f"twice {seed}"),
            whims=random.Random(f"whims {seed}"),
        )
        self.unsent = Unsent(seed, self.note, self.wrong, self.cloud)
        self._whims = random.Random(f"undo {seed}")
        whimsical(self.cloud.moods, self._whims)
        self.outside = self.cloud.outside = Outside(self)
        self.programs: dict[str, Program] = {}
        module = module_of(self.cloud, self.programs, self._undo_end, late or dice.random() < 0.8)
        self.cloud.resumable = module.RESUMABLE
        self.prices = PriceBook(seed)
        self.prices.teach(module)
        self.trace.costs = partial(self.prices.check, self)
        self.registry = registry_of(self, module)
        settings = Settings()
        self.retention = Retention(dice.choice((60, 600, *[DAYS] * 4)) * SECOND, dice.choice((60, DAYS, DAYS)) * SECOND)
        self.settings = replace(
            settings,
            server=replace(settings.server, default_executor="sim"),
            retention=self.retention,
            prices=replace(settings.prices, budgets=BUDGET),
        )
        self._lured = dice.choice((0.1, 0.2, 0.5) if late else (0.0, 0.05, 0.2, 0.5))
        self._impatience = dice.choice((0.02, 0.1, 0.3))
        self._servers = self._hasty = 0
        self._up = asyncio.Event()
        self._restart: asyncio.Task[None] | None = None
        self._crashes = 0 if late else dice.choice((0, 1, 2, 4))
        self.watchers: list[Watcher] = []
        self.person = Person(self)
        how = f"lean={self.lean!r} tokens={self.cloud.tokens} remote={self.remote} slots={self.slots}"
        how += f" resumable={module.RESUMABLE}"
        how += f" haste={self._haste} stubborn={self.cloud.stubborn} troubled={self.troubled} {self.retention}"
        self.tell(f"seed {seed}: {how} {self.cloud.moods} {self.unsent}")

    # ------------------------------------------------------------------ what all use

    def tell(self, what: str) -> None:
        """Write the history on."""
        self.lines.append(f"{self.loop.now:11.4f} {what}")

    def note(self, kind: str) -> None:
        """Write and count that something of a kind happened."""
        self.seen[kind] += 1
        self.tell(kind)

    @property
    def server_up(self) -> bool:
        """Whether the server has started."""
        return self._up.is_set()

    @property
    def away(self) -> bool:
        """Whether the database is away."""
        return self.unsent.database_away(self.loop.now)

    def wrong(self, what: str) -> None:
        """Note a violation."""
        self.wrongs.append(what)
        self.tell(f"WRONG {what}")
        if len(self.wrongs) == ENOUGH:  # a ledger that is spoiled may grow for ever
            self.loop.turns = LONGEST

    async def up(self) -> Server:
        """Return the server, once there is one."""
        while self.server is None or not self._up.is_set():
            await self._up.wait()
        return self.server

    def _intended(self, token: str) -> tuple[bool, float]:
        send_by = self.trace.intended(token)
        return send_by is not None, (send_by or 0) / SECOND

    def _undo_end(self, name: str, key: str) -> float:
        known = self.trace.known(name)
        return (known.undos.get(key, 0) if known else 0) / SECOND

    def _deleting(self, thing: Thing, late: bool) -> None:
        known = self.trace.known(thing.task)
        entries = list(known.entries.values()) if known else []
        holders = [entry for entry in entries if entry.external_id == thing.id]
        if not thing.ours:
            self.wrong(f"{thing.id} of {thing.task} is deleted and was not ours")
        if not late and any(entry.state is EntryState.RETAINED for entry in holders):
            self.wrong(f"{thing.id} of {thing.task} is deleted and was retained")
        for child in self.cloud.things.values():
            if child.alive and thing.id in child.parents and not child.stale:
                forgotten = any(child.token == e.token and e.state is EntryState.FORGOTTEN for e in entries)
                if not (forgotten or late):
                    self.wrong(f"{thing.id} of {thing.task} is deleted under {child.id}")

    # ------------------------------------------------------------------ the server's lives

    async def start(self) -> None:
        """Start a server on the database; one that dies of it is started again."""
        self._servers += 1
        server = self.server = Server(self, self._servers)
        self.prices.serve(server.engine)
        server.life.burnt = self.crash
        if self._crashes > 0 and not self.calm:
            server.life.fuse = round(self.dice.choice((30, 300, 3000)) * self.dice.random()) + 1
        self.tell(f"{server.life.name} starts")
        try:
            await server.ask(lambda one: one.engine.start())
        except Down:
            return
        if self.server is server:
            self._up.set()

    def crash(self) -> None:
        """Kill the server, between any two of its steps, and start it again after a while."""
        server, self.server = self.server, None
        if server is None:
            return
        self._crashes -= 1
        self._up.clear()
        self.seen["server killed"] += 1
        self.tell(f"{server.life.name} is killed")
        server.kill()
        self.workers = [life for life in self.workers if life.alive]
        graveyard.append(server)
        delay = self.dice.choice((0.01, 1.0, 40.0)) * self.dice.random()
        self._restart = ALWAYS.context().run(self.loop.create_task, self._again(server, delay))

    async def _again(self, dead: Server, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            dead.store.drop()
            if how := self.clocks.step():
                self.seen["clocks changed at a restart"] += 1
                self.tell(how)
            await self.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the history ends here
            self.wrong(f"the server does not start again: {error!r}")

    # ------------------------------------------------------------------ a history

    async def run(self) -> None:
        """Let it all happen, come to rest, and be ended; check the end."""
        await self.start()
        background = [self._watch("")]
        faults = [self.loop.create_task(self._trouble()), self.loop.create_task(self._meddling())]
        faults.append(self.loop.create_task(self.unsent.outages()))
        for n in range(self.dice.randint(1, 4)):
            await self._submit(f"t{n}", background)
            await asyncio.sleep(self.dice.choice((0.0, 0.5, 10.0)))
        await asyncio.sleep(self.dice.choice((5.0, 60.0, 300.0)) + self.outside.longer)
        for fault in faults:
            fault.cancel()
        await asyncio.gather(*faults, return_exceptions=True)
        await self._settle()
        await asyncio.sleep(90)  # for the watchers to hear of it
        for watcher in background:
            if watcher.done():
                self.wrong(f"a watcher gave up: {watcher.exception()!r}")
            watcher.cancel()
        await self.prices.check_spending(self)
        await check_end(self)

    def _watch(self, name: str) -> asyncio.Task[None]:
        watcher = Watcher(self, name)
        self.watchers.append(watcher)
        return self.loop.create_task(watcher.watch())

    async def _submit(self, name: str, background: list[asyncio.Task[None]]) -> None:
        dice = self.dice
        self.programs[name] = self.outside.teach(random_program(dice, groups=self.lean == "parts"))
        self.tell(f"{name} is to do {self.programs[name]}")
        policy = Policy(
            on_failure=dice.choice(list(LeftoverPolicy)),
            on_cancel=dice.choice(list(LeftoverPolicy)),
            max_attempts=dice.choice((1, 2, 5)),
            max_lost_attempts=dice.choice((0, 2, 20)),
            attempt_timeout=dice.choice((0, 0, 0, 5, 30)) * SECOND,
            total_timeout=dice.choice((0, 0, 0, 0, 60)) * SECOND,
            undo_timeout=dice.choice((0, 0, 0, 30)) * SECOND,
            concurrency_key=dice.choice(("", "", "one")),
            max_undo_attempts=self._whims.choice((0, 1, 2)),
        )
        policy = self.outside.keeps(policy)
        request = CreateRequest("default", NewTask(SCRIPT, policy=policy), name, f"request-{name}")
        while True:
            server = await self.up()
            try:
                await server.ask(lambda s: s.engine.tasks.create(CALLER, request))
                break
            except (Down, Unavailable):
                await asyncio.sleep(0.05)
            except AlreadyExists as error:
                self.wrong(f"{name}: the same request again is refused: {error}")
                break
        background.append(self._watch(name))

    async def _trouble(self) -> None:
        """Pause workers, lose them, and kill the server."""
        dice = self.dice
        often = dice.choice((0.5, 5.0, 30.0))
        while True:
            await asyncio.sleep(dice.expovariate(1 / often))
            kind = dice.choice(("pause", "pause", "lose", "kill", "nothing"))
            life = dice.choice(self.workers) if self.workers else None
            if kind == "kill" and self._crashes > 0:
                self.crash()
            elif kind == "lose" and life and self.executor:
                self.seen["worker lost"] += 1
                self.tell(f"worker {life.name} is lost")
                self.executor.lose(life, really=True)
            elif kind == "pause" and life and not life.paused:
                self._pause(life)

    def _hold(self) -> None:
        """Pause the worker that is about to send, now and then; or have those before it wake just then."""
        life = LIFE.get()
        if life not in self.workers:
            return
        for other in self.workers:
            same = other is not life and other.paused and other.name.split()[0] == life.name.split()[0]
            if same and self._wakes.random() < self._rousing:
                self._revive(other)
        if not (self.calm or life.paused) and self.dice.random() < self._lured:
            self._pause(life, longest=(30, 300, 1500), lost=0.9)

    async def hold_word(self) -> None:
        """Hold up the worker that is about to say that a call was not sent, now and then: its word comes late."""
        life = LIFE.get()
        if not self.calm and life in self.workers and not life.paused and self.unsent.is_held():
            self._pause(life, longest=(300, 1500), lost=0.9)
            await asyncio.sleep(0)

    def _pause(self, life: Life, longest: tuple[int, ...] = (1, 30, 120, 300), lost: float = 0.6) -> None:
        dice, context = self.dice, ALWAYS.context()
        self.seen["worker paused"] += 1
        self.tell(f"worker {life.name} is paused")
        life.pause()
        self.loop.call_later(dice.choice(longest) * dice.random(), self._revive, life, context=context)
        if self.executor and dice.random() < lost:
            lose = partial(self.executor.lose, life, really=False)
            self.loop.call_later(dice.choice((0.1, 5.0, 30.0)), lose, context=context)

    def _revive(self, life: Life) -> None:
        if life.paused:
            self.tell(f"worker {life.name} is revived")
            life.revive()

    async def _meddling(self) -> None:
        """Have people ask for things."""
        often = self.dice.choice((2.0, 20.0, 200.0))
        while True:
            await asyncio.sleep(self.dice.expovariate(1 / often))
            known = list(self.trace.tasks.values())
            there = [one for one in known if not one.task.delete_time or self.dice.random() < 0.05]
            if there:
                await self.person.meddle(self.dice.choice(there))

    def _stirred(self, known: Known) -> None:
        """Have somebody act at once on what a commit made of a task, in histories of hasty people."""
        self.outside.stirred(known)
        self.person.keepers.hear(known)
        chance = self._haste * (1 if known.task.state.resting else self._impatience)
        if self.calm or self._hasty >= HASTY or self.dice.random() >= chance:
            return
        self._hasty += 1
        delay = self.dice.choice((0.0, 0.3, 3.0)) * self.dice.random()
        ALWAYS.context().run(self.loop.create_task, self._react(known.task.id, delay))

    async def _react(self, task: int, delay: float) -> None:
        for _ in range(self.dice.randint(1, 4)):
            await asyncio.sleep(delay)
            if not self.calm:
                await self.person.meddle(self.trace.tasks[task], "fitting")
        self._hasty -= 1

    # ------------------------------------------------------------------ the end

    async def _settle(self) -> None:
        """Let everything heal and come to rest, and have people bring what is half done to its end."""
        self.calm = True
        self.tell("all heals")
        self.cloud.heal()
        self.unsent.heal()
        (await self.up()).life.fuse = None
        await self._rest(sleepers=True)
        for known in list(self.trace.tasks.values()):
            if known.task.state.resting and self.dice.random() < 0.4:
                await self.person.tidy(known)
        for _ in range(40):
            await self._rest()
            half = [known for known in self.trace.tasks.values() if known.task.state in HALF_DONE]
            if not half:
                return
            for known in half:
                await self.person.finish(known)
        await self._rest()
        names = [
            f"{k.task.task_id} {k.task.state.name}" for k in self.trace.tasks.values() if k.task.state in HALF_DONE
        ]
        if not names:
            return
        self.wrong(f"however often resumed or rolled back, not ended: {names}")

    async def _rest(self, *, sleepers: bool = False) -> None:
        """Wait until nothing goes on any more; `sleepers`: but for workers that are held up and fenced."""
        until = self.loop.now + PATIENCE
        while self.loop.now < until:
            await asyncio.sleep(7)
            at_work = [k for k in self.trace.tasks.values() if not k.task.state.resting]
            workers = [life for life in self.workers if not (sleepers and life.paused)]
            if not (at_work or self.cloud.requests or workers):
                return
        left = [
            f"{k.task.task_id} is {k.task.state.name}" for k in self.trace.tasks.values() if not k.task.state.resting
        ]
        self.wrong(f"after {PATIENCE:g} s: {left}, workers {[life.name for life in self.workers]}")


class _Complaints(logging.Handler):
    """What the product logs as an error is one, here."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._world.wrong(f"logged: {record.getMessage()} {error!r}")


class History:
    """What came of one seed."""

    def __init__(self, world: World) -> None:
        self.seed = world.seed
        self.lines = world.lines
        self.wrongs = world.wrongs
        self.text = "\n".join(world.lines)
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()
        self.ends = [known.task.state.name for known in world.trace.tasks.values()]
        self.events = len(world.trace.feed)
        self.seen = world.seen


def template(folder: Path) -> Path:
    """Make an empty database of a known name."""
    path = folder / "empty.db"
    store = Store.open(f"sqlite:///{path}", encode=lambda _: b"", runner=InlineRunner())
    database = store._database
    connection, _ = database.begin()
    connection.exec_driver_sql("UPDATE meta SET value = '0123456789abcdef' WHERE name = 'incarnation'")
    database.commit()
    database.close()
    return path


def play(seed: int, empty: Path, folder: Path) -> History:
    """Play the history of one seed."""
    path = folder / "wharfinger.db"
    for old in folder.glob("wharfinger.db*"):
        old.unlink()
    shutil.copy(empty, path)
    dice = random.Random(f"history {seed}")
    loop = VirtualLoop()
    clocks = Clocks(seed, lambda: round(loop.now * SECOND), EPOCH * SECOND)
    loop.set_exception_handler(lambda *_: None)
    product = logging.getLogger("wharfinger_server")
    was = (product.level, product.propagate)
    with virtual_time(loop, dice):
        world = World(seed, path, loop, dice, clocks)
        complaints = _Complaints(world)
        product.addHandler(complaints)
        product.setLevel(logging.ERROR)
        product.propagate = False
        try:
            with counting(world.seen):
                loop.run_until_complete(world.run())
        except RuntimeError as error:
            world.wrong(f"{error}")
        finally:
            product.removeHandler(complaints)
            product.level, product.propagate = was
            for life in world.workers:
                life.kill()
            if world.server is not None:
                world.server.life.kill()
                with contextlib.suppress(Exception):
                    world.server.store.drop()
            graveyard.append((loop, world.server, asyncio.all_tasks(loop)))
    return History(world)


@contextlib.contextmanager
def workplace():  # type: ignore[no-untyped-def]
    """Give a folder in memory where there is one: nothing here is to survive the machine."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)
