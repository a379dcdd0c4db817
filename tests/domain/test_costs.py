"""Sums of money move with each entry, and are always those of the entries there are."""

from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharfinger.ledger.costs import Costs, add, together
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Counts, Entry
from wharfinger.ledger.states import CLOSED, DOUBTFUL, EntryState, TaskState
from wharfinger_prices.price import Contract, Money, Price, Tier
from wharfinger_server.domain.estimate import CostItem, Estimate
from wharfinger_server.domain.leftover import Leftover, listed, summed
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec

# Beyond the 28 digits that Python's own sums would round to.
AMOUNTS = st.integers(0, 10**36).map(lambda n: Decimal(n).scaleb(-18, Context(prec=40)))
MONEY = st.builds(Money, st.sampled_from(("USD", "EUR", "JPY")), AMOUNTS)
ITEMS = st.builds(lambda money: CostItem("x", Decimal(1), hourly=money), MONEY)
ENTRIES = st.builds(
    lambda key, n, state, owned, cost: Entry(
        key if n == 0 else f"{key}~{n}", key, "thing", state, 1, owned=owned, cost=cost
    ),
    st.sampled_from("abc"),
    st.integers(0, 1),
    st.sampled_from(EntryState),
    st.booleans(),
    st.none() | ITEMS,
)


def exact(monies):
    sums = {}
    for money in monies:
        sums[money.currency] = sums.get(money.currency, 0) + Fraction(money.amount)
    return {currency: amount for currency, amount in sums.items() if amount}


def fractions(sums):
    return {currency: Fraction(amount) for currency, amount in sums.items()}


@given(st.lists(MONEY))
def test_sums_are_exact(monies):
    assert fractions(summed(monies)) == exact(monies)


@given(st.lists(MONEY), st.lists(MONEY))
def test_what_is_added_and_taken_away_leaves_no_trace(kept, gone):
    sums = summed([*kept, *gone])
    for money in gone:
        add(sums, money, -1)
    assert sums == summed(kept)
    assert together(sums, summed(gone)) == summed([*kept, *gone])


@given(st.lists(ENTRIES, max_size=30))
def test_the_sums_of_a_ledger_are_those_of_its_entries(changes):
    ledger = Entries("uid", Counts())
    for entry in changes:
        ledger.put(entry)
    open_ones = [entry for entry in ledger if entry.owned and entry.state not in CLOSED]
    costs = ledger.counts.costs or Costs()
    sought = [entry for entry in open_ones if entry.state in DOUBTFUL]
    alive = [entry for entry in open_ones if entry not in sought]
    assert fractions(costs.alive) == exact(entry.cost.hourly for entry in alive if entry.cost)
    assert fractions(costs.doubtful) == exact(entry.cost.hourly for entry in sought if entry.cost)
    assert fractions(costs.beside) == exact(e.cost.hourly for e in open_ones if e.cost and e.is_evidence)
    unpriced = sum(entry.cost is None for entry in alive)
    assert Leftover.of(ledger.counts) == Leftover(listed(costs.alive), unpriced, len(sought))


def test_an_entry_without_a_price_is_never_counted_as_one_that_costs_nothing():
    free = CostItem("a", Decimal(1), hourly=Money("USD", Decimal(0)))
    ledger = Entries("uid", Counts())
    ledger.put(Entry("a", "a", "thing", EntryState.CREATED, 1, cost=free))
    ledger.put(Entry("b", "b", "thing", EntryState.CREATED, 2))
    assert Leftover.of(ledger.counts) == Leftover((), unpriced=1, uncertain=0)


PRICES = st.builds(
    Price,
    *[st.text(max_size=5)] * 3,
    st.sampled_from(("Hours", "GB-Months")),
    st.just("USD"),
    st.none() | AMOUNTS,
    tiers=st.lists(st.builds(Tier, AMOUNTS, AMOUNTS), max_size=2).map(tuple),
    contract=st.none() | st.builds(Contract, AMOUNTS, st.text(max_size=5)),
    effective=st.integers(0, 2**60),
)
LINES = st.builds(
    CostItem,
    st.text(min_size=1, max_size=9),
    AMOUNTS,
    st.none() | PRICES,
    st.just("operator"),
    hourly=st.none() | MONEY,
)


@pytest.mark.lengthy
@given(st.lists(LINES), st.integers(0, 2**60))
def test_an_estimate_comes_back_from_its_bytes_and_gives_the_same_bytes_again(lines, time):
    estimate = Estimate.of(lines, "ab" * 32, time)
    again = Estimate.from_json(estimate.to_json())
    assert again == estimate
    assert again.to_json() == estimate.to_json()


def task(**members):
    fields = dict.fromkeys(("uid", "project", "task_id", "script_version", "executor"), "x")
    spec = TaskSpec("x", "x", expected={"USD": Decimal(9)})
    return Task(id=1, create_time=1, spec=spec, **fields, **members)


def test_what_a_task_commits_its_project_to_is_all_it_may_make_and_then_what_is_left():
    costs = Costs(alive={"USD": Decimal(2)}, doubtful={"USD": Decimal(1)}, beside={"USD": Decimal("0.5")}, priced=2)
    unfinished = task(state=TaskState.RUNNING, counts=Counts({EntryState.CREATED: 2}, costs=costs))
    assert unfinished.committed == {"USD": Decimal("9.5")}
    assert replace(unfinished, state=TaskState.PARTIALLY_FAILED).committed == {"USD": Decimal(3)}
    assert replace(unfinished, state=TaskState.SUCCEEDED, counts=Counts()).committed == {}
