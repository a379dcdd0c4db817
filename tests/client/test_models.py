"""What the client tells as values: for programs, for notebooks, for sets, and as JSON."""

import dataclasses
import inspect
import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal

import flask
import pytest
from tests.servers.serving import Serving

import wharfinger
from wharfinger import aio, errors, events, models, prices
from wharfinger._core.messages import convert
from wharfinger.v1 import task_pb2

NOW = datetime(2026, 11, 30, 14, 56, 44, 500_000, UTC)
FAILURE = models.Failure("UNAVAILABLE", "STORE_UNAVAILABLE", "no answer", {"store": "b"}, raw=object())
PRICE = prices.Price("acme", "fra", "small", "Hours", prices.Money(Decimal("0.10"), "USD"), raw=object())
TASK = models.Task(
    "projects/p/tasks/t",
    "u",
    "e",
    "image.import",
    models.TaskState.PARTIALLY_FAILED,
    params={"a": [1, {"b": None}]},
    result={"c": 1.5},
    labels={"env": "prod"},
    failure=FAILURE,
    attempts=(models.Attempt(1, "RUN", "thread", "w", NOW, None, FAILURE),),
    estimate=prices.Estimate((prices.Money(Decimal("1E-7"), "USD"),), (prices.CostItem("x", Decimal(2), PRICE),)),
    create_time=NOW.astimezone(tz=None),
    raw=task_pb2.Task(name="projects/p/tasks/t"),
)
RESOURCE = models.LedgerEntry(
    "node/1", "node", models.LedgerEntryState.CREATED, attributes={"zone": "a"}, failure=FAILURE
)
EVERY = [
    prices.Money(Decimal("1.50"), "EUR"),
    FAILURE,
    models.Progress("copy", 1, 2, eta=1.5, time=NOW),
    models.LeftoverCost((prices.Money(Decimal(1), "USD"),), 1, 2),
    models.LeftoverGroup("p", 1, 2, models.LeftoverCost()),
    models.Leftovers((models.LeftoverGroup("p", 1, 2),), models.LeftoverGroup("", 1, 2)),
    models.LedgerSummary(created=1),
    RESOURCE,
    TASK.attempts[0],
    TASK,
    models.RollbackPlan((("a", "b"), ("c",)), blocked={"d": "why"}),
    models.Schedule("projects/p/schedules/s", TASK, every=60.0, next_time=NOW),
    models.ScheduleFiring(NOW, "projects/p/tasks/t"),
    models.Script("a.b", params_schema={"type": "object"}),
    models.Worker("w", "h", "python", 4, 1, ("a.b",), NOW),
    models.Executor("thread", workers=()),
    models.ServerInfo("h:1", "1", "2", "3"),
    models.Caller("ann", "TOKEN", models.Role.VIEWER, projects=("a",), project_roles={"b": models.Role.ADMIN}),
    prices.PriceTier(Decimal(0), prices.Money(Decimal(1), "USD")),
    PRICE,
    prices.CatalogDiff(1, 2),
    prices.Catalog("catalogs/ab", "sha256:ab", sections=(("x", 1),)),
    prices.Activation("catalogs/ab", NOW),
    prices.PriceChange(PRICE, None),
    prices.PricePoint(NOW, PRICE),
    prices.Budget("p", (prices.Money(Decimal(1), "USD"),)),
    prices.CostItem("x", Decimal(1)),
    TASK.estimate,
    events.StateChanged("n", 1, NOW, models.TaskState.RUNNING),
    events.EntryChanged("n", 2, NOW, RESOURCE),
    events.LogLine("n", 3, NOW, "INFO", "text"),
    events.ErrorEvent("n", 4, NOW, FAILURE),
    events.UnknownEvent("n", 5, NOW, raw=object()),
    events.ProgressUpdate("n", 5, NOW, models.Progress()),
    events.Snapshot("n", 5, NOW, TASK, resume_token=b"\1\2"),
]


def test_every_model_is_here() -> None:
    homes = (models, prices, events)
    known = {
        cls
        for home in homes
        for name, cls in inspect.getmembers(home, dataclasses.is_dataclass)
        if cls.__module__ == home.__name__ and not name.startswith("_")
    }
    assert {type(one) for one in EVERY} == known


