"""What simulated tasks do: random programs over the real script contract, against the simulated cloud."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from tests.campaigns.sim.cloud import CALL_TIMEOUT, SEND_WINDOW, SETTLING, Cloud

from wharfinger.runtime.protocol import Rejected
from wharfinger.script import Failed, ResourceType

SCRIPT = "sim.build"


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that a program does. `kind`: make, adopt, remove, swap, once, fail, half or rest."""

    kind: str
    keys: tuple[str, ...]
    after: tuple[str, ...] = ()
    swallow: bool = False
    tries: int = 1
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Program:
    """What one task does: its ops one after the other, or `at_once` as far as they do not wait for each other."""

    ops: tuple[Op, ...]
    at_once: bool

    def __str__(self) -> str:
        ops = (f"{op.kind} {'+'.join(op.keys)}{' after ' + '+'.join(op.after) if op.after else ''}" for op in self.ops)
        return f"{'at once' if self.at_once else 'in turn'}: {'; '.join(ops)}"


def random_program(dice: random.Random, *, groups: bool = False) -> Program:
    """Return a program of up to six keys in a random graph; with `groups`, many of them made together."""
    ops: list[Op] = []
    keys: list[str] = []
    leaves: list[str] = []
    swallowing = 0.3 if dice.random() < 0.3 else 0.0
    for n in range(dice.randint(1, 5)):
        key = "abcdef"[n]
        after = tuple(sorted(dice.sample(keys, min(len(keys), dice.choice((0, 1, 1, 2))))))
        kind = dice.choice(("make",) * (2 if groups else 6) + ("adopt", "many"))
        names = (f"{key}1", f"{key}2", f"{key}3")[: dice.randint(2, 3)] if kind == "many" else (key,)
        ops.append(Op("adopt" if kind == "adopt" else "make", names, after, dice.random() < swallowing))
        leaves = [leaf for leaf in leaves if leaf not in after]
        keys += names
        if kind == "make":
            leaves.append(key)
        if dice.random() < 0.15:
            ops.append(Op("once", (f"memo-{key}",), (names[0],)))
        if dice.random() < 0.1:
            ops.append(Op("rest", (f"rest-{key}",), names, chance=dice.uniform(0.5, 40)))
    if leaves and dice.random() < 0.2:
        ops.append(Op("remove", (dice.choice(leaves),), tuple(keys), dice.random() < 0.3))
    if dice.random() < 0.4:
        ops.append(Op("fail", ("fail",), tuple(keys), chance=dice.choice((0.3, 0.7, 1.0))))
    if keys and dice.random() < 0.3:
        ops.append(Op("rest", ("rest-end",), tuple(keys), chance=dice.uniform(0.5, 20)))
    return Program(tuple(ops), dice.random() < 0.5)


