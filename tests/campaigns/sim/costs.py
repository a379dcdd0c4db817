"""What the things of a history cost: random prices, and an oracle that reckons what half-done tasks left behind."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.campaigns.sim.decision import CLOSED, Known

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.price import Price, Tier, plain
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.pricing import Layer, Stack
from wharfinger_server.rpc.messages.task import task_message

if TYPE_CHECKING:
    from tests.campaigns.sim.world import World

    from wharfinger_server.engine.engine import Engine

PROVIDER = "sim"
KEYS = tuple(key + number for key in "abcdef" for number in ("", "1", "2", "3"))
HALF_DONE = (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED)
MAY_MAKE = (TaskState.QUEUED, TaskState.RUNNING)
BUDGET = {"default": dict.fromkeys(("USD", "EUR", "JPY"), Decimal(10**20))}
"""So much that no task is refused: what is spent is counted all the same."""
Sums = dict[str, Fraction]


class Inline:
    """Runs an estimate at once: a thread's time is not the simulation's."""

    async def run(self, _: str, call: Callable[[], Any]) -> Any:
        """Return what `call` returns."""
        return call()


class PriceBook:
    """Random prices by key, some of them unknown; with them the server estimates, and the oracle reckons."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(f"prices {seed}")
        self.estimates = dice.random() < 0.9
        self.quantities = {key: dice.choice(("1", "3", "0.1", "40", "1234.567", "0")) for key in KEYS}
        prices = {key: _random_price(dice, key) for key in KEYS if dice.random() < 0.8}
        self.named = [key for key in KEYS if dice.random() < 0.95]
        self.prices: Mapping[str, Price] = prices if self.estimates else {}
        self._stack = Stack((Layer("operator", Catalogue.of(list(prices.values()))),))

    async def current(self, _: str = "") -> Stack:
        """Return all prices."""
        return self._stack

    async def stack_of(self, _: str) -> Stack:
        """Return all prices."""
        return self._stack

    def teach(self, module: ModuleType) -> None:
        """Give the script its `estimate`."""

        def estimate(_: Any, prices: Any) -> list[Any]:
            """Name all that it might make."""
            return [prices.item(key, provider=PROVIDER, sku=key, quantity=self.quantities[key]) for key in self.named]

        if self.estimates:
            module.estimate = estimate  # type: ignore[attr-defined]

    def serve(self, engine: Engine) -> None:
        """Have a server ask this book."""
        engine.estimates._prices = self
        engine.estimates._threads = Inline()  # type: ignore[assignment]

    # ------------------------------------------------------------------ the oracle

    def hourly(self, key: str) -> tuple[str, Fraction] | None:
        """Return what the thing of a key costs for an hour, None where nobody knows."""
        price = self.prices.get(key)
        if price is None or price.amount is None or key not in self.named:
            return None
        hours = {"Hours": 1, "GB-Months": 730}[price.unit]
        units = round(Fraction(self.quantities[key]) / hours, 18)
        if not price.tiers:
            return price.currency, units * Fraction(price.amount)
        month, cost = units * 730, Fraction(0)
        steps = [(Fraction(tier.from_quantity), Fraction(tier.amount)) for tier in price.tiers]
        for n, (start, amount) in enumerate(steps):
            end = steps[n + 1][0] if n + 1 < len(steps) else month
            cost += max(Fraction(0), min(end, month) - start) * amount
        return price.currency, round(cost / 730, 18)

    def reckon(self, entries: list[Entry]) -> tuple[Sums, int]:
        """Return what these entries cost for an hour by currency, and how many have no price."""
        sums: Sums = {}
        unpriced = 0
        for entry in entries:
            known = self.hourly(entry.key.partition("~")[0])
            if known is None:
                unpriced += 1
            else:
                sums[known[0]] = sums.get(known[0], Fraction(0)) + known[1]
        return {currency: amount for currency, amount in sums.items() if amount}, unpriced

    def check(self, world: World, known: Known, task: Task) -> None:
        """Check what a committed task says that its leftovers cost."""
        left = [e for e in known.entries.values() if e.owned and e.state not in CLOSED]
        doubtful = [e for e in left if e.state in (EntryState.INTENDED, EntryState.UNCERTAIN, EntryState.MISSING)]
        message = task_message(TaskView(task))
        if task.state not in HALF_DONE:
            if message.ledger.HasField("leftover"):
                world.wrong(f"{task.task_id} is {task.state.name} and has a cost of leftovers")
            return
        sums, unpriced = self.reckon([e for e in left if e not in doubtful])
        for cost in (message.partial_failure.cost, message.ledger.leftover):
            told = {money.currency_code: Fraction(money.amount) for money in cost.known_hourly}
            if (told, cost.unpriced, cost.uncertain) != (sums, unpriced, len(doubtful)):
                world.wrong(f"{task.task_id}: its leftovers cost {sums}, {unpriced}, {len(doubtful)}, not {cost}")
        self._truth(world, left, task)
        world.seen["leftovers reckoned"] += 1
        world.seen["leftovers that cost"] += bool(sums)

    def _truth(self, world: World, left: list[Entry], task: Task) -> None:
        """What is counted as alive is alive in the cloud, for all that is certain."""
        for entry in left:
            thing = world.cloud.things.get(entry.external_id)
            dead = thing is not None and not thing.alive and not thing.gone_at  # of which nobody need know
            if entry.state is EntryState.CREATED and dead:
                world.wrong(f"{task.task_id}: {entry.key} is counted as alive, and {thing.id} is not")

    def committed(self, known: Known) -> Sums:
        """Return what a task counts for in its project's budget."""
        task = known.task
        left = [e for e in known.entries.values() if e.owned and e.state not in CLOSED]
        if task.state in MAY_MAKE and not task.goal:
            left = [e for e in left if "~" in e.key]
            sums, _ = self.reckon(left)
            for key in self.named if self.estimates else ():
                if (cost := self.hourly(key)) is not None:
                    sums[cost[0]] = sums.get(cost[0], Fraction(0)) + cost[1]
            return sums
        return self.reckon(left)[0]

    async def check_spending(self, world: World) -> None:
        """Check what the project is said to spend, against all of its tasks."""
        server = await world.up()
        told = {code: Fraction(amount) for code, amount in (await server.store.spending("default")).items()}
        sums: Sums = {}
        for known in world.trace.tasks.values():
            for code, amount in self.committed(known).items():
                sums[code] = sums.get(code, Fraction(0)) + amount
        if told != {code: amount for code, amount in sums.items() if amount}:
            world.wrong(f"the project spends {sums}, and {told} is counted")


def _random_price(dice: random.Random, key: str) -> Price:
    currency = dice.choice(("USD", "USD", "EUR", "JPY"))
    kind = dice.choice(("flat", "flat", "tiny", "month", "tiers", "free"))
    unit = "GB-Months" if kind in ("month", "tiers") else "Hours"
    places = dice.randint(9, 16) if kind == "tiny" else dice.randint(1, 6)
    amount = Decimal(0) if kind == "free" else Decimal(dice.randint(1, 10**5)).scaleb(-places)
    tiers: tuple[Tier, ...] = ()
    if kind == "tiers":
        steps = (Decimal(0), Decimal(dice.randint(1, 5)), Decimal(dice.randint(6, 2000)))
        tiers = tuple(Tier(step, amount / 2**n) for n, step in enumerate(steps))
    return Price(PROVIDER, "", key, unit, currency, Decimal(plain(amount)), free=kind == "free", tiers=tiers)