@pytest.mark.parametrize("model", EVERY, ids=lambda model: type(model).__name__)
def test_a_model_is_json_by_to_dict_and_can_be_put_into_a_set(model: models.Task) -> None:
    told = model.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert "raw" not in json.dumps(told)
    assert {model, dataclasses.replace(model)} == {model}


def test_to_dict_tells_words_exact_amounts_and_times_of_rfc_3339() -> None:
    told = TASK.to_dict()
    assert (told["state"], told["create_time"], told["params"]) == (
        "PARTIALLY_FAILED",
        "2026-11-30T14:56:44.500000Z",
        {"a": [1, {"b": None}]},
    )
    assert told["estimate"]["hourly"] == [{"amount": "0.0000001", "currency": "USD"}]
    assert told["failure"]["metadata"] == {"store": "b"}
    assert events.LogLine("n", 3, NOW, "INFO", "x").to_dict()["kind"] == "log_line"


def test_a_partial_failure_is_json_too() -> None:
    told = errors.PartialFailure(TASK, FAILURE, [RESOURCE], ["z"], allowed_actions=["RESUME"]).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["created"][0]["key"], told["not_attempted"], told["total_left_over"]) == ("node/1", ["z"], 1)


def test_what_a_list_leaves_out_is_no_fact() -> None:
    message = task_pb2.Task(name="projects/p/tasks/t", state=task_pb2.TASK_STATE_SUCCEEDED)
    brief, full = convert.task(message, full=False), convert.task(message)
    assert (brief.full, brief.params, brief.result, brief.attempts, brief.estimate) == (False, None, None, None, None)
    assert brief.waiting_reason is None
    assert (full.full, full.params, full.attempts, full.waiting_reason) == (True, {}, (), "")
    left_out = {"params", "result", "attempts", "estimate", "waiting_reason"}
    assert set(full.to_dict()) - set(brief.to_dict()) == left_out


def test_a_task_is_short_in_a_notebook() -> None:
    long = dataclasses.replace(TASK, params={"user_data": "x" * 5000}, result={"y": "z" * 5000})
    assert len(repr(long)) < 1200
    assert "PARTIALLY_FAILED" in repr(long)


def test_clients_and_handles_tell_where_they_belong_and_handles_of_one_task_are_equal() -> None:
    with wharfinger.Client("127.0.0.1:1", project="p", token="secret") as one, wharfinger.Client("127.0.0.1:2") as two:
        assert repr(one) == "<wharfinger.Client of 127.0.0.1:1, project p>"
        assert one.handle("a") == one.handle("projects/p/tasks/a")
        assert {one.handle("a"), one.handle("a")} == {one.handle("a")}
        assert one.handle("a") != one.handle("b")
        assert one.handle("projects/p/tasks/a") != two.handle("projects/p/tasks/a")
    assert repr(aio.Client("127.0.0.1:1")) == "<wharfinger.aio.Client of 127.0.0.1:1, project default>"


def test_a_client_that_is_pickled_says_what_to_do_instead() -> None:
    with wharfinger.Client("127.0.0.1:1") as client:
        for what in (client, aio.Client("127.0.0.1:1")):
            with pytest.raises(TypeError, match="make a new one"):
                pickle.dumps(what)


def test_a_handle_pickles_as_its_name_and_asks_by_another_connection(server: Serving) -> None:
    with wharfinger.Client(server.address, project="pickles", token="secret") as client:
        handle = client.submit("harbour.count", {"steps": 1, "pause": 0})
        sent = pickle.dumps(handle)
        assert b"secret" not in sent
    again, once_more = pickle.loads(sent), pickle.loads(sent)
    assert (again, again.name, again.state) == (handle, handle.name, None)
    assert {again, once_more} == {handle}
    assert again.result(30) == {"steps": 1}
    # Thousands of handles that come out of pickles make one connection.
    assert again._client._transport is once_more._client._transport


async def test_a_handle_of_asyncio_pickles_too(server: Serving) -> None:
    async with aio.Client(server.address, project="pickles") as client:
        handle = await client.submit("harbour.count", {"steps": 1, "pause": 0})
        again = pickle.loads(pickle.dumps(handle))
        assert again == handle
        assert await again.result(30) == {"steps": 1}
        await again._client.close()


