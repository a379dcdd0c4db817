"""Random scripts over a small cloud of their own, and what came of one: for the server's engine and for a trial."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from wharfinger.ledger import entry as entries
from wharfinger.ledger import ids
from wharfinger.runtime.protocol import Rejected
from wharfinger.script import ACCEPTED, NOT_FOUND, AsyncTask, Failed, NotSent, Refused, Resource, ResourceType

KEYS = ("a", "b", "c", "d")
ODD = ("a~1", "a\nb", "k" * 257)
MAKES = ("ok",) * 8 + ("refused", "lost", "void", "unsent", "twice")
UNDOES = ("gone",) * 4 + ("accepted", "accepted", "not found", "refused", "lost")
ENDS = ("ok", "ok", "fail", "again", "again")
TYPES = {"t": ResourceType(send_window=3600)}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z")


@dataclass(frozen=True)
class Program:
    """What a script does: the steps of each of its attempts, how each ends, and how its cloud is."""

    seed: int
    runs: tuple[tuple[tuple[Any, ...], ...], ...]
    ends: tuple[str, ...]
    undoes: dict[str, str]
    blind: frozenset[str]
    only: tuple[str, ...]
    rolls_back: bool


def program(seed: int) -> Program:
    """Return the program of a seed."""
    dice = random.Random(seed)
    used: list[str] = []
    runs = tuple(tuple(_step(dice, used) for _ in range(dice.randint(1, 5))) for _ in range(2))
    return Program(
        seed,
        runs,
        (dice.choice(ENDS), dice.choice(ENDS[:3])),
        {key: dice.choice(UNDOES) for key in KEYS},
        frozenset(key for key in KEYS if dice.random() < 0.1),
        tuple(sorted(dice.sample(KEYS, 2))) if dice.random() < 0.3 else (),
        dice.random() < 0.5,
    )


def _step(dice: random.Random, used: list[str]) -> tuple[Any, ...]:
    """Return a step, mostly one that has to do with the keys `used` before; its own are among them then."""
    kind = dice.choice(("create",) * 6 + ("many", "many", "adopt", "remove", "remove"))
    known = used and dice.random() < (0.9 if kind == "remove" else 0.3)
    key = dice.choice(used if known else KEYS) if dice.random() < 0.95 else dice.choice(ODD)
    after = tuple(dice.sample(KEYS, dice.choice((0, 0, 1, 2))))
    if used and dice.random() < 0.5:
        after = (dice.choice(used),)
    if kind == "remove":
        return kind, key
    if kind == "adopt":
        return kind, key, f"old-{dice.randint(1, 3)}"
    if kind == "many":
        keys = tuple(dice.sample(KEYS, 2))
        used += keys
        return kind, keys, dice.choice((*MAKES, "part", "part")), after
    used += [key] if key in KEYS else []
    return kind, key, dice.choice(MAKES), after, "2" if dice.random() < 0.1 else "1"


@dataclass
class Play:
    """One program at work, with its cloud. `seen` are the errors that the script met, `undone` the undos, in order."""

    program: Program
    alive: dict[str, str] = field(default_factory=dict)
    made: int = 0
    seen: list[tuple[str, ...]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    @property
    def module(self) -> ModuleType:
        """The script."""
        module = ModuleType("random_script", "A random script.")

        async def main(task: AsyncTask) -> None:
            await self._main(task)

        async def find(task: AsyncTask, resource: Resource) -> list[str]:
            if resource.key.partition("~")[0] in self.program.blind:
                raise Failed("it is foggy")
            return [one for one, token in self.alive.items() if token == resource.token]

        async def exists(task: AsyncTask, resource: Resource) -> bool:
            return resource.external_id in self.alive

        async def undo(task: AsyncTask, resource: Resource) -> object:
            return self._undo(resource)

        module.__dict__.update(main=main, find=find, exists=exists, undo=undo, RESOURCE_TYPES=TYPES)
        return module

    async def _main(self, task: AsyncTask) -> None:
        turn = min(task.attempt, len(self.program.runs)) - 1
        doing: dict[str, Callable[..., Awaitable[object]]] = {
            "create": self._create,
            "many": self._many,
            "adopt": lambda task, key, old: task.adopt("t", key, old),
            "remove": lambda task, key: task.remove(key),
        }
        for kind, *step in self.program.runs[turn]:
            try:
                await doing[kind](task, *step)
            except (Failed, Rejected) as error:
                told = error.failure if isinstance(error, Rejected) else error
                self.seen.append((kind, type(error).__name__, told.reason, _TIME.sub("TIME", str(told.message))))
        end = self.program.ends[turn]
        if end != "ok":
            raise Failed("the tide is out", reason="TIDE", retryable=end == "again")

    async def _create(self, task: AsyncTask, key: str, how: str, after: tuple[str, ...], version: str) -> object:
        return await task.create(
            "t", key, lambda intent: self._answer([intent], how)[intent.key], after=after, attributes={"v": version}
        )

    async def _many(self, task: AsyncTask, keys: tuple[str, ...], how: str, after: tuple[str, ...]) -> object:
        return await task.create_many("t", keys, lambda intents: self._answer(intents, how), after=after)

    def _answer(self, intents: list[Any], how: str) -> dict[str, str]:
        if how == "refused":
            raise Refused("there is no room", reason="QUOTA_EXCEEDED")
        if how == "unsent":
            raise NotSent("the harbour is shut")
        if how == "void":
            raise OSError("the line is dead")
        made = {intent.key: self._make(intent.token) for intent in intents}
        if how == "twice":
            self._make(intents[0].token)
        if how in ("lost", "twice"):
            raise OSError("the answer was lost")
        return dict(list(made.items())[:1]) if how == "part" else made

    def _make(self, token: str) -> str:
        self.made += 1
        self.alive[f"i-{self.made}"] = token
        return f"i-{self.made}"

    def _undo(self, resource: Resource) -> object:
        how = self.program.undoes[resource.key.partition("~")[0]]
        self.undone.append(resource.key)
        if how == "refused":
            raise Refused("it is in use", reason="IN_USE")
        if how == "lost":
            raise OSError("the answer was lost")
        self.alive.pop(resource.external_id, None)
        return {"accepted": ACCEPTED, "not found": NOT_FOUND}.get(how)


def books(uid: str, records: Iterable[entries.Entry]) -> dict[str, tuple[Any, ...]]:
    """Return a ledger in a form that two of different tasks can be compared in."""
    rows = {}
    for one in records:
        assert one.token in ("", ids.token(uid, one.group or one.base, one.generation))
        why = one.error.reason if one.error else ""
        facts = (one.state.name, one.generation, one.external_id, one.owned, why, one.burnt, one.number)
        rows[one.key] = (*facts, one.depends_on, one.group, dict(one.attributes))
    return rows
