"""Bugs in which clock ends a window, and in when a look was asked: rules 33 and 34."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground
from tests.campaigns.sim import clocks

from wharfinger.ledger import finding
from wharfinger.runtime import looking
from wharfinger_server.store import store
from wharfinger_server.store.store import SteadyClock
from wharfinger_server.store.tables import codec

BUGS = Catalogue()


@BUGS.bug("33")
def wall_clock_ends_windows(ground: Ground) -> None:
    """Windows are compared with the time of day."""

    def spoiled(url: str, clock: Any, steady: Any) -> Any:
        wall = clock or (lambda: time.time_ns() // 1000)
        return right(url, clock, SteadyClock("the time of day", wall))

    right = ground.put(store, "_database", spoiled)


@BUGS.bug("33")
def take_over_does_not_restart_windows(ground: Ground) -> None:
    """Whoever takes a task over goes by the uptime that another machine, or another boot, wrote down."""
    ground.put(codec, "retimed", lambda entry, reading: entry)
    ground.put(codec, "retime", lambda task, reading: None)


@BUGS.bug("33")
def take_over_restarts_what_is_left(ground: Ground) -> None:
    """Whoever takes a task over gives a window what the time of day says is left of it, not all of it."""

    def spoiled(entry: Any, reading: Any) -> Any:
        left = max(0, min(entry.settle_window, entry.intent_time + entry.settle_window - reading.wall))
        return replace(right(entry, reading), settle_time=reading.steady + left)

    right = ground.put(codec, "retimed", spoiled)


@BUGS.bug("34")
def asked_by_the_workers_wall_clock(ground: Ground) -> None:
    """When a look was asked, the worker's time of day says, against the server's."""

    def spoiled(ledger: Any, key: str, version: Any, ids: Any, asked: int, now: int) -> Any:
        return right(ledger, key, version, ids, ledger.steady + clocks.current().skew, now)

    right = ground.put(finding, "found", spoiled)


@BUGS.bug("34")
def asked_counted_back_from_the_report(ground: Ground) -> None:
    """When a look was asked is counted back from when its report is taken, by how long ago it was when it was sent."""
    took: dict[str, int] = {}

    async def ask(self: Any, *arguments: Any) -> Any:
        begun = clocks.current().passed()
        try:
            return await asking(self, *arguments)
        finally:
            took[arguments[-1].key] = clocks.current().passed() - begun

    def spoiled(ledger: Any, key: str, version: Any, ids: Any, asked: int, now: int) -> Any:
        return right(ledger, key, version, ids, ledger.steady - took.get(key, 0), now)

    asking = ground.put(looking._Looks, "_ask", ask)
    right = ground.put(finding, "found", spoiled)
