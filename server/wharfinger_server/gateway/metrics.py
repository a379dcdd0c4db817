"""The figures of /metrics, from what the engine and the store know. docs/reference/metrics.md tells of each name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from wharfinger.ledger import ids
from wharfinger.ledger.states import TaskState
from wharfinger_prices.price import plain
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.engine import Engine
from wharfinger_server.gateway.prometheus import Family, gauge, histogram, text
from wharfinger_server.gateway.routes import Routes
from wharfinger_server.rpc.calls import Calls
from wharfinger_server.store.commit.commit_time import BOUNDS
from wharfinger_server.store.store import Store, Totals

FRESH = 5.0
"""Seconds for which what was counted in the database is told again."""
_SHOWN = [state for state in TaskState if not state.resting or state.half_done]


class Metrics:
    """Tells the figures; those of the database are counted at most once in FRESH seconds, however many ask."""

    def __init__(self, engine: Engine, store: Store, calls: Calls, routes: Routes) -> None:
        self._engine = engine
        self._store = store
        self._calls = calls
        self._routes = routes
        self._counting = asyncio.Lock()
        self._counted = Totals()
        self._at = float("-inf")

    async def text(self) -> str:
        """Return all figures. Raises Unavailable while the database does not answer."""
        async with self._counting:
            if time.monotonic() - self._at > FRESH:
                self._counted = await self._store.totals()
                self._at = time.monotonic()
        return text([*self._of_tasks(self._counted), *self._of_executors(), *self._of_server()])

    def _of_tasks(self, totals: Totals) -> Iterator[Family]:
        states = [("", {"state": state.name}, totals.states.get(state, 0)) for state in _SHOWN]
        yield Family("wharfinger_tasks", "gauge", "Tasks that are not over and done, by state.", states)
        yield gauge(
            "wharfinger_ledger_uncertain_entries", "Things of which nobody knows whether they exist.", totals.uncertain
        )
        yield gauge("wharfinger_leftovers", "Things that tasks at rest left and that may be alive.", totals.leftovers)
        yield gauge(
            "wharfinger_leftovers_unpriced", "Those of them that exist and of which no price is known.", totals.unpriced
        )
        costs = [("", {"currency": currency}, plain(amount)) for currency, amount in sorted(totals.hourly.items())]
        yield Family(
            "wharfinger_leftovers_hourly_cost", "gauge", "What leftovers cost in an hour, where that is known.", costs
        )

    def _of_executors(self) -> Iterator[Family]:
        queues = self._engine.dispatcher.executors.queues()
        oldest = min((queue.ready.oldest for queue in queues if queue.ready.oldest), default=0)
        age = max(0, self._engine.clock.wall() - ids.made_at(oldest)) / SECOND if oldest else 0
        said = "Time since the oldest task that waits for a slot was created."
        yield gauge("wharfinger_queue_age_seconds", said, age)
        running = [("", {"executor": queue.name}, queue.running) for queue in queues]
        slots = [("", {"executor": queue.name}, queue.slots) for queue in queues]
        yield Family("wharfinger_attempts_running", "gauge", "Attempts that run, by executor.", running)
        yield Family("wharfinger_executor_slots", "gauge", "Attempts that can run at once, by executor.", slots)

    def _of_server(self) -> Iterator[Family]:
        yield gauge("wharfinger_watches_open", "Watches that are open.", self._engine.watches.open)
        times = self._store.commit_times
        yield histogram(
            "wharfinger_commit_seconds",
            "Time that a group of writes took to be durable.",
            BOUNDS,
            times.counts,
            times.seconds,
        )
        calls = [
            ("", {"service": self._routes.named(name), "method": name, "code": code}, count)
            for (name, code), count in sorted(self._calls.ended.items())
        ]
        yield Family("wharfinger_calls_total", "counter", "Calls that ended, by method and status code.", calls)
