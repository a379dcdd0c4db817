"""The gate between imports and what is in force: it compares what would be answered, now and later."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.pricing.making import price

from wharfinger_prices.catalogues.answers import Answers, compare_answers
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.catalogues.checks import objections
from wharfinger_prices.catalogues.diff import compare
from wharfinger_prices.price import Price, Tier

NOW = time.time_ns() // 1000
DAY = 86_400_000_000
COUNT = 100


def tiered(sku: str, first: str, later: str, **more: object) -> Price:
    steps = (Tier(Decimal(0), Decimal(first)), Tier(Decimal(100), Decimal(later)))
    return price(sku, first, tiers=steps, **more)


BEFORE = [
    *(price(f"m{n}", "0.10") for n in range(COUNT)),
    *(tiered(f"t{n}", "0.10", "0.08", unit="GB-Months") for n in range(COUNT)),
    *(price(f"c{n}", "0.07", category="committed", term="1yr") for n in range(COUNT)),
    *(price(f"e{n}", "0.10", region="") for n in range(COUNT)),
]


def answers(after: list[Price], before: list[Price] = BEFORE) -> Answers:
    return compare_answers(Catalogue.of(before), Catalogue.of(after), NOW)


def objected(after: list[Price], before: list[Price] = BEFORE) -> str:
    old, new = Catalogue.of(before), Catalogue.of(after)
    return objections(compare_answers(old, new, NOW), compare(old, new, NOW), 0, 0)


def only(kind: str) -> list[Price]:
    return [one for one in BEFORE if one.sku.startswith(kind)]


def changed(kind: str, change: Callable[[Price], Price]) -> list[Price]:
    return [change(one) if one.sku.startswith(kind) else one for one in BEFORE]


def later_tier(one: Price, factor: str) -> Price:
    first, later = one.tiers
    return one._replace(tiers=(first, Tier(later.from_quantity, later.amount * Decimal(factor))))


BAD = {
    "a price of a billionth from tomorrow on, beside each": (
        BEFORE + [one._replace(amount=Decimal("0.0000000001"), effective=NOW + DAY) for one in only("m")],
        "moved by more than half",
    ),
    "a price ten times higher in a year": (
        BEFORE + [one._replace(amount=Decimal(1), effective=NOW + 365 * DAY) for one in only("m")],
        "moved by more than half",
    ),
    "later tiers a hundred times higher": (changed("t", lambda one: later_tier(one, "100")), "moved by more than half"),
    "later tiers a millionth": (changed("t", lambda one: later_tier(one, "0.000001")), "moved by more than half"),
    "tiers gone": (changed("t", lambda one: one._replace(tiers=(), amount=Decimal(9))), "moved by more than half"),
    "a price without a term beside each with one": (
        BEFORE + [one._replace(term="", amount=Decimal("0.00001")) for one in only("c")],
        "moved by more than half",
    ),
    "a price in euros beside each": (BEFORE + [one._replace(currency="EUR") for one in only("m")], "ambiguous"),
    "euros in the place of dollars": (changed("m", lambda one: one._replace(currency="EUR")), "missing"),
    "a price for another unit beside each": (BEFORE + [one._replace(unit="Days") for one in only("m")], "ambiguous"),
    "a price of a region where everywhere's held": (
        BEFORE + [one._replace(region="fra", amount=Decimal("0.0001")) for one in only("e")],
        "moved by more than half",
    ),
    "an end from tomorrow on": (changed("m", lambda one: one._replace(expire=NOW + DAY)), "are missing"),
    "no figures": (changed("m", lambda one: one._replace(amount=None)), "zero or unknown"),
    "nothing of a kind": (only("m") + only("t"), "are missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_change_of_what_is_answered_beyond_the_limits_is_flagged(name: str) -> None:
    after, why = BAD[name]
    assert why in objected(after)


def scaled(factor: str) -> list[Price]:
    return [
        one._replace(
            amount=(one.amount or 0) * Decimal(factor),
            tiers=tuple(Tier(step.from_quantity, step.amount * Decimal(factor)) for step in one.tiers),
        )
        for one in BEFORE
    ]


ORDINARY = {
    "nothing changed": BEFORE,
    "10 % dearer": scaled("1.1"),
    "10 % cheaper": scaled("0.9"),
    "a third cheaper": scaled("0.67"),
    "10 % dearer from next month on": BEFORE
    + [one._replace(amount=Decimal("0.11"), effective=NOW + 30 * DAY) for one in only("m")],
    "new prices with a date": changed("m", lambda one: one._replace(amount=Decimal("0.105"), effective=NOW - DAY)),
    "new sizes": [*BEFORE, *(price(f"new{n}", "3") for n in range(COUNT))],
    "a region more": BEFORE + [one._replace(region="ams", amount=Decimal("0.4")) for one in only("m") + only("c")],
    "a provider more": BEFORE + [one._replace(provider="other", amount=Decimal(7)) for one in BEFORE],
    "a small generation retired": BEFORE[5:],
    "a size retired at the month's end": [BEFORE[0]._replace(expire=NOW + 20 * DAY), *BEFORE[1:]],
    "spot prices beside": BEFORE + [one._replace(category="spot", amount=Decimal("0.01")) for one in only("m")],
    "commitments beside": BEFORE
    + [one._replace(category="committed", term="3yr", amount=Decimal("0.04")) for one in only("m")],
    "what was unknown became known": [price("u", "2"), *BEFORE],
    "a few moved far": [one._replace(amount=Decimal(5)) for one in BEFORE[:4]] + BEFORE[4:],
    "tiers moved a little": changed("t", lambda one: later_tier(one, "0.8")),
    "a cheaper third tier": changed(
        "t", lambda one: one._replace(tiers=(*one.tiers, Tier(Decimal(10_000), Decimal("0.06"))))
    ),
    "a new price of everywhere": [*BEFORE, *(price(f"w{n}", "0.3", region="") for n in range(COUNT))],
    "a region's own price near that of everywhere": BEFORE
    + [one._replace(region="ams", amount=Decimal("0.12")) for one in only("e")],
    "an old price's end, and its successor": changed("m", lambda one: one._replace(expire=NOW + DAY))
    + [one._replace(amount=Decimal("0.11"), effective=NOW + DAY) for one in only("m")],
}  # fmt: skip


def test_there_are_twenty_ordinary_updates() -> None:
    assert len(ORDINARY) == 20


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_update_passes(name: str) -> None:
    before = [*BEFORE, price("u", None)] if "unknown became known" in name else BEFORE
    assert objected(ORDINARY[name], before) == ""


def test_the_counts_are_of_questions_that_had_an_answer() -> None:
    same = answers(BEFORE)
    assert (same.before, same.moved, same.missing, same.unclear) == (4 * COUNT, 0, 0, 0)
    told = answers(BEFORE[3:])
    assert (told.before, told.missing, told.compared) == (4 * COUNT, 3, 4 * COUNT - 3)
