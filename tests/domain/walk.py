"""Random walks through worlds, each told by its seed: `python -m tests.domain.walk FIRST [COUNT]` makes some and tells.

A walk first lets anything happen, then lets the world come to rest, and then has a person roll back what is left: all
that is ours must be gone then, but for what somebody kept or what stands under something kept.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, partial

from tests.domain.asking import roll_back
from tests.domain.moves import moves
from tests.domain.oracle import violations
from tests.domain.world import Setup, Step, World

from wharfinger.ledger import undo
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.policy import LeftoverPolicy
from wharfinger_server.domain.task import Task

FAULTS = {
    "crash": 3, "lost": 4, "cancel": 2, "resume": 3, "rollback": 3, "resolve": 3, "findfail": 2, "undofail": 2,
    "stale": 2, "oob": 1, "delete": 1, "drop": 3, "refuse": 1, "choosy": 1, "haste": 2,
}  # fmt: skip
"""The kinds of trouble, and how often each may strike in one walk."""

LURED = {
    "worker  pauses before it sends": 8.0,
    "worker  paused ": 0.3,
    "worker  dies at wait": 8.0,
    "worker  dies at report": 4.0,
    "engine RUN lease expires": 2.0,
    "clock ": 3.0,
}
"""What walks into trouble like more, or less, than others."""
LONGEST = 150
"""How much of a path is told."""

PEOPLE = ("cancel", "resume", "rollback", "resolve", "choosy", "delete")
MEETINGS = (
    ("lost", "stale"),
    ("lost", "stale", "crash"),
    ("lost", "stale", "crash", "haste"),
    ("lost", "stale", "findfail"),
    ("lost", "drop", "findfail"),
    ("lost", "drop", "oob"),
    ("lost", "undofail", "crash"),
    ("lost", "stale", "resolve"),
    ("lost", "stale", "rollback", "choosy"),
    ("lost", "stale", "rollback", "resume"),
    ("lost", "crash", "findfail", "haste", "resolve"),
    ("lost", "rollback", "cancel", "resolve"),
)
"""Troubles that are worse together: half of the walks have these and little else."""

A, B, C, D = (Step("create", (key,)) for key in "abcd")
SCRIPTS: tuple[tuple[Step, ...], ...] = (
    (A,),
    (A,),
    (A, Step("create", ("b",), ("a",))),
    (A, B),
    (A, Step("create", ("b",), ("a",)), Step("create", ("c",), ("a",)), Step("create", ("d",), ("b", "c"))),
    (Step("create", ("a", "b")),),
    (A, Step("create", ("b", "c"), ("a",)), Step("create", ("d",), ("b",))),
    (Step("adopt", ("a",)), Step("create", ("b",), ("a",))),
    (A, B, Step("remove", ("b",))),
)


@dataclass(slots=True)
class Walk:
    """What happened on one walk. `end` is the state it came to rest in; `wrong` is empty on a good walk."""

    seed: int
    setup: Setup
    world: World
    path: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    end: str = ""
    bends: dict[str, float] = field(default_factory=dict)

    def bent(self, label: str, dice: random.Random) -> float:
        """Return by how much this walk likes moves of the kind of `label`: what is even seldom gets far."""
        kind = kind_of(label)
        if kind not in self.bends:
            bend = dice.choice([0.1, 0.5, 1.0, 1.0, 3.0])
            self.bends[kind] = max(bend, 1.0) * LURED.get(kind, 1.0) if self.setup.lured else bend
        return self.bends[kind]

    def story(self) -> str:
        """Return all that happened, for people."""
        entries = ", ".join(
            f"{e.key}:{e.state.name} g{e.generation} {e.external_id}{'' if e.owned else ' not owned'}"
            for e in self.world.entries.values()
        )
        alive = [(t.id, t.key, "stale" if t.stale else "") for t in self.world.cloud.things.values() if t.alive]
        ends = f"{self.world.task.state.name} by {self.world.task.cause.name} | {entries} | alive {alive}"
        path = self.path if len(self.path) <= LONGEST else [*self.path[:LONGEST], "…"]
        return "\n  ".join([f"seed {self.seed}: {self.wrong}", str(self.setup), *path, ends])


@cache
def kind_of(label: str) -> str:
    """Return what `label` has in common with others: it without numbers, keys and the like."""
    return re.sub(r"\b[a-d]\b|\bid\d+|[^A-Za-z ]", "", label)


def setup_of(dice: random.Random) -> Setup:
    """Return a random setup: mostly small ones, in which trouble meets trouble sooner."""
    kinds = [kind for kind in FAULTS if dice.random() < 0.5]
    faults = {kind: dice.randint(1, FAULTS[kind]) for kind in kinds}
    steps, lured = dice.choice(SCRIPTS), False
    if dice.random() < 0.5:
        faults = dict.fromkeys((*dice.choice(MEETINGS), *dice.sample(PEOPLE, 2)), dice.randint(1, 2))
        faults["lost"] = dice.randint(1, 3)
        steps = dice.choice(SCRIPTS[:4])
        lured = dice.random() < 0.8
    return Setup(
        steps=steps,
        tokens=dice.random() < 0.4,
        faults=faults,
        on_failure=dice.choice([LeftoverPolicy.KEEP, LeftoverPolicy.ROLL_BACK]),
        on_cancel=dice.choice([LeftoverPolicy.KEEP, LeftoverPolicy.ROLL_BACK]),
        attempts=dice.randint(1, 3),
        losses=4 if lured else dice.randint(1, 3),
        resumable=lured or dice.random() < 0.9,
        swallow=dice.random() < 0.3,
        adopts_what_it_sees=dice.random() < 0.15,
        lured=lured,
        undo_timeout=dice.choice([0, 0, 40]),
    )


def walk(seed: int, setup: Setup | None = None) -> Walk:
    """Make the walk of `seed`; the same seed makes the same walk."""
    dice = random.Random(seed)
    setup = setup or setup_of(dice)
    taken = Walk(seed, setup, World(setup))
    if not _go(taken, dice, dice.choice([60, 150, 400]), calm=False):
        return taken
    taken.world.faults.clear()
    if not _go(taken, dice, 2000, calm=True):
        return taken
    world = taken.world
    if not world.deleted and not world.task.state.resting:
        taken.wrong.append(f"stuck in {world.task.state.name}")
        return taken
    taken.end = "deleted" if world.deleted else world.task.state.name
    for _ in range(2):
        if not world.deleted and world.task.counts.open:
            taken.path.append("person: the last rollback")
            world.change(partial(roll_back, world, (), ()))
            if not _go(taken, dice, 2000, calm=True):
                return taken
            if not world.task.state.resting:
                taken.wrong.append("the last rollback is stuck")
                return taken
    taken.wrong += _left(world)
    return taken


def _go(taken: Walk, dice: random.Random, steps: int, *, calm: bool) -> bool:
    """Take up to `steps` steps; False if something went wrong. A calm world must run out of them."""
    world = taken.world
    for _ in range(steps):
        possible = moves(world, calm=calm)
        if not possible:
            return True
        weights = [weight * taken.bent(label, dice) for weight, label, _ in possible]
        _, label, act = dice.choices(possible, weights)[0]
        taken.path.append(f"{world.now} {label}")
        world.coin = dice.random() < 0.5
        commits, before = world.commits, world.task
        act()
        _compare(world, before)
        taken.wrong = violations(world, committed=world.commits != commits)
        if taken.wrong:
            return False
    if calm:
        taken.wrong = ["it does not come to rest"]
    return not calm


def _compare(world: World, before: Task) -> None:
    """Note what may not happen from one commit to the next."""
    now = world.task
    if before.error is not None and now.error is not None and now.error != before.error:
        world.wrong.append("the first error is overwritten")
    if before.state is TaskState.CANCELLING and now.state is TaskState.SUCCEEDED:
        world.wrong.append("a result won over a cancel")
    if now.state is TaskState.QUEUED and before.state.resting and before.undo_begun:
        world.wrong.append("resumed though undo had begun")
    if now.state is TaskState.ROLLING_BACK and before.state.resting:
        only = now.rollback.only if now.rollback else ()
        if only and all("~" in key for key in only) and now.undo_begun and not before.undo_begun:
            world.wrong.append("the undo of evidence forbids to resume")


def _left(world: World) -> list[str]:
    """Return what is alive after the last rollback though nothing stands in its way."""
    if world.deleted:
        return []
    order = undo.Order(world.ledger())
    wrong = []
    for keys in world.families:
        family = world.family(keys)
        if any(entry.state in (EntryState.RETAINED, EntryState.FORGOTTEN) for entry in family):
            continue
        for thing in world.cloud.alive(*keys):
            if thing.id in world.handed or (thing.stale and thing.id not in world.reported):
                continue
            holders = [entry for entry in family if entry.external_id == thing.id]
            if not any(order.blocker(entry) for entry in holders):
                wrong.append(f"{thing.id} of {thing.key} is left after the last rollback, {world.task.state.name}")
    return wrong


def main(first: int, count: int) -> int:
    """Make walks and print what became of them; return how many went wrong."""
    ends: Counter[str] = Counter()
    steps, bad, begun = 0, 0, time.monotonic()
    for seed in range(first, first + count):
        taken = walk(seed)
        steps += len(taken.path)
        ends[taken.end or "wrong"] += 1
        if taken.wrong:
            bad += 1
            print(taken.story())
            if bad == 3:
                break
    took = time.monotonic() - begun
    print(
        f"{sum(ends.values())} walks from {first}, {steps} steps, {steps / took:.0f} steps/s, {bad} wrong; {dict(ends)}"
    )
    return bad


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(numbers[0] if numbers else 0, numbers[1] if len(numbers) > 1 else 1) > 0)