def test_a_handle_that_comes_out_of_a_pickle_keeps_to_tls() -> None:
    with wharfinger.Client("https://127.0.0.1:1", project="p") as client:
        again = pickle.loads(pickle.dumps(client.handle("a")))
    assert again._client.origin == "https://127.0.0.1:1"
    assert again._client.project == "p"


def test_a_value_shows_what_is_not_as_usual() -> None:
    assert repr(models.Task("projects/p/tasks/t", "u", "e", "a.b", models.TaskState.RUNNING)) == (
        "Task(name='projects/p/tasks/t', script='a.b', state=RUNNING)"
    )
    assert repr(RESOURCE) == (
        "LedgerEntry(key='node/1', type='node', state=CREATED, attributes={'zone': 'a'}, "
        "failure=Failure(code='UNAVAILABLE', reason='STORE_UNAVAILABLE', message='no answer', metadata={'store': 'b'}))"
    )
    priced = models.Executor("thread", workers=(models.Worker("w", "h", "python", 4, 1, ("a.b",), NOW),))
    assert repr(priced) == "Executor(name='thread', workers=<1 of Worker>)"
    assert repr(prices.Estimate((prices.Money(Decimal("1E-7"), "USD"),))) == "Estimate(hourly=<1 of Money>)"


def test_what_is_asked_for_shows_itself_without_its_params() -> None:
    policy = wharfinger.Policy(on_failure=wharfinger.LeftoverPolicy.ROLL_BACK, max_attempts=3)
    assert repr(policy) == "Policy(on_failure=ROLL_BACK, max_attempts=3)"
    asked = wharfinger.NewTask("a.b", {"password": "hunter2"}, task_id="t", policy=policy)
    assert repr(asked) == f"NewTask(script='a.b', task_id='t', policy={policy!r})"


@pytest.mark.parametrize("model", EVERY, ids=lambda model: type(model).__name__)
def test_every_value_is_short(model: object) -> None:
    assert len(repr(model)) < 500
    assert "raw=" not in repr(model)


# What a task is told by in other ways: its policy is what was asked for, the rest is read by other verbs.
NOT_TOLD = {"policy", "partial_failure", "rollback_plan"}


def test_every_field_of_the_api_that_a_task_has_is_told() -> None:
    wire = {field.metadata.get("wire", field.name) for field in dataclasses.fields(models.Task)}
    assert set(task_pb2.Task.DESCRIPTOR.fields_by_name) - wire == NOT_TOLD


def test_a_failed_task_of_a_list_tells_its_reason_and_a_web_handler_returns_it(server: Serving) -> None:
    with wharfinger.Client(server.address, project=f"p{datetime.now(UTC).timestamp():.0f}-models") as client:
        client.submit("harbour.fail", task_id="f").wait(30)
        client.submit("harbour.count", {"steps": 1, "pause": 0}, task_id="c").wait(30)
        failed = next(client.list("state = FAILED"))
        alone = client.get("f")
        assert failed.failure is not None
        assert failed.failure.reason == "SCRIPT_RAISED"
        assert failed.failure == alone.failure
        assert next(client.list("state = SUCCEEDED", full=True)).params == {"pause": 0, "steps": 1}
        # A listed task's result is read, not taken for an empty one.
        assert client.result_of(next(client.list("state = SUCCEEDED"))) == {"steps": 1}
        app = flask.Flask(__name__)
        app.add_url_rule("/tasks/<name>", view_func=lambda name: client.get(name).to_dict())
        app.add_url_rule("/tasks", "all", view_func=lambda: [task.to_dict() for task in client.list()])
        web = app.test_client()
        assert web.get("/tasks/c").get_json()["result"] == {"steps": 1}
        assert {task["name"] for task in web.get("/tasks").get_json()} == {alone.name, client.handle("c").name}


def test_a_task_is_at_rest_where_it_has_an_end_also_in_a_state_that_nobody_knows() -> None:
    later = task_pb2.Task(name="projects/p/tasks/t", state=77)  # type: ignore[arg-type]
    assert convert.task(later).state is models.TaskState.UNKNOWN
    assert not convert.task(later).resting
    later.end_time.GetCurrentTime()
    assert convert.task(later).resting
