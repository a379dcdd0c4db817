"""A provider that outlives every server: what really exists, and whose answers get lost.

One request a connection: a line of JSON each way, on loopback. What it does wrong is chosen by a seed and the request.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.campaigns.chaos.mixes import MAKING, REMOVING, Mix

LATEST = 0.4
"""Seconds after which what was asked for has been done, or never will be; for one that is late, after it expires."""
UNLUCKY = {"find": 8}
"""How often a call about one thing may go wrong, twice where nothing is said: nobody is unlucky for ever."""


@dataclass
class Thing:
    """One thing: under which token it was made for which task and key, and when it went."""

    id: str
    task: str
    key: str
    token: str
    gone: bool = False


@dataclass
class Oracle:
    """What exists and what came, whatever was answered. `harm` is 1 for bad weather and 0 for calm."""

    seed: int
    mix: Mix = field(default_factory=Mix)
    harm: int = 1
    things: dict[str, Thing] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)
    faults: collections.Counter[str] = field(default_factory=collections.Counter)
    calls: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._came: collections.Counter[str] = collections.Counter()
        self._numbers = itertools.count(1)

    def fault(self, verb: str, about: str, choices: Mapping[str, int]) -> tuple[str, float]:
        """Return what becomes of a call and how long that takes."""
        with self.lock:
            self.calls += 1
            self._came[f"{verb} {about}"] += 1
            dice = random.Random(f"{self.seed} {verb} {about} {self._came[f'{verb} {about}']}")
            often = self._came[f"{verb} {about}"] > UNLUCKY.get(verb, 2)
            kind = "fine" if often or not self.harm else dice.choices(list(choices), list(choices.values()))[0]
            self.faults[kind] += 1
            return kind, dice.uniform(0.05, LATEST)

    def make(self, task: str, key: str, token: str, *, idempotent: bool) -> str:
        """Make one, and note where one of the key is there. Where tokens are honoured, the same one is given back."""
        with self.lock:
            same = [thing for thing in self.things.values() if thing.token == token]
            if idempotent and same:
                return "" if same[0].gone else same[0].id
            thing = Thing(f"i-{next(self._numbers):06}", task, key, token)
            twins = [one.id for one in self.of(task) if one.key == key]
            if twins:
                self.wrongs.append(f"{task}: {key} exists as {thing.id} beside {', '.join(twins)}")
            self.things[thing.id] = thing
            return thing.id

    def remove(self, one: str) -> None:
        """Let it be gone."""
        with self.lock:
            if one in self.things:
                self.things[one].gone = True

    def there(self, one: str) -> bool:
        """Whether it exists."""
        with self.lock:
            return one in self.things and not self.things[one].gone

    def of(self, task: str) -> list[Thing]:
        """Return what exists of a task."""
        with self.lock:
            return [thing for thing in self.things.values() if thing.task == task and not thing.gone]

    def with_token(self, token: str) -> list[str]:
        """Return the ids of what exists under a token."""
        with self.lock:
            return [thing.id for thing in self.things.values() if thing.token == token and not thing.gone]

    def was_asked(self, token: str) -> bool:
        """Whether a call with this token ever came."""
        with self.lock:
            return token in self.asked


class Provider:
    """Serves an oracle on a free port of loopback, on a thread of its own, while in its `with` block."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="provider", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = started.result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _end(self) -> None:
        """Listen no more, and end what is being answered."""
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line:
                answer = await self._answer(json.loads(line))
                if answer is not None:
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except (ConnectionError, json.JSONDecodeError):
            pass  # its caller was killed
        finally:
            writer.close()

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Do what is asked for; None: break the connection."""
        verb = asked["do"]
        if verb == "find":
            return self._find(asked["token"])
        if verb == "exists":
            return {"exists": self.oracle.there(asked["id"])}
        if verb == "make":
            return await self._make(asked)
        return await self._remove(asked["id"])

    def _find(self, token: str) -> dict[str, Any] | None:
        finding = self.oracle.mix.finding
        if finding and self.oracle.fault("find", token, finding)[0] == "dropped":
            return None
        return {"ids": self.oracle.with_token(token)}

    async def _make(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        oracle, token = self.oracle, asked["token"]
        with oracle.lock:
            oracle.asked.add(token)
        kind, delay = oracle.fault("make", token, oracle.mix.making or MAKING)
        left = asked["expires"] - time.clock_gettime(time.CLOCK_BOOTTIME)
        if left < 0:
            return {"refused": "the request has expired"}  # as signed requests do

        def make() -> str:
            """Make it."""
            return oracle.make(asked["task"], asked["key"], token, idempotent=asked["idempotent"])

        if kind == "refused":
            return {"refused": "there is no room for more just now"}
        if kind == "dropped":
            return None
        if kind == "late":
            self._loop.call_later(0.8 * left * delay / LATEST + delay, make)
            return None
        if kind == "slow":
            await asyncio.sleep(delay)
        one = make()
        if kind == "made_dropped":
            return None
        return {"id": one} if one else {"terminated": "what this token made is gone"}

    async def _remove(self, one: str) -> dict[str, Any] | None:
        oracle = self.oracle
        kind, delay = oracle.fault("remove", one, REMOVING)
        if kind == "dropped":
            return None
        if kind == "accepted":
            self._loop.call_later(delay, oracle.remove, one)
        elif kind != "accepted_never":
            oracle.remove(one)
        if kind == "made_dropped":
            return None
        return {"accepted": True} if kind.startswith("accepted") else {"gone": True}
