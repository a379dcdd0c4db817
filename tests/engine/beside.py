"""The real engine and the model of the rules, side by side: each step is taken by both, and both must then agree."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.engine.house import House
from tests.engine.model_ledger import ModelLedger, Row
from tests.engine.model_ledger import Refused as Forbidden
from tests.engine.model_task import RESTING, ModelPolicy, ModelTask

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import Phase
from wharfinger.ledger.verdict import Verdict
from wharfinger.runtime import protocol
from wharfinger_server.domain.errors import Fenced, Refused
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, NewTask
from wharfinger_server.engine.use_cases.repeats import Ask

WINDOW, TIMEOUT, SETTLING, UNDO_WINDOW = 5, 20, 10, 20
KEYS = {"a": (), "b": ("a",), "c": ("a", "b")}
"""The keys of every history, with what they come after."""
GROUP = ("d", "e")
"""Keys that are made by one call."""
CALLER = Caller("beside")
LOST = Failure(Code.UNAVAILABLE, "EXECUTOR_LOST", "the worker is gone")


class History:
    """One random history of one task. `story` tells it, `seen` counts what happened in it.

    `losing`: what it makes is deleted outside; it is resumed. In the others calls are not sent, groups are made, and
    attempts end in doubt; `blind`: what is looked for mostly can't be told.
    """

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.servers = random.Random(f"servers {seed}")
        dice = self.dice
        self.losing = dice.random() < 0.5
        self.blind = not self.losing and self.servers.random() < 0.5
        self.model = ModelTask(
            ModelPolicy(
                on_failure_undo=dice.random() < (0.1 if self.losing else 0.4),
                on_cancel_undo=dice.random() < 0.4,
                attempts=dice.choice((1, 2, 4)),
                losses=dice.choice((1, 2, 4)),
                undos=dice.choice((1, 2, 3)),
                resumable=dice.random() < 0.8,
            ),
            ModelLedger(now=house.now),
        )
        self.tokens = dice.random() < 0.5
        self.sessions: dict[int, Attempt] = {}
        self.used: dict[int, set[str]] = {}
        self.calls: list[tuple[int, int, tuple[str, ...]]] = []
        self.asked: list[tuple[str, Any]] = []
        self.ordered: dict[int, int] = {}
        self.ids = 0
        self.id = 0
        self.name = ""
        self.story: list[str] = []
        self.seen: Counter[str] = Counter()

    async def begin(self) -> None:
        """Create the task."""
        wanted = self.model.policy
        policy = Policy(
            on_failure=LeftoverPolicy.ROLL_BACK if wanted.on_failure_undo else LeftoverPolicy.KEEP,
            on_cancel=LeftoverPolicy.ROLL_BACK if wanted.on_cancel_undo else LeftoverPolicy.KEEP,
            max_attempts=wanted.attempts,
            max_lost_attempts=wanted.losses,
            max_undo_attempts=wanted.undos,
        )
        self.house.tasks += 1
        self.name = f"t{self.house.tasks}"
        new = NewTask("beside.script", executor="asyncio", policy=policy)
        shown = await self.house.engine.tasks.create(CALLER, CreateRequest("default", new, self.name, self.name))
        self.id = shown.task.id

    # ------------------------------------------------------------------ both at once

    async def both(self, what: str, real: Awaitable[Any], rule: Callable[[], Any], *, told: bool = True) -> None:
        """Take a step on both sides; `told` False: that it is refused says nothing."""
        kept, used = copy.deepcopy(self.model), copy.deepcopy(self.used)
        allowed = refused = False
        try:
            rule()
            allowed = True
        except Forbidden:
            self.model, self.used = kept, used  # what is refused has used no key either
        try:
            await real
        except (Refused, Fenced, protocol.LeaseLost, protocol.Rejected):
            refused = True
        self.story.append(f"{self.house.now % 100_000} {what}: {'refused' if refused else 'done'}")
        if told:
            assert allowed is not refused, self.tell("the model says otherwise")
        await self.compare()

    async def compare(self) -> None:
        """Compare all that both know."""
        store, model = self.house.store, self.model
        task = await store.task_by_id(self.id)
        assert task is not None
        entries = await store.entries(self.id, 0, 100)
        mine = (model.state, model.epoch, model.phase, model.undo_begun, model.deleted)
        phase = task.lease.phase.name if task.lease else ""
        real = (task.state.name, task.epoch, phase, task.undo_begun, task.delete_time > 0)
        assert real == mine, self.tell(f"the engine has {real}, the model {mine}")
        rows = {r.key: (r.state, r.gen, r.id, r.owned) for r in model.ledger.rows.values()}
        there = {e.key: (e.state.name, e.generation, e.external_id, e.owned) for e in entries}
        assert there == rows, self.tell(f"the engine has {there}, the model {rows}")
        assert {e.key for e in entries if e.open} == {r.key for r in model.rows if r.open}
        if not model.deleted:
            assert set(task.allowed()) == model.allowed(), self.tell(f"{task.allowed()} and {model.allowed()}")
        due = await store.change(self.id, self.house.life.next_phase)
        assert (due.name if due else "") == model.next_phase(), self.tell(f"{due} and {model.next_phase()!r} is due")

    def tell(self, what: str) -> str:
        """Return the history, for people."""
        return "\n  ".join([what, *self.story[-60:]])

    # ------------------------------------------------------------------ steps

    async def step(self) -> None:
        """Take one random step."""
        model, dice = self.model, self.dice
        if not model.phase and self.servers.random() < 0.03:
            await self._take_over()
        due = model.next_phase()
        kinds = ["clock", "lose"] if model.phase else ["clock"]
        kinds += ["lease"] * 6 if due else []
        kinds += {"RUN": ["run"] * 8, "SETTLE": ["settle"] * 8, "UNDO": ["undo"] * 8}.get(model.phase, [])
        kinds += ["late"] * 2 if self.sessions else []
        kinds += ["unsent"] * 5 if not self.losing and self._doubtful() else []
        kinds += ["person"] * (6 if model.allowed() and model.state not in ("QUEUED", "RUNNING") else 1)
        await getattr(self, f"_{dice.choice(kinds)}")()

    async def _clock(self) -> None:
        self.house.now += self.dice.choice((1, 4, 15, 40))
        if self.dice.random() < 0.1:
            self.house.ahead += self.dice.choice((-90_000, -3600, -30, 30, 3600, 90_000))
        self.model.ledger.now = self.house.now

    async def _take_over(self) -> None:
        """Another process takes over, while no attempt is at work."""
        await self.house.store.close()
        self.house.open(self.servers.choice((-self.house.now + 10, 0, 1_000_000)))
        for attempt in self.sessions.values():  # what fenced ones still say reaches the server that took over
            attempt._change = self.house.store.change
        self.model.ledger.taken_over()
        self.story.append(f"{self.house.now % 100_000} server {self.house.servers} takes over")
        await self.compare()

    async def _lease(self) -> None:
        await self._clock()  # what happens in one second cannot be told apart by times
        phase = Phase[self.model.next_phase()]
        await self.both(
            f"lease {phase.name}",
            self.house.store.change(self.id, lambda work: self.house.life.lease(work, phase, "w")),
            lambda: self.model.lease(phase.name),
        )
        task = await self.house.store.task_by_id(self.id)
        assert task is not None
        self.sessions[task.epoch] = Attempt(self.house, task, phase)
        self.sessions[task.epoch].resumable = self.model.policy.resumable
        self.used[task.epoch] = set()
        self.ordered[task.epoch] = self.house.now

    async def _lose(self) -> None:
        life, epoch, resumable = self.house.life, self.model.epoch, self.model.policy.resumable
        await self.both(
            "the worker is lost",
            self.house.store.change(self.id, lambda work: life.lost(work, epoch, LOST, resumable=resumable)),
            lambda: self.model.lost(epoch),
        )

    async def _run(self) -> None:
        await self._report(self.model.epoch)

    async def _late(self) -> None:
        epoch = self.dice.choice(sorted(self.sessions))
        await (self._created(epoch) if self.dice.random() < 0.6 else self._report(epoch))

    async def _report(self, epoch: int) -> None:
        dice = self.dice
        kinds = ("intend",) * 4 + ("created",) * 4 + ("answer", "answer", "adopt", "remove", "finish")
        kind = dice.choice(kinds if self.losing else (*kinds, "group", "group", "group", "unsent"))
        await getattr(self, f"_{kind}")(epoch)

    def _use(self, epoch: int, *keys: str) -> None:
        if self.used[epoch] & set(keys):
            raise Forbidden("4")
        self.used[epoch] |= set(keys)

    async def _intend(self, epoch: int) -> None:
        key, dice, model = self.dice.choice(sorted(KEYS)), self.dice, self.model
        digest = "other" if dice.random() < 0.05 else "same"
        intent = self._intent_of(key, digest)

        def rule() -> None:
            self._use(epoch, key)
            model.fence(epoch)
            settle = self.house.now + WINDOW + TIMEOUT + SETTLING
            model.ledger.intend(key, digest, KEYS[key], epoch, self.tokens, settle)

        await self.both(f"{epoch} intends {key} {digest}", self.sessions[epoch].intend([intent]), rule)
        self._called(epoch, (key,))

    async def _group(self, epoch: int) -> None:
        intents = [self._intent_of(key, "same", "d and e") for key in GROUP]

        def rule() -> None:
            self._use(epoch, *GROUP)
            self.model.fence(epoch)
            settle = self.house.now + WINDOW + TIMEOUT + SETTLING
            self.model.ledger.intend_all(GROUP, "same", epoch, "d and e", self.tokens, settle)

        await self.both(f"{epoch} intends {GROUP}", self.sessions[epoch].intend(intents), rule)
        self._called(epoch, GROUP)

    def _called(self, epoch: int, keys: tuple[str, ...]) -> None:
        """Note the calls of `keys` that are to be made now."""
        rows = [row for key in keys if (row := self.model.ledger.rows.get(key)) and row.state == "INTENDED"]
        for number in sorted({row.number for row in rows if row.epoch == epoch}):
            self.calls.append((epoch, number, tuple(row.key for row in rows if row.number == number)))

    def _doubtful(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Return the calls that may still be under way, as far as the ledger knows."""
        sought = {(row.epoch, row.number) for row in self.model.rows if row.sought}
        return [call for call in self.calls if call[:2] in sought]

    async def _unsent(self, _: int = 0) -> None:
        """Say of a call, whoever made it, that it was not sent: in time, late, again, wrongly numbered, of a part."""
        dice, doubtful = self.dice, self._doubtful()
        if not self.calls:
            return
        epoch, number, keys = dice.choice(doubtful if doubtful and dice.random() < 0.8 else self.calls)
        number += dice.choice((0,) * 8 + (1, -1))
        if len(keys) > 1 and dice.random() < 0.3:
            keys = (dice.choice(keys),)

        live, resting = self.model.holds(epoch), self.model.state in RESTING
        before = [row.state for row in self.model.rows]

        def rule() -> None:
            free = set(self.model.not_sent(keys, epoch, number))
            if free & set(GROUP):  # its call is asked for again as a whole
                rows = [self.model.ledger.rows[key] for key in GROUP]
                free |= {row.key for row in rows if row.id or row.epoch != epoch}
            self.used[epoch] -= free

        error = protocol.Failure(14, "NOT_SENT", "there is no connection")
        report = self.sessions[epoch].not_sent(keys, number, error)
        await self.both(f"{epoch} did not send {keys} {number}", report, rule, told=live)
        did = "closes" if [row.state for row in self.model.rows] != before else "changes nothing"
        when = "in time" if live else "at rest" if resting else "late"
        self.seen[f"NOT_SENT of {len(keys)} {when} {did}"] += 1

    def _intent_of(self, key: str, digest: str, group: str = "") -> protocol.Intent:
        return protocol.Intent(
            key,
            "thing",
            request_digest=digest,
            group=group,
            depends_on=KEYS.get(key, ()),
            idempotent=self.tokens,
            send_window=WINDOW,
            call_timeout=TIMEOUT,
            settling=SETTLING,
        )

    def _new_id(self) -> str:
        known = [row.id for row in self.model.rows if row.id]
        if known and self.dice.random() < 0.2:
            return self.dice.choice(known)
        self.ids += 1
        return f"i-{self.ids}"

    def _base(self) -> str | None:
        bases = sorted({row.base for row in self.model.rows if row.base in self.model.ledger.rows})
        return self.dice.choice(bases) if bases else None

    async def _created(self, epoch: int) -> None:
        if (key := self._base()) is None:
            return
        row, id_ = self.model.ledger.rows[key], self._new_id()
        gen = self.dice.randint(1, row.gen)

        def rule() -> None:
            live = self.model.holds(epoch)
            changed = self.model.ledger.created(key, gen, id_, epoch, live)
            if not live:
                self.model.late(changed)

        report = self.sessions[epoch].created(key, gen, id_)
        await self.both(f"{epoch} reports {key} g{gen} as {id_}", report, rule, told=False)

    async def _answer(self, epoch: int) -> None:
        if (key := self._base()) is None:
            return
        how = self.dice.choice(("refused", "doubt", "unnamed"))
        session, error = self.sessions[epoch], protocol.Failure(2, "SCRIPT_RAISED", "no")
        real = (
            session.refused(key, error) if how == "refused" else session.in_doubt(key, error, unnamed=how == "unnamed")
        )

        def rule() -> None:
            self.model.fence(epoch)
            if how == "refused":
                self.model.ledger.refused(key, epoch)
            else:
                self.model.ledger.doubted(key, epoch, how == "unnamed")

        await self.both(f"{epoch} hears of {key}: {how}", real, rule)

    async def _adopt(self, epoch: int) -> None:
        key, id_ = self.dice.choice(sorted(KEYS)), self._new_id()
        if self.model.ledger.holder(id_, key):
            others = {row.base for row in self.model.rows if row.id == id_} - {key}
            if others:
                return  # an id of another key: the script's own lie

        def rule() -> None:
            self._use(epoch, key)
            self.model.fence(epoch)
            self.model.ledger.adopt(key, id_, "same", KEYS[key], epoch)

        await self.both(
            f"{epoch} adopts {key} as {id_}", self.sessions[epoch].adopt(self._intent_of(key, "same"), id_), rule
        )

    async def _remove(self, epoch: int) -> None:
        if (key := self._base()) is None:
            return
        session = self.sessions[epoch]
        if self.model.ledger.rows[key].state == "UNDOING":
            await self._removed(epoch, key)
            return
        until = self.house.now + UNDO_WINDOW + SETTLING
        await self.both(
            f"{epoch} removes {key}",
            session.removing(key, UNDO_WINDOW),
            lambda: self.model.removing(key, epoch, until),
        )

    async def _removed(self, epoch: int, key: str) -> None:
        how = self.dice.choice([*protocol.Removal, protocol.Removal.COMPLETE, protocol.Removal.ACCEPTED])
        failed = how in (protocol.Removal.REFUSED, protocol.Removal.LOST)
        error = protocol.Failure(2, "SCRIPT_RAISED", "stuck") if failed else None

        number = max(1, self.model.ledger.rows[key].undos - (self.dice.random() < 0.1))

        def rule() -> None:
            self.model.fence(epoch)
            if self.model.ledger.undone(key, how.name, number):
                self.used[epoch].discard(key)  # rule 32

        await self.both(
            f"{epoch} removed {key}: {how.name}", self.sessions[epoch].removed(key, number, how, error), rule
        )

    async def _finish(self, epoch: int) -> None:
        ends = ("ok", "ok", "failed", "again", *(() if self.losing else ("doubt",)))
        end = self.dice.choice(("failed",) if self.losing and self.dice.random() < 0.5 else ends)
        if end == "ok" or self.model.phase != "RUN":
            outcome: Any = protocol.Succeeded(b"{}")
        else:
            reason = "RESOURCE_UNCERTAIN" if end == "doubt" else "SCRIPT_RAISED"
            outcome = protocol.Failure(2, reason, "it failed", end == "again")
        await self.both(
            f"{epoch} ends {end}", self.sessions[epoch].finish(outcome), lambda: self.model.finish(epoch, end)
        )
        self.seen[f"an end {end}, {self.model.state}"] += 1

    async def _settle(self) -> None:
        dice, ledger, epoch = self.dice, self.model.ledger, self.model.epoch
        looked = [row for row in self.model.rows if row.state in ("INTENDED", "UNCERTAIN")]
        at = [row for row in self.model.rows if row.awaits_look]
        if at and (not looked or dice.random() < (0.8 if self.losing else 0.5)):
            await self._look(epoch, dice.choice(at))
            return
        if not looked or dice.random() < 0.2:
            await self._finish(epoch)
            return
        row = dice.choice(looked)
        self.asked.append((row.key, row.version))
        key, version = dice.choice(self.asked[-4:])
        asked = self.ordered[epoch]  # rule 34: when the order was given
        if dice.random() < 0.3:
            await self._clock()  # and not when the answer comes
        found = (
            None
            if self.blind and dice.random() < 0.6
            else dice.choice((None, [], [], [self._new_id()], [row.id or self._new_id(), self._new_id()]))
        )
        entries = await self.house.store.entries(self.id, 0, 100)
        state = next((e.state for e in entries if e.state.name == version[0]), None)
        real_version = (state if state is not None else 0, *version[1:])
        report = self.sessions[epoch].found(key, real_version, found)

        def rule() -> None:
            self.model.fence(epoch)
            ledger.found(key, version, found, asked)

        await self.both(f"{epoch} finds {key} {version}: {found}, asked at {asked % 100_000}", report, rule)

    async def _look(self, epoch: int, row: Row) -> None:
        if self.dice.random() < 0.2:
            await self._finish(epoch)
            return
        shown = self.dice.choice((None, True, *[False] * (8 if self.losing else 2)))
        entries = await self.house.store.entries(self.id, 0, 100)
        version = next(e.version for e in entries if e.key == row.key)
        known, asked = row.version, self.model.begun

        def rule() -> None:
            self.model.fence(epoch)
            self.model.ledger.looked(row.key, known, shown, asked)

        report = self.sessions[epoch].looked(row.key, version, shown)
        await self.both(f"{epoch} looks at {row.key}: {shown}, asked at {asked % 100_000}", report, rule)

    async def _undo(self) -> None:
        epoch = self.model.epoch
        under_way = [row.key for row in self.model.rows if row.state == "UNDOING"]
        if under_way and self.dice.random() < 0.7:
            await self._removed(epoch, self.dice.choice(under_way))
        elif self.dice.random() < 0.2:
            await self._finish(epoch)
        else:
            key = self.dice.choice([row.key for row in self.model.rows])
            until = self.house.now + UNDO_WINDOW + SETTLING
            await self.both(
                f"{epoch} undoes {key}",
                self.sessions[epoch].removing(key, UNDO_WINDOW),
                lambda: self.model.removing(key, epoch, until),
            )

    async def _person(self) -> None:
        dice, model, engine = self.dice, self.model, self.house.engine
        kind = dice.choice(("cancel", "resume", "roll_back", "resolve", "resolve", "delete"))
        if self.losing and "resume" in model.allowed():
            kind = dice.choice((kind, "resume", "resume", "gone"))
        keys, ask = [row.key for row in model.rows] + ["nobody"] * (dice.random() < 0.1), Ask("default", self.name)
        if kind == "cancel":
            await self.both("cancel", engine.tasks.cancel(CALLER, "default", self.name), model.cancel)
        elif kind == "delete":
            await self.both("delete", engine.tasks.delete(CALLER, "default", self.name), model.delete)
        elif kind == "resume":
            await self.both("resume", engine.remediation.resume(CALLER, ask), model.resume)
        elif kind == "roll_back":
            some = tuple(dice.sample(keys, min(len(keys), dice.choice((0, 0, 1, 2)))))
            only, retain = dice.choice(((some, ()), ((), some)))
            await self.both(
                f"roll back only {only} retain {retain}",
                engine.remediation.roll_back(CALLER, ask, only, retain),
                lambda: model.roll_back(only, retain),
            )
        elif keys:
            key, said = dice.choice(keys), Verdict.GONE if kind == "gone" else dice.choice(list(Verdict))
            id_ = self._new_id() if said is Verdict.CREATED and dice.random() < 0.7 else ""
            await self.both(
                f"resolve {key} {said.name} {id_}",
                engine.remediation.resolve(CALLER, ask, key, said, id_),
                lambda: model.resolve(key, said.name, id_),
            )