class _Run:
    """One attempt at a program."""

    def __init__(self, cloud: Cloud, task: Any, program: Program) -> None:
        self.cloud = cloud
        self.task = task
        self.program = program
        self.name = task.name.rpartition("/")[2]
        self.ids: dict[str, str] = {}

    async def all(self) -> dict[str, Any]:
        """Do everything; return the ids."""
        keys = [key for op in self.program.ops if op.kind == "make" for key in op.keys]
        await self.task.plan(keys)
        with self.task.step("build", total=len(keys)) as step:
            if self.program.at_once:
                await self._at_once(step)
            else:
                for op in self.program.ops:
                    await self._do(op, step)
        return dict(self.ids)

    async def _at_once(self, step: Any) -> None:
        done: dict[str, asyncio.Task[None]] = {}

        async def one(op: Op) -> None:
            waiting = [done[key] for key in dict.fromkeys(op.after) if key in done]
            await asyncio.gather(*waiting)
            await self._do(op, step)

        begun = []
        for op in self.program.ops:
            work = asyncio.ensure_future(one(op))
            begun.append(work)
            for key in op.keys:
                done.setdefault(key, work)
        results = await asyncio.gather(*begun, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _do(self, op: Op, step: Any) -> None:
        if any(key not in self.ids for key in op.after if not key.startswith(("memo", "rest"))):
            return  # what it needs was swallowed
        try:
            await getattr(self, f"_{op.kind}")(op)
        except Failed as error:
            if not op.swallow:
                raise
            self.task.notify(f"{op.keys} swallowed: {error}", "warning")
        else:
            if op.kind == "make":
                step.advance(len(op.keys))

    async def _make(self, op: Op) -> None:
        parents = tuple(self.ids[key] for key in op.after)
        cloud, first, unsent = self.cloud, op.keys[0], self.cloud.unsent
        assert unsent is not None
        other = self.task.attempt > 1 and cloud.struck(cloud.moods.fickle)
        size = "large" if other else "small"

        async def call(intent: Any) -> str | None:
            unsent.strikes()
            made = await cloud.create(self.name, op.keys, intent.token, parents, size)
            return made.get(first)

        async def call_many(makings: list[Any]) -> dict[str, str]:
            asked = tuple(making.key for making in makings)
            unsent.strikes(part=len(asked) < len(op.keys))
            return await cloud.create(self.name, asked, makings[0].token, parents, size)

        options = {"after": op.after, "attributes": {"size": size}}
        if len(op.keys) > 1:
            make = partial(self.task.create_many, "thing", op.keys, call_many, **options)
            self.ids |= await unsent.until_sent(make)
        elif (seen := self._seen(first)) is not None:
            self.ids[first] = await self.task.adopt("thing", first, seen, **options)
            return
        else:
            self.ids[first] = await unsent.until_sent(partial(self.task.create, "thing", first, call, **options))
        for key in op.keys:
            if (got := cloud.things[self.ids[key]]).ours and got.size != size:
                cloud.wrong(f"4: {self.name} asked for a {size} {key} and got the {got.size} {got.id}")
        if len(op.keys) == 1 and cloud.struck(cloud.moods.again):
            await self._again(first, call, options)

    def _seen(self, key: str) -> str | None:
        """Return a thing that a careless script takes for its own, or None."""
        cloud = self.cloud
        if not cloud.struck(cloud.moods.sight):
            return None
        things = (t.id for t in cloud.things.values() if t.task == self.name and t.key == key and t.alive)
        return next(things, None)

    async def _again(self, key: str, call: Any, options: dict[str, Any]) -> None:
        try:
            await self.task.create("thing", key, call, **options)
        except Rejected:
            return
        self.cloud.wrong(f"4: {self.name} used {key} twice in one attempt")

    async def _adopt(self, op: Op) -> None:
        key = op.keys[0]
        known = [t for t in self.cloud.things.values() if t.task == self.name and t.key == key and not t.ours]
        thing = known[0] if known else self.cloud.put(self.name, key, f"foreign-{self.name}-{key}", ours=False)
        self.ids[key] = await self.task.adopt("thing", key, thing.id, after=op.after)

    async def _remove(self, op: Op) -> None:
        await self.task.remove(op.keys[0])
        self.ids.pop(op.keys[0])

    async def _swap(self, op: Op) -> None:
        """Take a thing away and make it again, unless something stands on it."""
        [making] = [made for made in self.program.ops if made.kind == "make" and made.keys == op.keys]
        try:
            if not await self.task.remove(op.keys[0]):
                return
        except Rejected as rejected:
            if rejected.failure.reason not in ("UNDO_FAILED", "KEY_REUSED", "TASK_NOT_SETTLED"):
                raise
            return
        self.ids.pop(op.keys[0])
        try:
            await self._make(making)
        except Rejected as rejected:
            if "twice in one attempt" in rejected.failure.message:
                self.cloud.wrong(f"32: {self.name} removed {op.keys[0]}, and can't make it again")
            raise

    async def _half(self, op: Op) -> None:
        await asyncio.sleep(0.01)
        if not self.cloud.outside.spares:
            raise Failed("it stays half done", reason="ON_PURPOSE")

    async def _once(self, op: Op) -> None:
        async def call() -> str:
            await asyncio.sleep(0.1)
            return op.keys[0]

        if await self.task.once(op.keys[0], call) != op.keys[0]:
            self.cloud.wrong(f"{self.name} got another memo than it saved")

    async def _rest(self, op: Op) -> None:
        await asyncio.sleep(op.chance)

    async def _fail(self, op: Op) -> None:
        await asyncio.sleep(0.01)
        if self.cloud.struck(op.chance) and self.cloud.moods.undo + self.cloud.moods.find > 0:
            raise Failed("it fails on purpose", reason="ON_PURPOSE", retryable=self.cloud.struck(0.5))


def module_of(cloud: Cloud, programs: Mapping[str, Program], undo_end: Any, resumable: bool) -> ModuleType:
    """Return a script module that runs `programs` by the task's name, on `cloud`."""
    module = ModuleType(SCRIPT.replace(".", "_"), "Builds what a program says.")

    async def main(task: Any) -> dict[str, Any]:
        """Run the program."""
        return await _Run(cloud, task, programs[task.name.rpartition("/")[2]]).all()

    async def find(_: Any, resource: Any) -> list[str]:
        """Look for a token."""
        return await cloud.find(resource.token)

    async def undo(task: Any, resource: Any) -> Any:
        """Delete by id."""
        return await cloud.delete(resource.external_id, undo_end(task.name.rpartition("/")[2], resource.key))

    async def exists(_: Any, resource: Any) -> bool | str:
        """Look by id."""
        return await cloud.look(resource.external_id)

    module.main, module.find, module.undo, module.exists = main, find, undo, exists  # type: ignore[attr-defined]
    module.RESUMABLE = resumable  # type: ignore[attr-defined]
    module.RESOURCE_TYPES = {  # type: ignore[attr-defined]
        "thing": ResourceType(
            idempotent=cloud.tokens, send_window=SEND_WINDOW, call_timeout=CALL_TIMEOUT, settling=SETTLING
        )
    }
    return module
