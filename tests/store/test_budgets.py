"""What a project with a budget spends, counted in the commits that spend it."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.store.making import draft, encode, finish, held, lease, new_task

from wharfinger.ledger.ledger import Intent
from wharfinger.ledger.states import TaskState
from wharfinger_prices.price import Money
from wharfinger_server.domain.errors import ResourceExhausted
from wharfinger_server.domain.estimate import CostItem
from wharfinger_server.store.store import Draft, Existing, Store

TEN = {"harbour": {"USD": Decimal(10)}}


def a_draft(amount="1", currency="USD", **members):
    """Return a draft that is expected to cost `amount` an hour."""
    return draft(expected={currency: Decimal(amount)}, **members)


def making(amount="1", currency="USD"):
    """Return the decision that makes a thing of that price, without waiting for anything."""
    cost = CostItem("thing", Decimal(1), hourly=Money(currency, Decimal(amount)))

    def decide(work):
        work.ledger("thing").intend(Intent("thing", "thing", cost=cost), work.task.epoch, work.now)
        work.ledger("thing").created("thing", 1, "i-1", work.task.epoch, work.now, live=True)
        work.touch()

    return decide


async def test_of_a_hundred_at_once_exactly_as_many_are_made_as_the_budget_allows(store):
    await store.keep_budgets(TEN)
    made = await asyncio.gather(
        *(store.create(a_draft("0.1234567890123456789")) for _ in range(100)), return_exceptions=True
    )
    refused = [one for one in made if isinstance(one, ResourceExhausted)]
    assert len(refused) == 100 - 81
    assert {one.reason for one in refused} == {"BUDGET_EXCEEDED"}
    assert await store.spending("harbour") == {"USD": 81 * Decimal("0.1234567890123456789")}


async def test_of_a_batch_each_is_refused_for_itself(store):
    await store.keep_budgets(TEN)
    made = await store.create_many([a_draft("6"), a_draft("5"), a_draft("4"), draft()])
    assert [isinstance(one, ResourceExhausted) for one in made] == [False, True, False, False]
    told = {"budget": "10 USD", "alive": "6 USD", "estimate": "5 USD"}
    assert made[1].metadata == told
    assert all(amount in made[1].message for amount in told.values())


async def test_a_currency_without_a_budget_may_not_be_spent(store):
    await store.keep_budgets(TEN)
    with pytest.raises(ResourceExhausted, match="0 EUR"):
        await store.create(a_draft("0.01", "EUR"))


async def test_a_project_without_a_budget_is_not_counted(store):
    await store.keep_budgets({"quay": {"USD": Decimal(1)}})
    await store.create(a_draft("500"))
    assert await store.spending("harbour") == {}


async def test_what_was_made_already_under_a_request_id_is_answered_though_the_budget_is_used_up(store):
    await store.keep_budgets(TEN)
    first = await store.create(a_draft("10", request_id="r"))
    with pytest.raises(Existing) as caught:
        await store.create(a_draft("10", request_id="r"))
    assert caught.value.task.id == first.id
    assert await store.spending("harbour") == {"USD": Decimal(10)}


async def test_two_alike_in_one_commit_are_one_and_are_counted_once(store):
    await store.keep_budgets(TEN)
    other = await store.create(draft())
    async with held(store, other.id):
        both = [asyncio.ensure_future(store.create(a_draft("6", request_id="r"))) for _ in range(2)]
        await asyncio.sleep(0.01)
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(second, Existing)
    assert second.task.id == first.id
    assert await store.spending("harbour") == {"USD": Decimal(6)}


async def test_a_task_that_ends_counts_for_what_it_left_alive(store):
    await store.keep_budgets(TEN)
    task = await store.create(a_draft("7"))
    await store.change(task.id, lease)
    await store.change(task.id, making("2.5"))
    assert await store.spending("harbour") == {"USD": Decimal(7)}
    await store.change(task.id, finish)
    assert await store.spending("harbour") == {"USD": Decimal("2.5")}


async def test_a_decision_that_fails_moves_nothing(store):
    await store.keep_budgets(TEN)
    task = await store.create(a_draft("7"))

    def decide(work):
        making("2")(work)
        work.task.state = TaskState.SUCCEEDED
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.change(task.id, decide)
    assert await store.spending("harbour") == {"USD": Decimal(7)}


async def test_sums_are_made_anew_from_the_tasks_when_the_server_starts(url):
    store = Store.open(url, encode=encode)
    task = await store.create(a_draft("3"))
    await store.change(task.id, lease)
    await store.change(task.id, making("2"))
    await store.change(task.id, finish)
    await store.create(a_draft("4"))
    await store.keep_budgets(TEN)
    assert await store.spending("harbour") == {"USD": Decimal(6)}
    await store.keep_budgets({})
    assert await store.spending("harbour") == {}
    await store.close()


async def test_an_estimate_is_kept_apart_from_what_is_read_with_the_task(store):
    made = await store.create(replace(a_draft(), estimate=b"{}"))
    assert await store.estimate(made.id) == b"{}"
    assert await store.task_by_id(made.id) == made
    assert await store.change(made.id, lambda work: work.estimate()) == b"{}"
    other = await store.create(Draft(new_task()))
    assert await store.estimate(other.id) == b""
