"""What really exists in the loopback cloud, whatever its answers say, and which calls go wrong."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
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
    runs: float = 0.0
    broken: bool = False
    going: float = 0.0
    stuck: bool = False
    hidden: float = 0.0

    @property
    def state(self) -> str:
        """What the cloud says of it: "running", "pending", "error", "stuck" or "gone".

        What was accepted to be deleted goes at the time `going`, or never: then it is "stuck". It is denied by its id
        until `hidden`.
        """
        if self.going and time.monotonic() >= self.going:
            self.gone, self.attached = True, ""
        if self.gone:
            return "gone"
        if self.stuck:
            return "stuck"
        if self.broken:
            return "error"
        return "pending" if time.monotonic() < self.runs else "running"


class Refusal(Exception):
    """The cloud's own answer that it does not do something; `wait` seconds go out as Retry-After."""

    def __init__(self, status: int, code: str, message: str, wait: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.wait = wait


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


FAULTS = {
    "503": "does nothing, answers 503",
    "dropped": "does nothing, breaks the connection",
    "made_503": "does it, answers 503",
    "made_dropped": "does it, breaks the connection",
    "made_404": "does it, answers 404",
    "late": "answers nothing, does it `delay` seconds later",
    "garbled": "does it, answers with something else altogether",
    "namespace": "does it, answers in another XML namespace",
    "trickle": "does it, answers a byte now and then",
    "unlisted": "does it; what it made is in no list for `delay` seconds",
    "pending": "does it; what it made runs `delay` seconds later",
    "error": "does it; what it made never runs",
    "quota": "refuses: there are too many",
    "rate": "refuses: too many requests; `delay` goes out as Retry-After",
    "not_found": "refuses: there is no such thing",
    "accepted": "accepts to delete it; it goes `delay` seconds later",
    "accepted_stuck": "accepts to delete it; it never goes, and shows an error",
    "hidden": "does it; what it made is denied by its id for `delay` seconds",
    "token_mismatch": "refuses: the token was used with other parameters",
    "token_terminated": "refuses: what this token made was terminated",
}
"""The kinds of fault, and what the cloud does then."""

_REFUSALS = {
    "503": (503, "ServiceUnavailable", "the service is overloaded"),
    "made_503": (503, "ServiceUnavailable", "the service is overloaded"),
    "made_404": (404, "NotFound", "it does not exist"),
    "quota": (400, "InstanceLimitExceeded", "quota exceeded: you may have no more"),
    "not_found": (404, "NotFound", "it does not exist"),
    "token_mismatch": (400, "IdempotentParameterMismatch", "the token was used with other parameters"),
    "token_terminated": (400, "IdempotentInstanceTerminated", "the instance of this token was terminated"),
}


class Oracle:
    """The things that exist, the calls that came, and the faults to come; FAULTS names the kinds.

    `latency` is each call's in seconds, `lag` after how many seconds a list shows a new thing, `boot` after how many
    a new node runs, `quota` how many nodes there may be, `page` how many addresses a list of OpenStack's shows at once,
    0 for all, and `trickle` the seconds between two bytes of that fault.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.things: dict[str, Thing] = {}
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.latency = 0.0
        self.lag = 0.0
        self.boot = 0.0
        self.trickle = 0.1
        self.quota = 1000
        self.page = 0
        self.pending: list[threading.Thread] = []
        self._becoming: Fault | None = None
        self._numbers = itertools.count(1)

    def fail(self, call: str, kind: str, times: int = 1, *, after: int = 0, delay: float = 0.0) -> None:
        """Let `call` go wrong `times` times, after `after` that go well. Raises KeyError for a kind that is none."""
        FAULTS[kind]
        with self.lock:
            self.faults.append(Fault(call, kind, times, after, delay))

    def alive(self, kind: str = "node") -> list[Thing]:
        """Return what exists, whatever lists say."""
        with self.lock:
            return [thing for thing in self.things.values() if thing.kind == kind and thing.state != "gone"]

    def everything(self) -> list[str]:
        """Return the ids of all that exists."""
        with self.lock:
            return sorted(thing.id for thing in self.things.values() if thing.state != "gone")

    def count(self, call: str) -> int:
        """Return how often `call` came."""
        with self.lock:
            return self.calls.count(call)

    def listed(self, kind: str) -> list[Thing]:
        """Return what a list shows: new things come late by `lag` seconds, and gone nodes stay for a while."""
        with self.lock:
            now = time.monotonic()
            # Asking for its state lets a thing go whose time has come.
            return [t for t in self.things.values() if t.kind == kind and now - t.born >= self.lag and t.state]

    def get(self, kind: str, one: str, code: str) -> Thing:
        """Return a thing that is there. Raises Refusal 404."""
        with self.lock:
            thing = self.things.get(one)
            if thing is None or thing.state == "gone" or thing.kind != kind or time.monotonic() < thing.hidden:
                raise Refusal(404 if not code.startswith("Invalid") else 400, code, f"{kind} {one} does not exist")
            return thing

    def delete(self, thing: Thing) -> None:
        """Delete a thing, and take what is attached to it apart; or only accept to, as a fault has it."""
        with self.lock:
            fault = self._becoming
            if fault is not None and fault.kind == "accepted":
                thing.going = time.monotonic() + fault.delay
            elif fault is not None and fault.kind == "accepted_stuck":
                thing.stuck = True
            else:
                thing.gone = True
                for other in self.things.values():
                    if other.attached == thing.id:
                        other.attached = ""

    def make(self, kind: str, prefix: str, **facts: Any) -> Thing:
        """Make one, within the quota for nodes."""
        with self.lock:
            if kind == "node" and len(self.alive()) >= self.quota:
                raise Refusal(403 if prefix == "" else 400, "InstanceLimitExceeded", "quota exceeded: too many nodes")
            number = next(self._numbers)
            runs = time.monotonic() + self.boot
            thing = Thing(
                kind, runs=runs, id=f"{prefix}{number:08x}-0000-4000-8000-{number:012x}"[: 36 + len(prefix)], **facts
            )
            fault = self._becoming
            if fault is not None:
                thing.born += fault.delay if fault.kind == "unlisted" else 0
                thing.runs += fault.delay if fault.kind == "pending" else 0
                thing.broken = fault.kind == "error"
                thing.hidden = time.monotonic() + fault.delay if fault.kind == "hidden" else 0.0
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
        if fault is None:
            return "", do()
        if kind.startswith("made_"):
            do()
        if kind in ("dropped", "made_dropped"):
            raise Unanswered
        if kind == "late":
            self._later(do, fault.delay)
            time.sleep(fault.delay + 0.1)
            raise Unanswered
        if kind == "rate":
            raise Refusal(429, "RequestLimitExceeded", "too many requests", int(fault.delay))
        if kind in _REFUSALS:
            raise Refusal(*_REFUSALS[kind])
        return kind, self._done(do, fault)

    def _done(self, do: Callable[[], Any], fault: Fault) -> Any:
        """Do it, and see to what becomes of what it makes."""
        with self.lock:
            self._becoming = fault
            try:
                return do()
            finally:
                self._becoming = None

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


Route = tuple[str, str, str, Callable[..., tuple[int, Any]]]
"""A verb, a pattern of the path, the call's name for faults, and what is done with the oracle, the body and the ids."""


def routed(
    oracle: Oracle, routes: Iterable[Route], method: str, path: str, body: Any, unknown: str = "not_found"
) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    for verb, pattern, call, do in routes:
        found = re.fullmatch(pattern, path)
        if verb == method and found:
            kind, (status, value) = oracle.around(call, partial(do, oracle, body, *found.groups()))
            return kind, status, value
    raise Refusal(404, unknown, f"there is no {method} {path}")
