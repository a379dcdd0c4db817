"""Bugs in what things cost: the oracle of prices must see them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import costs, evidence
from wharfinger.ledger.costs import Costs, Sums
from wharfinger.ledger.entry import Entry
from wharfinger_server.domain.task import Task

BUGS = Catalogue()


@BUGS.bug("cost")
def uncertain_counted_as_alive(ground: Ground) -> None:
    """What may not exist is in the sums of what does."""

    def spoiled(self: Costs, hourly: Any, sign: int, *, alive: bool, evidence: bool) -> None:
        right(self, hourly, sign, alive=True, evidence=evidence)

    right = ground.put(Costs, "move", spoiled)


@BUGS.bug("cost")
def sums_rounded(ground: Ground) -> None:
    """Sums have 12 digits."""

    def spoiled(amount: Decimal, more: Decimal) -> Decimal:
        return Context(prec=12).add(amount, more)

    ground.put(costs, "added", spoiled)


@BUGS.bug("cost")
def extra_things_without_a_price(ground: Ground) -> None:
    """What a find shows beside a key's own thing has no price."""

    def spoiled(ledger: Any, entry: Entry, *facts: Any, **more: Any) -> Entry:
        made: Entry = right(ledger, entry, *facts, **more)
        return ledger.put(replace(made, cost=None))  # type: ignore[no-any-return]

    right = ground.put(evidence, "add", spoiled)


@BUGS.bug("cost")
def budgets_never_freed(ground: Ground) -> None:
    """A task counts for all that it was expected to cost, for ever."""

    def spoiled(self: Task) -> Sums:
        return self.spec.expected or {}

    ground.put(Task, "committed", property(spoiled))
