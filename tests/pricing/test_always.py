"""What must hold for any catalogues: answers and their order, what is asked and what is answered, and the gate."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharfinger_prices.catalogues.answers import compare_answers
from wharfinger_prices.catalogues.build import build
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.lookup.stack import Layer, PriceAmbiguous, Stack
from wharfinger_prices.price import CATEGORIES, Price, Tier
from wharfinger_prices.sdk.price_source import Notes

pytestmark = [pytest.mark.lengthy, pytest.mark.timeout(300)]

PROVIDERS, REGIONS, SKUS, TERMS = ("p",), ("", "r1", "r2"), ("a", "b"), ("", "t1")
CURRENCIES, UNITS, MOMENTS = ("USD", "EUR"), ("Hours", "Days"), (0, 10, 20)
AMOUNTS = [None, *map(Decimal, ("0.1", "0.12", "1", "50"))]

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """Draw a price among few names, so that they meet."""
    amount = draw(st.sampled_from(AMOUNTS))
    tiers: tuple[Tier, ...] = ()
    if amount is not None and draw(st.booleans()):
        tiers = (Tier(Decimal(0), amount), Tier(Decimal(5), draw(st.sampled_from(AMOUNTS[1:])) or amount))
    return Price(
        draw(st.sampled_from(PROVIDERS)), draw(st.sampled_from(REGIONS)), draw(st.sampled_from(SKUS)),
        draw(st.sampled_from(UNITS)), draw(st.sampled_from(CURRENCIES)), amount, draw(st.sampled_from(CATEGORIES[:2])),
        draw(st.sampled_from(TERMS)), tiers=tiers, effective=draw(st.sampled_from(MOMENTS)),
        expire=draw(st.sampled_from((0, 15, 25))),
    )  # fmt: skip


catalogues = st.lists(prices(), min_size=1, max_size=8, unique_by=lambda price: price.key)
QUESTIONS = list(product(REGIONS, SKUS, CATEGORIES[:2], ("", *TERMS[1:]), ("", *CURRENCIES), ("", *UNITS)))


def answer(stack: Stack, question: Sequence[str], at: int = 12) -> object:
    """Return what a stack answers: a price with its layer, what is ambiguous, or None."""
    region, sku, category, term, currency, unit = question
    try:
        found = stack.find("p", region, sku, category, term, currency, unit, at)
    except PriceAmbiguous as error:
        return error.field, error.all_choices
    return found and (found.price, found.layer)


def stack_of(*layers: Iterable[Price]) -> Stack:
    return Stack(tuple(Layer("downloaded", Catalogue.of(list(told))) for told in layers))


@few
@given(catalogues, st.randoms())
def test_the_answer_does_not_depend_on_the_order_of_rows(told: list[Price], chance: random.Random) -> None:
    mixed = list(told)
    chance.shuffle(mixed)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        assert build(told, "s", Path(one)).digest == build(mixed, "s", Path(other)).digest
    first, second = stack_of(told), stack_of(mixed)
    assert [answer(first, asked) for asked in QUESTIONS] == [answer(second, asked) for asked in QUESTIONS]


@few
@given(st.lists(prices(), min_size=1, max_size=8), st.randoms())
def test_nor_does_it_where_rows_contradict_each_other(told: list[Price], chance: random.Random) -> None:
    """What they say different things of is answered by none of them, and everything else as without these rows."""
    said: dict[object, set[Price]] = {}
    for price in told:
        said.setdefault(price.key, set()).add(price)
    disputed = {key for key, alike in said.items() if len(alike) > 1}
    mixed, notes = list(told), Notes()
    chance.shuffle(mixed)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        built = build(told, "s", Path(one), notes=notes)
        assert built.digest == build(mixed, "s", Path(other)).digest
        assert notes.fault_count == len(disputed)
        kept = Catalogue.open(built.path.rename(Path(one) / f"{built.digest}.jsonl"))
    assert {price.key for price in kept} == set(said)
    assert {price.key for price in kept if price.disputed} == disputed
    for question in QUESTIONS:
        found = answer(Stack((Layer("downloaded", kept),)), question)
        assert not (isinstance(found, tuple) and isinstance(found[0], Price) and found[0].key in disputed)


@few
@given(catalogues, catalogues)
def test_no_look_up_answers_another_currency_category_or_region_than_asked(a: list[Price], b: list[Price]) -> None:
    stack = stack_of(a, b)
    for question in QUESTIONS:
        region, sku, category, term, currency, unit = question
        told = answer(stack, question)
        if isinstance(told, tuple) and isinstance(told[0], Price):
            price = told[0]
            assert price.amount is not None
            assert (price.sku, price.category) == (sku, category)
            assert price.region in {region, ""} or not region
            assert price.currency == (currency or price.currency)
            assert price.unit == (unit or price.unit)
            assert price.term == (term or price.term)
            assert price.holds(12)


@few
@given(catalogues, catalogues)
def test_a_source_that_is_added_changes_no_answer_of_those_before_it(a: list[Price], b: list[Price]) -> None:
    alone, both = stack_of(a), stack_of(a, b)
    for question in QUESTIONS:
        before = answer(alone, question)
        assert before is None or answer(both, question) == before


def steps(price: Price) -> tuple[Tier, ...]:
    return price.tiers or (Tier(Decimal(0), price.amount or Decimal(0)),)


def near(one: Price, other: Price) -> bool:
    """Whether the other price is within half and one and a half of the first, whatever the quantity."""
    if (one.currency, one.unit) != (other.currency, other.unit):
        return False
    for quantity in (Decimal(0), Decimal(4), Decimal(5), Decimal(6)):
        was, now = (
            [step.amount for step in steps(price) if step.from_quantity <= quantity][-1] for price in (one, other)
        )
        if not was / 2 <= now <= was * Decimal("1.5"):
            return False
    return True


@few
@given(catalogues, catalogues)
def test_the_gate_counts_a_change_where_a_look_up_would_answer_otherwise(a: list[Price], b: list[Price]) -> None:
    now = 12
    told = compare_answers(Catalogue.of(a), Catalogue.of(b), now)
    before, after = stack_of(a), stack_of(b)
    moments = sorted({now, *(t for price in (*a, *b) for t in (price.effective, price.expire) if t > now)})
    offers = {(price.category, price.term, price.currency, price.unit) for price in a}
    asked = {(place.region, place.sku) for place in (*a, *b)}
    differs = False
    for (region, sku), (category, term, currency, unit) in product(asked, offers):
        if not region and not any(price.region == "" and price.sku == sku for price in a):
            continue  # the only region there is: one more region is no fault
        for offer in ((term, currency, unit), ("", "", "")):
            for moment in moments:
                was = answer(before, (region, sku, category, *offer), moment)
                is_now = answer(after, (region, sku, category, *offer), moment)
                if not (isinstance(was, tuple) and isinstance(was[0], Price)) or (not region and was[0].region):
                    continue
                same = isinstance(is_now, tuple) and isinstance(is_now[0], Price) and near(was[0], is_now[0])
                differs = differs or not same
    assert (told.moved + told.missing + told.unclear > 0) == differs
