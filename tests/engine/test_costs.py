"""What tasks are expected to cost, what they may cost, and what they leave behind that costs something."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.engine.conftest import stop

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_prices.price import Money
from wharfinger_server.config import Settings
from wharfinger_server.domain.errors import FailedPrecondition, InvalidArgument, NotFound, ResourceExhausted
from wharfinger_server.domain.leftover import Leftover
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.execution.bounded_threads import AT_ONCE
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask
from wharfinger_server.engine.use_cases import estimates
from wharfinger_server.engine.use_cases.estimates import Moment

pytestmark = pytest.mark.lengthy

PRICES = """\
provider,sku,unit,currency,amount,free
quay,small,Hours,USD,0.0000000021,
quay,large,Hours,USD,1.5,
quay,rope,GB-Months,USD,0.73,
quay,berth,Hours,EUR,0.25,
quay,air,Hours,USD,0,true
"""
LIMIT_EUR = Policy(max_hourly_cost="0.25", max_hourly_currency="EUR")
LIMIT = Policy(max_hourly_cost="2", max_hourly_currency="USD")


@pytest.fixture
def priced(tmp_path):
    """Return settings with a few prices, and those of the budgets that are given."""
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "quay.csv").write_text(PRICES)

    def chosen(**budgets):
        settings = Settings()
        prices = replace(
            settings.prices,
            folder=str(folder),
            libcloud=False,
            bundled=False,
            budgets={name: {code: Decimal(amount) for code, amount in of.items()} for name, of in budgets.items()},
        )
        return replace(settings, prices=prices, server=replace(settings.server, data_dir=str(tmp_path / "data")))

    return chosen


def usd(amount):
    return Money("USD", Decimal(amount))


async def dearer(pier, params):
    """Change a price, and wait until that is noticed."""
    (pier.folder / "prices" / "quay.csv").write_text(PRICES.replace("large,Hours,USD,1.5", "large,Hours,USD,9"))
    async with asyncio.timeout(10):
        while (await cost_of(pier, params)).hourly != (usd(9),):  # noqa: ASYNC110  # looked for only when somebody asks
            await asyncio.sleep(0.1)


async def cost_of(pier, params):
    """Return what a task would cost, by prices as they are now."""
    return await pier.engine.estimates.cost(
        pier.caller, CreateRequest("default", NewTask("harbour.priced", params=params))
    )


async def resources(pier, shown):
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    return {entry.key: entry for entry in entries}


async def test_a_task_keeps_what_it_was_expected_to_cost(start, priced):
    pier = await start(priced())
    made = await pier.create("harbour.priced", params={"skus": {"a": "large", "b": "rope", "c": "berth", "d": "gold"}})
    # A month has 730 hours, and the part of it that is one has 18 decimals.
    rope = Decimal("0.73") * Decimal("0.001369863013698630")
    assert made.estimate.hourly == (Money("EUR", Decimal("0.25")), usd(Decimal("1.5") + rope))
    assert made.estimate.unpriced == ("d",)
    assert {item.layer for item in made.estimate.items if item.price} == {"operator"}
    shown = await pier.rest(made.task.task_id)
    assert shown.task.state is TaskState.SUCCEEDED
    assert shown.estimate.to_json() == made.estimate.to_json()


async def test_a_script_without_an_estimate_costs_nothing_to_ask(start, priced):
    pier = await start(priced())
    shown = await pier.run("harbour.noop")
    assert (shown.estimate, shown.task.spec.expected) == (None, None)


async def test_every_entry_has_its_price_and_an_unknown_one_has_none(start, priced):
    pier = await start(priced())
    shown = await pier.run("harbour.priced", params={"skus": {"a": "large", "d": "gold"}, "quantity": "2"})
    entries = await resources(pier, shown)
    assert (entries["a"].cost.hourly, entries["a"].cost.price.sku) == (usd(3), "large")
    assert entries["d"].cost is None
    told = [event.entry for event in await pier.events(shown.task.task_id) if event.HasField("entry")]
    assert [one.hourly.amount for one in told if one.key == "a"] == ["3", "3"]


async def test_what_a_failure_leaves_is_summed_up_apart_from_what_is_unknown(start, priced):
    pier = await start(priced())
    skus = {"a": "large", "b": "small", "c": "berth", "d": "gold", "e": "air", "lost": "large"}
    shown = await pier.run("harbour.priced", params={"skus": skus, "lose": ["lost"]})
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert shown.task.leftover == Leftover(
        (Money("EUR", Decimal("0.25")), usd("1.5000000021")), unpriced=1, uncertain=1
    )


async def test_what_is_free_by_its_nature_is_known_to_be(start, priced):
    pier = await start(priced())
    shown = await pier.run(
        "harbour.priced", params={"skus": {"a": "berth", "b": "tie"}, "fail": True}, policy=LIMIT_EUR
    )
    assert shown.estimate.hourly == (Money("EUR", Decimal("0.25")),)
    assert shown.task.leftover == Leftover((Money("EUR", Decimal("0.25")),), 0, 0)
    assert (await resources(pier, shown))["b"].cost.price.free


async def test_what_could_not_be_undone_still_costs(start, priced):
    pier = await start(priced())
    policy = Policy(on_failure=LeftoverPolicy.ROLL_BACK)
    params = {"skus": {"a": "large", "stuck": "small"}, "fail": True}
    shown = await pier.run("harbour.priced", params=params, policy=policy)
    assert shown.task.state is TaskState.ROLLBACK_FAILED
    assert shown.task.leftover == Leftover((usd("0.0000000021"),), 0, 0)
    entries = await resources(pier, shown)
    assert entries["a"].state is EntryState.UNDONE


async def test_a_task_that_undid_all_leaves_no_cost(start, priced):
    pier = await start(priced())
    policy = Policy(on_failure=LeftoverPolicy.ROLL_BACK)
    shown = await pier.run("harbour.priced", params={"skus": {"a": "large"}, "fail": True}, policy=policy)
    assert (shown.task.state, shown.task.leftover) == (TaskState.FAILED, None)
    assert shown.task.counts.costs.open == {}


async def test_a_success_leaves_nothing_over_though_what_it_made_costs(start, priced):
    pier = await start(priced())
    shown = await pier.run("harbour.priced", params={"skus": {"a": "large"}})
    assert (shown.task.leftover, shown.task.counts.costs.open) == (None, {"USD": Decimal("1.5")})


# ---------------------------------------------------------------------- limits


async def test_a_task_within_its_limit_is_accepted(start, priced):
    pier = await start(priced())
    shown = await pier.create("harbour.priced", params={"skus": {"a": "large"}}, policy=LIMIT)
    assert shown.task.spec.policy == LIMIT


@pytest.mark.parametrize(
    ("params", "reason", "metadata"),
    [
        ({"skus": {"a": "large", "b": "large"}}, "COST_LIMIT", {"limit": "2 USD", "estimate": "3 USD"}),
        ({"skus": {"a": "berth"}}, "COST_LIMIT", {"limit": "2 USD", "estimate": "0.25 EUR"}),
        ({"skus": {"a": "gold"}}, "COST_UNPRICED", {"unpriced": "a", "count": "1"}),
        ({"estimate": "raise"}, "CANNOT_ESTIMATE", None),
    ],
)
async def test_a_task_that_may_cost_more_than_its_limit_is_refused(start, priced, params, reason, metadata):
    pier = await start(priced())
    with pytest.raises(FailedPrecondition) as caught:
        await pier.create("harbour.priced", params=params, policy=LIMIT)
    assert caught.value.reason == reason
    assert metadata is None or caught.value.metadata == metadata


async def test_what_has_no_price_is_accepted_where_the_caller_says_so(start, priced):
    pier = await start(priced())
    policy = replace(LIMIT, allow_unpriced=True)
    assert (await pier.create("harbour.priced", params={"skus": {"a": "gold"}}, policy=policy)).estimate.unpriced == (
        "a",
    )


async def test_a_limit_for_a_script_that_can_not_estimate_is_refused(start, priced):
    pier = await start(priced())
    with pytest.raises(FailedPrecondition, match="has no `estimate") as caught:
        await pier.create("harbour.noop", policy=LIMIT)
    assert caught.value.reason == "CANNOT_ESTIMATE"


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [("1e3", "USD", "amount"), ("-1", "USD", "amount"), ("", "USD", "amount"), ("1", "XXX", "currency_code")],
)
async def test_a_limit_that_is_no_money_is_refused(pier, amount, currency, field):
    with pytest.raises(InvalidArgument) as caught:
        await pier.create("harbour.noop", policy=Policy(max_hourly_cost=amount, max_hourly_currency=currency))
    assert caught.value.violations[0].field == f"task.policy.max_hourly_cost.{field}"


async def test_a_request_that_made_a_task_is_answered_though_prices_would_refuse_it_now(start, priced):
    pier = await start(priced())
    params = {"skus": {"a": "large"}}
    made = await pier.create("harbour.priced", params=params, policy=LIMIT, request_id="r-1")
    await dearer(pier, params)
    with pytest.raises(FailedPrecondition):
        await pier.create("harbour.priced", params=params, policy=LIMIT)
    again = await pier.create("harbour.priced", params=params, policy=LIMIT, request_id="r-1")
    assert again.task.id == made.task.id
    assert again.estimate == made.estimate


# ---------------------------------------------------------------------- estimates that fail


@pytest.mark.parametrize("how", ["raise", "twice", "nothing", "exit", "profile"])
async def test_a_broken_estimate_keeps_no_task_from_being_made(start, priced, how):
    pier = await start(priced())
    shown = await pier.create("harbour.priced", params={"skus": {"a": "large"}, "estimate": how})
    assert (shown.estimate, shown.task.spec.expected) == (None, None)


async def test_a_broken_estimate_is_refused_where_the_project_has_a_budget(start, priced):
    pier = await start(priced(default={"USD": "10"}))
    with pytest.raises(FailedPrecondition, match="LookupError: the estimate is broken"):
        await pier.create("harbour.priced", params={"estimate": "raise"})
    await pier.create("harbour.noop")


async def test_estimates_that_hang_harm_their_own_script_alone(start, priced, monkeypatch):
    monkeypatch.setattr(estimates, "SECONDS", 0.1)
    pier = await start(priced())
    hanging = [pier.create("harbour.priced", params={"estimate": "hang"}, policy=LIMIT) for _ in range(AT_ONCE + 1)]
    for refused in await asyncio.gather(*hanging, return_exceptions=True):
        assert "took longer than 0.1 s" in refused.message
    assert (await pier.create("harbour.noop")).task.state is TaskState.RUNNING


async def test_the_value_of_a_sealed_param_gets_into_no_estimate(start, priced):
    pier = await start(priced())
    params = {"skus": {"a": "large"}, "secret": "correct horse", "estimate": "leak"}
    with pytest.raises(FailedPrecondition, match="names the value of a sealed param") as caught:
        await pier.create("harbour.priced", params=params, policy=LIMIT)
    assert "correct" not in str(caught.value.metadata)


# ---------------------------------------------------------------------- budgets


async def test_of_many_at_once_no_more_are_made_than_the_budget_allows(start, priced):
    pier = await start(priced(default={"USD": "15"}))
    asked = [pier.create("harbour.priced", params={"skus": {"a": "large"}}) for _ in range(30)]
    made = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in made if isinstance(one, ResourceExhausted)]
    assert len(refused) == 20
    assert refused[0].metadata == {"budget": "15 USD", "alive": "15 USD", "estimate": "1.5 USD"}


async def test_a_batch_answers_each_for_itself(start, priced):
    pier = await start(priced(default={"USD": "2"}))
    new = [NewTask("harbour.priced", params={"skus": {"a": sku}}) for sku in ("large", "large", "small")]
    answers = await pier.engine.tasks.batch_create(
        pier.caller, "default", [CreateRequest("default", one) for one in new]
    )
    assert [isinstance(one, ResourceExhausted) for one in answers] == [False, True, False]
    assert answers[2].estimate.hourly == (usd("0.0000000021"),)


async def test_to_validate_tells_of_the_estimate_and_of_the_budget(start, priced):
    pier = await start(priced(default={"USD": "2"}))
    shown = await pier.create("harbour.priced", params={"skus": {"a": "large"}}, validate_only=True)
    assert shown.estimate.hourly == (usd("1.5"),)
    with pytest.raises(ResourceExhausted):
        await pier.create("harbour.priced", params={"skus": {"a": "large", "b": "large"}}, validate_only=True)
    assert await pier.store.spending("default") == {}


async def test_what_succeeded_tasks_left_alive_counts_after_a_restart_too(start, priced):
    first = await start(priced(default={"USD": "2"}))
    await first.run("harbour.priced", params={"skus": {"a": "large"}})
    await stop(first)
    second = await start(priced(default={"USD": "2"}))
    with pytest.raises(ResourceExhausted):
        await second.create("harbour.priced", params={"skus": {"a": "large"}})


# ---------------------------------------------------------------------- the same again


async def test_an_estimate_is_the_same_in_whatever_order_the_params_come(start, priced):
    pier = await start(priced())
    skus = {"b": "large", "a": "small", "c": "berth"}
    one, other = {"skus": skus, "quantity": "2"}, {"quantity": "2", "skus": dict(reversed(skus.items()))}
    found = await cost_of(pier, one)
    moment = Moment(found.digest, found.time)
    again = CreateRequest("default", NewTask("harbour.priced", params=other))
    assert (await pier.engine.estimates.cost(pier.caller, again, moment)).to_json() == found.to_json()
    assert [item.what for item in found.items] == ["a", "b", "c"]


async def test_an_estimate_is_made_again_to_the_same_bytes_after_prices_changed(start, priced):
    pier = await start(priced())
    params = {"skus": {"a": "large", "b": "gold"}}
    made = await pier.create("harbour.priced", params=params)
    await dearer(pier, {"skus": {"a": "large"}})
    request = CreateRequest("default", NewTask("harbour.priced", params=params))
    assert (await pier.engine.estimates.cost(pier.caller, request)).hourly == (usd(9),)
    moment = Moment(made.estimate.digest, made.estimate.time)
    assert (await pier.engine.estimates.cost(pier.caller, request, moment)).to_json() == made.estimate.to_json()
    with pytest.raises(NotFound):
        await pier.engine.estimates.cost(pier.caller, request, Moment("0" * 64))
