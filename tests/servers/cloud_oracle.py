"""What really exists in the loopback cloud, whatever its answers say, and which calls go wrong."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Thing:
    """One thing: a node, volume or address."""

    kind: str
    id: str
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    token: str = ""
    request: Any = None
    born: float = field(default_factory=time.monotonic)
    gone: bool = False
    attached: str = ""


class Refusal(Exception):
    """The cloud's own answer that it does not do something."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Unanswered(Exception):
    """The connection is broken without an answer."""


@dataclass
class Fault:
    """What goes wrong with a call: `kind` is one of those that `Oracle.around` knows."""

    call: str
    kind: str
    times: int = 1
    after: int = 0
    delay: float = 0.0


class Oracle:
    """The things that exist, the calls that came, and the faults to come.

    Kinds of fault: "made_503" and "made_dropped" do it and answer 503 or nothing, "503" and "dropped" don't do it,
    "late" answers nothing and does it `delay` seconds later, "quota", "rate" and "not_found" refuse, "namespace" is
    an answer in another XML namespace, "garbled" does it and answers with something else altogether.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.things: dict[str, Thing] = {}
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.lag = 0.0
        self.quota = 1000
        self.pending: list[threading.Thread] = []
        self._numbers = itertools.count(1)

    def fail(self, call: str, kind: str, times: int = 1, *, after: int = 0, delay: float = 0.0) -> None:
        """Let `call` go wrong `times` times, after `after` that go well."""
        with self.lock:
            self.faults.append(Fault(call, kind, times, after, delay))

    def alive(self, kind: str = "node") -> list[Thing]:
        """Return what exists, whatever lists say."""
        with self.lock:
            return [thing for thing in self.things.values() if thing.kind == kind and not thing.gone]

    def everything(self) -> list[str]:
        """Return the ids of all that exists."""
        with self.lock:
            return sorted(thing.id for thing in self.things.values() if not thing.gone)

    def count(self, call: str) -> int:
        """Return how often `call` came."""
        with self.lock:
            return self.calls.count(call)

    def listed(self, kind: str) -> list[Thing]:
        """Return what a list shows: new things come late by `lag` seconds, and gone nodes stay for a while."""
        with self.lock:
            now = time.monotonic()
            return [thing for thing in self.things.values() if thing.kind == kind and now - thing.born >= self.lag]

    def get(self, kind: str, one: str, code: str) -> Thing:
        """Return a thing that is there. Raises Refusal 404."""
        with self.lock:
            thing = self.things.get(one)
            if thing is None or thing.gone or thing.kind != kind:
                raise Refusal(404 if not code.startswith("Invalid") else 400, code, f"{kind} {one} does not exist")
            return thing

    def make(self, kind: str, prefix: str, **facts: Any) -> Thing:
        """Make one, within the quota for nodes."""
        with self.lock:
            if kind == "node" and len(self.alive()) >= self.quota:
                raise Refusal(403 if prefix == "" else 400, "InstanceLimitExceeded", "quota exceeded: too many nodes")
            number = next(self._numbers)
            thing = Thing(kind, f"{prefix}{number:08x}-0000-4000-8000-{number:012x}"[: 36 + len(prefix)], **facts)
            self.things[thing.id] = thing
            return thing

    def around(self, call: str, do: Callable[[], Any]) -> tuple[str, Any]:
        """Do `call` with the fault that waits for it; return the fault's kind, or "", and the answer.

        Raises Refusal and Unanswered.
        """
        with self.lock:
            self.calls.append(call)
            fault = self._take(call)
        time.sleep(self.latency)
        return self.suffer(fault, do)

    def suffer(self, fault: Fault | None, do: Callable[[], Any]) -> tuple[str, Any]:
        """Do what a call does as `fault` has it, if there is one. Returns and raises as `around`."""
        kind = fault.kind if fault else ""
        if kind in ("made_503", "made_dropped"):
            do()
        if kind in ("503", "made_503"):
            raise Refusal(503, "ServiceUnavailable", "the service is overloaded")
        if kind in ("dropped", "made_dropped"):
            raise Unanswered
        if kind == "late" and fault is not None:
            self._later(do, fault.delay)
            time.sleep(fault.delay + 0.1)
            raise Unanswered
        if kind == "quota":
            raise Refusal(400, "InstanceLimitExceeded", "quota exceeded: you may have no more")
        if kind == "rate":
            raise Refusal(429, "RequestLimitExceeded", "too many requests")
        if kind == "not_found":
            raise Refusal(404, "NotFound", "it does not exist")
        return kind, do()

    def _later(self, do: Callable[[], Any], delay: float) -> None:
        thread = threading.Timer(delay, do)
        thread.daemon = True
        self.pending.append(thread)
        thread.start()

    def _take(self, call: str) -> Fault | None:
        for fault in self.faults:
            if fault.call == call:
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None
