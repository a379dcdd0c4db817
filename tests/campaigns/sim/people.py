"""People and watchers of a simulated server: they ask, are cut off with it, and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.campaigns.sim.decision import Who
from tests.campaigns.sim.keepers import Keepers
from tests.campaigns.sim.server import Down, Server

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.states import TaskState as T
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.errors import NotFound, OutOfRange, Refused, Unavailable
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.use_cases.repeats import Ask
from wharfinger_server.engine.watching.watch import Events

if TYPE_CHECKING:
    from tests.campaigns.sim.decision import Known
    from tests.campaigns.sim.world import World

CALLER = Caller("person")
Act = Callable[[Server], Awaitable[Any]]
KINDS = ("only", "retain", "delete", "unknown", "plan")
UNKNOWN = "nobody-made-this"
FITTING = {
    T.SUCCEEDED: ("delete", "roll_back", "resolve"),
    T.FAILED: ("delete",),
    T.CANCELLED: ("delete",),
    T.ROLLED_BACK: ("delete",),
    T.PARTIALLY_FAILED: ("resume", "roll_back", "only", "retain", "resolve", "resolve"),
    T.ROLLBACK_FAILED: ("roll_back", "only", "retain", "resolve", "resolve"),
    T.ROLLING_BACK: ("cancel",),
}
"""What a task in some state is apt for."""


class Person:
    """Asks for things at random, all of which may be refused, and tells the truth where asked for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dice = world.dice
        self.keepers = Keepers(world)

    async def ask(self, what: str, act: Act) -> Any:
        """Ask; return the answer, or None where it was refused or the server was not there to give one."""
        server = await self.world.up()
        try:
            answer = await server.ask(act, Who(0, what.partition(" ")[0]))
        except Refused as refused:
            self.world.seen[f"person: {what.partition(' ')[0]} refused {refused.reason}"] += 1
            self.world.tell(f"person: {what}: {type(refused).__name__} {refused.reason}")
        except Down:
            self.world.tell(f"person: {what}: no answer")
        else:
            self.world.seen[f"person: {what.partition(' ')[0]} done"] += 1
            self.world.tell(f"person: {what}: done")
            return answer
        return None

    async def meddle(self, known: Known, kind: str = "") -> None:
        """Ask for something at random about a task; `fitting`: for what its state is apt for."""
        name = known.task.task_id
        asked = Ask("default", name)
        keys = sorted(known.entries)
        dice = self.dice
        kind = kind or dice.choice(("cancel", "resume", "roll_back", "resolve", "fitting") * 2 + KINDS)
        if kind == "fitting":
            kind = self._fitting(known)
        if kind == "only" and dice.random() < 0.5:
            keys = [key for key in keys if "~" in key] or keys
        some = tuple(dice.sample(keys, min(len(keys), dice.randint(1, 2))))
        if kind == "cancel":
            await self.cancel(name)
        elif kind == "resume":
            await self.ask(f"resume {name}", lambda s: s.engine.remediation.resume(CALLER, asked))
        elif kind == "delete":
            await self.ask(f"delete {name}", lambda s: s.engine.tasks.delete(CALLER, "default", name))
        elif kind == "resolve" and keys:
            doubtful = [key for key in keys if self._doubtful(known.entries[key])]
            await self.resolve(known, dice.choice(doubtful if doubtful and dice.random() < 0.8 else keys))
        elif kind == "unknown":
            await self.misname(name)
        elif kind == "plan":
            await self.ask(f"plan {name}", lambda s: s.engine.remediation.roll_back(CALLER, asked, validate_only=True))
        elif kind in ("roll_back", "only", "retain"):
            only, retain = (some if kind == "only" else ()), (some if kind == "retain" else ())
            await self.roll_back(name, only, retain)

    async def cancel(self, name: str) -> None:
        """Ask for a cancel."""
        await self.ask(f"cancel {name}", lambda s: s.engine.tasks.cancel(CALLER, "default", name))

    def _fitting(self, known: Known) -> str:
        kinds = FITTING.get(known.task.state, ("cancel",))
        if "resolve" in kinds and any(self._doubtful(entry) for entry in known.entries.values()):
            kinds += ("resolve", "resolve", "only")
        return self.dice.choice(kinds)

    async def misname(self, name: str) -> None:
        """Ask about a key that the ledger does not have: it must be refused."""
        wrong = self.dice.choice((((UNKNOWN,), ()), ((), (UNKNOWN,))))
        done = await self.ask(
            f"roll_back {name} {wrong}",
            lambda s: s.engine.remediation.roll_back(CALLER, Ask("default", name), *wrong),
        )
        if done is not None:
            self.world.wrong(f"17: {name} is rolled back by a key that its ledger does not have")

    async def roll_back(self, name: str, only: tuple[str, ...] = (), retain: tuple[str, ...] = ()) -> None:
        """Ask for a rollback."""
        await self.ask(
            f"roll_back {name} only={only} retain={retain}",
            lambda s: s.engine.remediation.roll_back(CALLER, Ask("default", name), only, retain),
        )

    async def resolve(self, known: Known, key: str, said: Verdict | None = None, *, believed: bool = False) -> None:
        """Give a verdict on an entry; a true one, but for what somebody who says it has `believed`."""
        entry = known.entries[key]
        others = sorted({e.external_id for e in known.entries.values() if e.external_id} - {entry.external_id})
        if said is None and others and self.dice.random() < 0.2:
            await self._mistake(known.task.task_id, key, self.dice.choice(others))
            return
        said = said or self.dice.choice(list(Verdict))
        id_ = ""
        if said in (Verdict.CREATED, Verdict.NOT_CREATED):
            await self.world.up()  # who waits for a server looks when it is there: what is true may change meanwhile
            id_ = self._truth(known, entry)
            said = Verdict.CREATED if id_ else Verdict.NOT_CREATED
            if entry.state is EntryState.MISSING and not id_:
                said = Verdict.GONE
            id_ = id_ if said is Verdict.CREATED else ""
        thing = self.world.cloud.things.get(entry.external_id)
        if said is Verdict.GONE and thing is not None and self.world.cloud.outside.shown(thing) and not believed:
            said = Verdict.FORGET
        name = known.task.task_id
        await self.ask(
            f"resolve {name} {key} {said.name} {id_}",
            lambda s: s.engine.remediation.resolve(CALLER, Ask("default", name), key, said, id_),
        )

    async def _mistake(self, name: str, key: str, id_: str) -> None:
        """Say of a key that it is what another one is: it must be refused."""
        done = await self.ask(
            f"resolve {name} {key} CREATED {id_}, which is another's",
            lambda s: s.engine.remediation.resolve(CALLER, Ask("default", name), key, Verdict.CREATED, id_),
        )
        if done is not None:
            self.world.wrong(f"20: {key} of {name} is said to be {id_}, which another entry has")

    @staticmethod
    def _doubtful(entry: Entry) -> bool:
        """Whether people have more reason to look at an entry than at others."""
        return entry.open and (
            entry.state in (EntryState.UNCERTAIN, EntryState.UNDO_FAILED, EntryState.MISSING) or "~" in entry.key
        )

    def _truth(self, known: Known, entry: Entry) -> str:
        things = self.world.cloud.things
        if entry.external_id:
            return entry.external_id if things[entry.external_id].alive else ""
        held = {other.external_id for other in known.entries.values()}
        alive = (t.id for t in things.values() if t.token == entry.token and t.alive and t.id not in held)
        return next(alive, "")

    async def tidy(self, known: Known) -> None:
        """Do with a task at rest what is apt: above all, delete it."""
        name = known.task.task_id
        if known.task.state in (T.SUCCEEDED, T.FAILED, T.CANCELLED, T.ROLLED_BACK):
            for key in sorted(known.entries):
                if known.entries[key].open:
                    await self.resolve(known, key, Verdict.RETAIN)
            await self.ask(f"delete {name}", lambda s: s.engine.tasks.delete(CALLER, "default", name))
        elif known.task.state in (T.PARTIALLY_FAILED, T.ROLLBACK_FAILED):
            await self.roll_back(name)

    async def finish(self, known: Known) -> None:
        """Bring a half-done task to its end, by resume or rollback; what stays for a reason is retained."""
        name = known.task.task_id
        left = [entry.key for entry in known.entries.values() if entry.open]
        if left and self.dice.random() < 0.3:
            doubtful = [key for key in left if self._doubtful(known.entries[key])]
            await self.resolve(known, self.dice.choice(doubtful or left))
            return
        late = tuple(key for key in left if "~" in key)
        if late and self.dice.random() < 0.3:
            await self.roll_back(name, late[:1])
            return
        if self.dice.random() < (0.15 if known.task.undo_begun else 0.5):  # the former must be refused
            await self.ask(f"resume {name}", lambda s: s.engine.remediation.resume(CALLER, Ask("default", name)))
            return
        blocked = [e.key for e in known.entries.values() if e.blocked_by and e.state is EntryState.CREATED]
        if blocked:
            await self.resolve(known, blocked[0], Verdict.RETAIN)
        else:
            await self.roll_back(name)


