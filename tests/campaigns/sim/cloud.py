"""The simulated cloud, and the oracle of what exists: it is late, loses answers, refuses, lags and gets stuck."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tests.campaigns.sim.lives import ALWAYS

from wharfinger.script import ACCEPTED, NOT_FOUND, Refused, Unconfirmed

if TYPE_CHECKING:
    from tests.campaigns.sim.unsent import Unsent

T = TypeVar("T")

CALL_TIMEOUT, SETTLING, SEND_WINDOW = 20.0, 10.0, 5.0
"""The windows that the script declares for every type, in seconds."""


@dataclass(slots=True)
class Thing:
    """What exists or existed. `stale`: made by a request sent after its window. `find` sees it once `listed`.

    `size` is what was asked for; `going`: how many deletions, sent in time, are on their way or accepted. By its id it
    is denied until `shown`, and again from a look that comes by chance until `dark` (`blinked`: since the last look
    that showed it and was heard of). `error`: a deletion that was accepted came to nothing.
    It is denied until `hidden`, too, if it is `lied` about: for longer than a provider may (A3), or by a person who
    errs. `gone_at`: when it was deleted outside (true microseconds).
    """

    id: str
    task: str
    key: str
    token: str
    listed: float = 0.0
    parents: tuple[str, ...] = ()
    ours: bool = True
    alive: bool = True
    stale: bool = False
    told: bool = False
    size: str = ""
    going: int = 0
    shown: float = 0.0
    dark: float = 0.0
    blinked: bool = False
    error: bool = False
    hidden: float = 0.0
    lied: bool = False
    gone_at: int = 0


@dataclass(slots=True)
class Request:
    """A call on its way that makes `keys` of a `size` under one token."""

    task: str
    token: str
    keys: tuple[str, ...]
    parents: tuple[str, ...]
    size: str
    stale: bool


@dataclass(slots=True)
class Moods:
    """How often, from 0 to 1, each kind of trouble strikes a call; the last three are the script's own.

    `accept`: a deletion is only accepted, and comes late or never; `shy`: a new thing is denied by its id for as long
    as it may be; `blink`: a thing is denied for a while. `fickle`: a later attempt asks for something else under the
    same key; `sight`: it adopts what it sees there; `again`: it uses a key twice.
    """

    refuse: float = 0.0
    lose: float = 0.0
    drop: float = 0.0
    slow: float = 0.0
    part: float = 0.0
    find: float = 0.0
    undo: float = 0.0
    accept: float = 0.0
    shy: float = 0.0
    blink: float = 0.0
    fickle: float = 0.0
    sight: float = 0.0
    again: float = 0.0


class Broken(Exception):
    """The connection broke: nobody knows what came of the call."""


@dataclass(slots=True)
class Cloud:
    """`tokens`: it honours idempotency tokens; otherwise they are only tags. `tell` writes the history.

    `stubborn`: its client does not stop a call that was begun, whoever waits no longer, as threads do. `seeing`: how
    many seconds a find takes at the most. `twice` decides whether a request without an answer is done twice, `whims`
    what becomes of deletions and of looks by id, `unsent` whether a call is sent at all. `resumable`: the script may
    run again after a loss. `refused` holds the tokens under which it refused to make something.
    """

    tokens: bool
    dice: random.Random
    moods: Moods
    tell: Callable[[str], None]
    wrong: Callable[[str], None]
    intended: Callable[[str], tuple[bool, float]]
    deleted: Callable[[Thing, bool], None]
    hold: Callable[[], None]
    stubborn: bool = False
    seeing: float = 1.0
    twice: random.Random = field(default_factory=lambda: random.Random(0))
    unsent: Unsent | None = None
    resumable: bool = False
    whims: random.Random = field(default_factory=lambda: random.Random(0))
    things: dict[str, Thing] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    stuck: dict[str, int] = field(default_factory=dict)
    made: dict[tuple[str, str], int] = field(default_factory=dict)
    outside: Any = None

    def struck(self, chance: float) -> bool:
        """Whether a trouble of that likelihood strikes."""
        return self.dice.random() < chance

    def heal(self) -> None:
        """Fail no more."""
        self.moods = Moods()
        self.stuck.clear()

    @property
    def now(self) -> float:
        """The time, in the loop's seconds."""
        return asyncio.get_running_loop().time()

    async def prepare(self) -> None:
        """What a client does before it sends, and with an answer: a pause here sends or reports late."""
        self.hold()
        await asyncio.sleep(self.dice.choice((0.0, 0.001, 0.2)))

    async def create(
        self, task: str, keys: tuple[str, ...], token: str, parents: tuple[str, ...], size: str = ""
    ) -> dict[str, str]:
        """Make things by one call; return ids by key, perhaps not all. Raises Refused, Broken, or takes too long."""
        known, send_by = self.intended(token)
        if not known:
            self.wrong(f"a call with the token of {keys} of {task} was begun before its intent was committed")
        elif self.now > send_by:
            self.wrong(f"1: a call for {keys} of {task} was begun {self.now - send_by:.3f} s after its window")
        call = self._create(task, keys, token, parents, size, send_by)
        return await (_to_its_end(call) if self.stubborn else call)

    async def _create(
        self, task: str, keys: tuple[str, ...], token: str, parents: tuple[str, ...], size: str, send_by: float
    ) -> dict[str, str]:
        await self.prepare()
        # By its own intent's window: the same token may be intended anew while a sender is paused.
        request = Request(task, token, keys, parents, size, stale=self.now > send_by)
        self.tell(f"cloud <- {task} make {','.join(keys)}{' LATE' if request.stale else ''}")
        self.requests.append(request)
        answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        latency = self.dice.uniform(0.01, 2.0)
        if self.struck(self.moods.slow):
            latency = self.dice.uniform(2.0, CALL_TIMEOUT - 0.5)
        fate = self.dice.random()
        if self.struck(self.moods.lose):
            self._later(latency, self._lost, request, answer)
        else:
            dropped = self.struck(self.moods.drop)
            if dropped and fate < 0.5:  # the client hears of a broken connection long before the thing is made
                self._later(latency * self.dice.random(), _fail, answer)
            self._later(latency, self._land, request, answer, dropped)
        made = await answer
        await self.prepare()  # a pause here reports late
        return made

    @staticmethod
    def _later(delay: float, act: Callable[..., None], *what: object) -> None:
        """What the cloud does is not a part of who asked for it."""
        asyncio.get_running_loop().call_later(delay, act, *what, context=ALWAYS.context())

    def _lost(self, request: Request, answer: asyncio.Future[dict[str, str]]) -> None:
        self.requests.remove(request)
        self.tell(f"cloud: a request for {','.join(request.keys)} got lost")
        _fail(answer)

    def _land(self, request: Request, answer: asyncio.Future[dict[str, str]], dropped: bool) -> None:
        self.requests.remove(request)
        try:
            made = self._make(request)
        except Refused as refused:
            self.tell(f"cloud: {','.join(request.keys)} refused: {refused.reason}")
            self.refused.add(request.token)
            if not (dropped or answer.done()):
                answer.set_exception(refused)
            elif not answer.done():
                _fail(answer)
            return
        self.tell(f"cloud: made {made}{' (answer lost)' if dropped or answer.done() else ''}")
        if dropped and not self.tokens and self.twice.random() < 0.5:
            self._again(request)
        if dropped:
            _fail(answer)
        elif not answer.done():
            if len(made) > 1 and self.struck(self.moods.part):
                made.pop(self.dice.choice(sorted(made)))
            answer.set_result(made)

    def _again(self, request: Request) -> None:
        """Make it once more, as where something on the way repeats a request. Only a find can tell of these."""
        for key in request.keys:
            thing = self.put(request.task, key, request.token)
            thing.stale, thing.parents, thing.size = True, request.parents, request.size
            self.tell(f"cloud: made {thing.id} for {key} by the same request")

    def _make(self, request: Request) -> dict[str, str]:
        known = [thing for thing in self.things.values() if thing.token == request.token]
        asked = (*request.keys, request.size)
        if self.tokens and request.token in self.seen:
            if self.seen[request.token] != asked:
                raise Refused("the token was used for another request", reason="TOKEN_MISMATCH")
            if not all(thing.alive for thing in known):
                raise Refused("what the token made is gone", reason="TERMINATED", terminated=True)
            return {thing.key: thing.id for thing in known}
        if not all(parent in self.things and self.things[parent].alive for parent in request.parents):
            raise Refused("what it is to be made on is not there", reason="PARENT_GONE")
        if self.struck(self.moods.refuse):
            raise Refused("there is no room", reason="QUOTA", retryable=self.struck(0.5))
        self.seen[request.token] = asked
        made = {}
        for key in request.keys:
            thing = self.put(request.task, key, request.token)
            thing.stale, thing.parents, thing.size = request.stale, request.parents, request.size
            thing.listed = self.now + (self.dice.uniform(0, SETTLING - 0.1) if self.struck(0.5) else 0)
            thing.shown = thing.listed
            if self.whims.random() < self.moods.shy and not request.stale:  # within its own settling, to its very end
                latest = self.intended(request.token)[1] + CALL_TIMEOUT + SETTLING - 0.1
                thing.shown = max(thing.listed, latest - self.whims.choice((0.0, 1.0, 15.0)))
            made[key] = thing.id
        return made

    def put(self, task: str, key: str, token: str, *, ours: bool = True) -> Thing:
        """Make a thing."""
        thing = Thing(f"i-{len(self.things) + 1}", task, key, token, self.now, ours=ours)
        self.things[thing.id] = thing
        self.made[(token, key)] = self.made.get((token, key), 0) + 1
        return thing

    async def find(self, token: str) -> list[str]:
        """Return the ids that carry the token, as far as they are listed when asked. Raises Broken."""
        ids = [t.id for t in self.things.values() if t.token == token and t.ours and t.alive and t.listed <= self.now]
        failing = self.struck(self.moods.find)
        await asyncio.sleep(self.dice.uniform(0.01, self.seeing))
        if failing:
            raise Broken("the listing failed")
        return ids

    async def look(self, id_: str) -> bool | str:
        """Look at a thing by its id: shown, in its state, or denied. Raises Broken."""
        thing = self.things[id_]
        seen = self._seen_by_id(thing)
        failing = self.whims.random() < self.moods.find
        await asyncio.sleep(self.whims.uniform(0.01, self.seeing))
        if failing:
            raise Broken("the look failed")
        return ("error_deleting" if thing.error else True) if seen else False

    def _seen_by_id(self, thing: Thing) -> bool:
        """Whether a question about its id is answered with it. A denial of what is there is shorter than a settling."""
        if not thing.alive:
            return False
        if self.now < thing.shown:
            thing.blinked |= thing.stale  # made too late to have a settling of its own: this was the first of its lies
            return False
        if self.outside.denies(thing):
            thing.blinked = True  # a lie at every look, the last one too, nobody could see through
            return False
        if not thing.blinked and self.whims.random() < self.moods.blink:
            thing.blinked, thing.dark = True, self.now + self.whims.uniform(0.1, SETTLING - 0.2)
            self.tell(f"cloud: {thing.id} is denied until {thing.dark:.4f}")
        return self.now >= thing.dark

    async def delete(self, id_: str, deadline: float) -> Unconfirmed | None:
        """Delete a thing, or begin to; None: that is done. `deadline`: the end of the undo's window."""
        call = self._delete(id_, deadline)
        return await (_to_its_end(call) if self.stubborn else call)

    async def _delete(self, id_: str, deadline: float) -> Unconfirmed | None:
        await self.prepare()
        thing = self.things[id_]
        if thing.going and self.now <= deadline:
            self.wrong(f"24: an undo of {id_} of {thing.task} begins while another one is on its way")
        if (thing.alive and not self._seen_by_id(thing)) or (not thing.alive and self.whims.random() < 0.3):
            self.tell(f"cloud: {id_} is not found by a deletion")
            return NOT_FOUND
        if self.stuck.get(id_, 0):
            self.stuck[id_] -= 1
            self.tell(f"cloud: {id_} is stuck")
            raise Broken(f"{id_} is in use")
        if self.struck(self.moods.undo / 2):
            self.stuck[id_] = self.dice.randint(1, 3)
        answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        late = self.now > deadline
        latency = self.dice.uniform(0.01, 2.0)
        if self.struck(self.moods.slow):
            latency = self.dice.uniform(2.0, CALL_TIMEOUT)
        if not late:  # what is sent in time has happened by the end of the window
            latency = min(latency, (deadline - self.now) * 0.99)
            self.things[id_].going += 1
        dropped, fate = self.struck(self.moods.undo), self.dice.random()
        if self.whims.random() < self.moods.accept and not (late or dropped):
            self._accept(thing, deadline)
            return ACCEPTED
        if dropped and fate < 0.5:
            self._later(latency * self.dice.random(), _fail, answer)
        self._later(latency, self._gone, id_, late, answer, dropped)
        await answer
        return None

    def _accept(self, thing: Thing, deadline: float) -> None:
        """Only accept to delete it: it takes effect, or comes to nothing, before the window and settling are over."""
        never = self.whims.random() < 0.4
        latency = (deadline + SETTLING - 0.1 - self.now) * self.whims.choice((0.01, 0.3, self.whims.random(), 1.0))
        self.tell(f"cloud: accepted to delete {thing.id}, {'never' if never else f'in {latency:.1f} s'}")
        if never:
            self._later(min(latency, 1.0), self._came_to_nothing, thing)
        else:
            self._later(latency, self._gone, thing.id, False, asyncio.get_running_loop().create_future(), False)

    def _came_to_nothing(self, thing: Thing) -> None:
        thing.going -= 1
        thing.error = thing.alive

    def _gone(self, id_: str, late: bool, answer: asyncio.Future[dict[str, str]], dropped: bool) -> None:
        thing = self.things[id_]
        thing.going -= not late
        if thing.alive:
            self.deleted(thing, late)
            thing.alive = False
        self.tell(f"cloud: deleted {id_}{' LATE' if late else ''}{' (answer lost)' if dropped else ''}")
        if dropped:
            _fail(answer)
        elif not answer.done():
            answer.set_result({})


async def _to_its_end(call: Coroutine[Any, Any, T]) -> T:
    """Wait for a call to its end, though the caller is told to wait no longer: a thread could not be stopped either."""
    work = asyncio.ensure_future(call)
    while not work.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    return work.result()


def _fail(answer: asyncio.Future[dict[str, str]]) -> None:
    if not answer.done():
        answer.set_exception(Broken("the connection broke"))
