"""A cloud whose calls go wrong by chance, and an oracle that notes what was ever made twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.servers.cloud_oracle import Fault, Oracle, Refusal, Thing

from wharfinger_libcloud.markings import TAG

MAKING = {
    "RunInstances", "CreateVolume", "AllocateAddress", "AttachVolume", "AssociateAddress",
    "POST /servers", "POST /volumes", "POST /attachments",
}  # fmt: skip
REMOVING = {
    "TerminateInstances", "DeleteVolume", "ReleaseAddress", "DetachVolume", "DisassociateAddress",
    "DELETE /servers/ID", "DELETE /volumes/ID", "DELETE /attachments/ID",
}  # fmt: skip
LATEST = 0.5
"""Seconds after which what was sent has landed at the latest."""

_ANYWHERE = ("503", "dropped", "rate", "slow", "trickle")
_WHEN_MAKING = (
    *_ANYWHERE, "made_503", "made_dropped", "late", "late", "garbled", "unlisted", "pending", "error", "quota",
)  # fmt: skip
_WHEN_REMOVING = (*_ANYWHERE, "made_dropped", "made_503", "made_404")
_TOKENS = ("token_mismatch", "token_terminated")


class StormyOracle(Oracle):
    """Decides by `seed`, the call and how often it came whether it goes wrong; of `harm` calls in one that do.

    One more kind of fault: "slow" does it and answers `delay` seconds later. `wrongs` lists what existed twice at one
    time, or was made twice under one token.
    """

    def __init__(self, seed: int, harm: float = 0.2) -> None:
        super().__init__()
        self.harm = harm
        self.trickle = 0.002
        self.seed = seed
        self.wrongs: list[str] = []
        self.made: Counter[str] = Counter()
        self.ordered: Counter[str] = Counter()
        self._came: Counter[str] = Counter()

    def _take(self, call: str) -> Fault | None:
        ordered = super()._take(call)
        if ordered is not None:
            return ordered
        self._came[call] += 1
        dice = random.Random(f"{self.seed} {call} {self._came[call]}")
        harm = self.harm if call in MAKING or call in REMOVING else self.harm / 4
        if dice.random() >= harm:
            return None
        choices = _WHEN_MAKING if call in MAKING else _WHEN_REMOVING if call in REMOVING else _ANYWHERE
        kind = dice.choice(choices + _TOKENS if call in ("RunInstances", "CreateVolume") else choices)
        if (call, kind) == ("RunInstances", "error"):
            kind = "pending"  # EC2 shows what never runs as terminated: nobody could find it, and the oracle counts it
        self.ordered[kind] += 1
        return Fault(call, kind, delay=dice.uniform(0.05, LATEST))

    def _done(self, do: Callable[[], Any], fault: Fault) -> Any:
        answer = super()._done(do, fault)
        if fault.kind == "slow":
            time.sleep(fault.delay)
        return answer

    def _later(self, do: Callable[[], Any], delay: float) -> None:
        def unheard() -> None:
            with suppress(Refusal):
                do()

        super()._later(unheard, delay)

    def make(self, kind: str, prefix: str, **facts: Any) -> Thing:
        """Make one, and note where one of the same name is there already: names are the tasks' own."""
        with self.lock:
            thing = super().make(kind, prefix, **facts)
            label = f"{kind} {plain_name(thing)}"
            self.made[mark_of(thing)] += 1
            twins = [t.id for t in self.alive(kind) if t.id != thing.id and plain_name(t) == plain_name(thing)]
            if twins:
                self.wrongs.append(f"{label} exists as {thing.id} beside {', '.join(twins)}")
            if self.made[mark_of(thing)] > 1:
                self.wrongs.append(f"{label} was made {self.made[mark_of(thing)]} times under {mark_of(thing)}")
            return thing

    def calm(self) -> None:
        """Let nothing go wrong from now on."""
        with self.lock:
            self.harm = 0.0
            self.faults.clear()

    def of(self, prefix: str) -> list[Thing]:
        """Return what exists of a task whose names begin with `prefix`."""
        with self.lock:
            return [t for t in self.things.values() if not t.gone and plain_name(t).startswith(prefix)]

    def forget(self, prefix: str) -> None:
        """Forget a task's things that are gone, as clouds do after an hour."""
        with self.lock:
            for thing in list(self.things.values()):
                if thing.gone and plain_name(thing).startswith(prefix):
                    del self.things[thing.id]


def mark_of(thing: Thing) -> str:
    """Return the token that a thing carries: as its tag, or at the end of its name."""
    return thing.tags.get(TAG, "") or thing.token or thing.name


def plain_name(thing: Thing) -> str:
    """Return the name that was asked for, without what marks it as ours."""
    return thing.name if TAG in thing.tags else thing.name.rpartition("-")[0]