class Watcher:
    """Watches a task, or the whole project, across everything, and keeps what it is told."""

    def __init__(self, world: World, task_id: str = "") -> None:
        self.world = world
        self.task_id = task_id
        self.bodies: list[bytes] = []
        self._after = 0
        self._token = b""

    async def watch(self) -> None:
        """Watch for ever, and come back whenever cut off."""
        while True:
            server = await self.world.up()
            try:
                await server.ask(self._once)
            except (Down, Unavailable):
                await asyncio.sleep(0.05)
            except OutOfRange:  # what came after its token was purged: it begins anew
                self.bodies.clear()
                self._token = b""
            except NotFound:
                await asyncio.sleep(5)
            await self._idle()

    async def _idle(self) -> None:
        """Stay away from a task at rest for as long as nothing happens to it."""
        while self._at_rest():  # noqa: ASYNC110
            await asyncio.sleep(3)

    def _at_rest(self) -> bool:
        known = self.world.trace.known(self.task_id)
        return known is not None and known.task.state.resting and known.sequence == self._after

    async def _once(self, server: Server) -> None:
        """Watch until cut off, or until the task rests."""
        watches = server.engine.watches
        patience = self.world.chance.uniform(1, 60)
        try:
            async with asyncio.timeout(patience):
                if not self.task_id:
                    async for update in watches.watch_project(CALLER, "default", "", self._token, 0):
                        if isinstance(update, Events):
                            self.bodies += update.frames
                        self._token = update.token
                    return
                async for update in watches.watch_task(CALLER, "default", self.task_id, self._after, 0):
                    if isinstance(update, Events):
                        self.bodies += update.frames
                        if update.position != self._after + len(update.frames):
                            self.world.wrong(f"{self.task_id}: a batch of {len(update.frames)} up to {update.position}")
                        self._after = update.position
        except TimeoutError:
            return
