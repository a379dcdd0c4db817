"""What tasks cost, over the wire: estimates, limits and budgets with their documented refusals, and what is shown."""

import pytest
from tests.rpc.test_access import write_config
from tests.rpc.wire import connected, create_request, refused
from tests.servers.serving import Serving
from tests.system.documented import as_promised

from wharfinger.v1 import pricing_service_pb2, task_pb2, task_service_pb2

pytestmark = pytest.mark.processes

PRICES = "provider,sku,unit,currency,amount\nquay,small,Hours,USD,0.0000000021\nquay,large,Hours,USD,1.5\n"


@pytest.fixture(scope="module")
def costly(tmp_path_factory):
    """A server with two prices; the project `poor` may spend 2 dollars an hour."""
    folder = tmp_path_factory.mktemp("costly")
    prices = folder / "prices"
    prices.mkdir()
    (prices / "quay.csv").write_text(PRICES)
    settings = f'[prices]\nfolder = "{prices}"\nlibcloud = false\n[prices.budgets]\npoor = {{ USD = "2" }}\n'
    serving = Serving(folder, write_config(folder, settings))
    with connected(serving.address) as stubs:
        yield stubs
    assert serving.stop() == 0, serving.log()


def priced(project, *skus, task_id="", **params):
    request = create_request(project, "harbour.priced")
    request.task_id = task_id
    request.task.params.update({"skus": {f"thing/{n}": sku for n, sku in enumerate(skus)}, **params})
    return request


def limited(request, amount="1", currency="USD"):
    request.task.policy.max_hourly_cost.amount = amount
    request.task.policy.max_hourly_cost.currency_code = currency
    return request


def test_a_created_task_shows_its_estimate_and_so_does_get_but_no_list(costly):
    made = costly.tasks.CreateTask(priced("seen", "large", "gold"))
    assert [(money.currency_code, money.amount) for money in made.estimate.hourly] == [("USD", "1.5")]
    assert list(made.estimate.unpriced) == ["thing/1"]
    assert {item.price.layer for item in made.estimate.items if item.HasField("price")} == {"operator"}
    assert costly.tasks.GetTask(task_service_pb2.GetTaskRequest(name=made.name)).estimate == made.estimate
    (listed,) = costly.tasks.ListTasks(task_service_pb2.ListTasksRequest(parent="projects/seen")).tasks
    assert not listed.HasField("estimate")


def test_an_estimate_replays_to_the_same_bytes(costly):
    request = priced("again", "large", "gold", "small")
    made = costly.tasks.CreateTask(request)
    again = pricing_service_pb2.EstimateCostRequest(
        parent=request.parent,
        task=request.task,
        price_basis=made.estimate.price_basis,
        at_time=made.estimate.estimate_time,
    )
    one, other = (costly.prices.EstimateCost(again).SerializeToString(deterministic=True) for _ in range(2))
    assert one == other == made.estimate.SerializeToString(deterministic=True)


def test_what_leftovers_cost_is_in_the_failure_and_in_lists(costly):
    made = costly.tasks.CreateTask(priced("left", "large", "small", "gold", fail=True))
    done = costly.tasks.WaitTask(task_service_pb2.WaitTaskRequest(name=made.name))
    assert done.state == task_pb2.TASK_STATE_PARTIALLY_FAILED
    cost = done.partial_failure.cost
    assert [(money.currency_code, money.amount) for money in cost.known_hourly] == [("USD", "1.5000000021")]
    assert (cost.unpriced, cost.uncertain) == (1, 0)
    request = task_service_pb2.ListTasksRequest(parent="projects/left", filter="state = PARTIALLY_FAILED")
    (listed,) = costly.tasks.ListTasks(request).tasks
    assert listed.ledger.leftover == cost
    first = done.partial_failure.left_over[0]
    assert (first.price.sku, first.hourly.amount) == ("large", "1.5")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (limited(priced("rich", "large")), "COST_LIMIT"),
        (limited(priced("rich", "large"), "9", "EUR"), "COST_LIMIT"),
        (limited(priced("rich", "gold")), "COST_UNPRICED"),
        (limited(create_request("rich", "harbour.noop")), "CANNOT_ESTIMATE"),
        (priced("poor", "large", "large"), "BUDGET_EXCEEDED"),
        (priced("poor", "large", estimate="raise"), "CANNOT_ESTIMATE"),
    ],
)
def test_a_task_that_may_not_cost_that_is_refused_as_documented(costly, request_, reason):
    assert as_promised(refused(costly.tasks.CreateTask, request_)).reason == reason
    request_.validate_only = True
    assert as_promised(refused(costly.tasks.CreateTask, request_)).reason == reason


def test_in_a_batch_the_budget_refuses_those_that_are_too_much(costly):
    requests = [priced("poor", "large", task_id=f"one-{n}") for n in range(3)]
    batch = task_service_pb2.BatchCreateTasksRequest(parent="projects/poor", requests=requests)
    outcomes = costly.tasks.BatchCreateTasks(batch).outcomes
    assert [outcome.WhichOneof("outcome") for outcome in outcomes] == ["task", "error", "error"]


def left_over(stubs, parent="projects/-", **asked):
    """Return the groups of what is left over, each as (key, tasks, alive, hourly, unpriced, uncertain), and the sum."""
    request = task_service_pb2.SummarizeLeftoversRequest(parent=parent, **asked)
    answer = stubs.tasks.SummarizeLeftovers(request)
    *groups, total = (
        (
            group.key,
            group.task_count,
            group.alive_count,
            [(money.currency_code, money.amount) for money in group.cost.known_hourly],
            group.cost.unpriced,
            group.cost.uncertain,
        )
        for group in (*answer.groups, answer.total)
    )
    return groups, total


def test_what_is_left_over_is_summed_in_groups(costly):
    before, sum_before = left_over(costly)
    for project, skus in (("sum-a", ("large", "gold")), ("sum-b", ("small",)), ("sum-b", ("large",))):
        made = costly.tasks.CreateTask(priced(project, *skus, fail=True))
        costly.tasks.WaitTask(task_service_pb2.WaitTaskRequest(name=made.name))
    costly.tasks.CreateTask(priced("sum-c", "large"))  # it succeeds: nothing is left over
    groups, total = left_over(costly)
    a = ("sum-a", 1, 2, [("USD", "1.5")], 1, 0)
    b = ("sum-b", 2, 2, [("USD", "1.5000000021")], 0, 0)
    assert [group for group in groups if group not in before] == [a, b]
    assert (total[1] - sum_before[1], total[2] - sum_before[2]) == (3, 4)
    assert left_over(costly, "projects/sum-a") == ([a], ("", *a[1:]))
    assert left_over(costly, "projects/nothing") == ([], ("", 0, 0, [], 0, 0))
    by = task_service_pb2.LeftoverGrouping.Value
    (script,), whole = left_over(costly, "projects/sum-b", group_by=by("LEFTOVER_GROUPING_SCRIPT"))
    assert (script, whole) == (("harbour.priced", *b[1:]), ("", *b[1:]))
    (age,), _ = left_over(costly, "projects/sum-b", group_by=by("LEFTOVER_GROUPING_AGE"))
    assert age[0] == "under a day"
    providers, _ = left_over(costly, "projects/sum-a", group_by=by("LEFTOVER_GROUPING_PROVIDER"))
    assert providers == [("", 1, 1, [], 1, 0), ("quay", 1, 1, [("USD", "1.5")], 0, 0)]
    request = task_service_pb2.SummarizeLeftoversRequest(parent="projects/sum-a", group_by=99)
    assert refused(costly.tasks.SummarizeLeftovers, request).reason == "NOT_SUPPORTED"


def test_a_budget_is_shown_with_what_is_used_of_it(costly):
    costly.tasks.CreateTask(priced("poor", "small", task_id="a-little"))
    asked = pricing_service_pb2.ListBudgetsRequest
    (budget,) = costly.prices.ListBudgets(asked(parent="projects/-")).budgets
    assert budget.project == "projects/poor"
    assert [(money.currency_code, money.amount) for money in budget.hourly_limit] == [("USD", "2")]
    (used,) = budget.hourly_use
    assert used.amount.endswith("0021")
    assert list(costly.prices.ListBudgets(asked(parent="projects/poor")).budgets) == [budget]
    assert not costly.prices.ListBudgets(asked(parent="projects/rich")).budgets
