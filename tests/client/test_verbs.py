"""Every verb of both clients, over real gRPC."""

import inspect
import threading
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from google.rpc import code_pb2
from tests.client.loopback import Loopback
from tests.client.world import Refusal, World

import wharfinger
from wharfinger import NewTask, TaskState, aio, blocking

pytestmark = pytest.mark.lengthy


@pytest.fixture
def here(loopback: Loopback) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(loopback.address) as made:
        yield made


@pytest.fixture
async def there(loopback: Loopback) -> Any:
    async with aio.Client(loopback.address) as made:
        yield made


# ---------------------------------------------------------------- one API, two clients


def public(kind: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_") or name == "__init__"}


@pytest.mark.parametrize(("sync", "other"), [(blocking.Client, aio.Client), (blocking.Handle, aio.Handle)])
def test_both_clients_have_the_same_verbs_with_the_same_words(sync: type, other: type) -> None:
    assert public(sync).keys() == public(other).keys()
    for name, member in public(sync).items():
        twin = public(other)[name]
        assert inspect.getdoc(member) == inspect.getdoc(twin) or name == "close", name
        if callable(member):
            ours, theirs = inspect.signature(member), inspect.signature(twin)
            mine, its = list(ours.parameters.values()), list(theirs.parameters.values())
            assert mine == its or name == "__init__", name
            assert [(one.name, one.kind, one.default) for one in mine] == [(o.name, o.kind, o.default) for o in its], (
                name
            )


def test_what_tells_many_is_a_generator_in_both() -> None:
    for name in ("list", "events", "ledger", "watch", "watch_project", "scripts", "executors"):
        ours = get_type_hints(getattr(blocking.Client, name))["return"]
        theirs = get_type_hints(getattr(aio.Client, name))["return"]
        assert ours.__args__[0] == theirs.__args__[0]


# ---------------------------------------------------------------- submitting


def test_a_submitted_task_returns_its_result(here: wharfinger.Client) -> None:
    handle = here.submit("demo.count", {"lines": 2}, task_id="mine", labels={"env": "test"})
    assert handle.name == "projects/default/tasks/mine"
    assert handle.result(10) == {"lines": 2}
    assert handle.state is TaskState.SUCCEEDED
    assert handle.task is not None
    assert handle.task.labels == {"env": "test"}
    assert handle.task.params == {"lines": 2}


async def test_a_submitted_task_returns_its_result_in_asyncio(there: aio.Client) -> None:
    handle = await there.submit("demo.count", {"lines": 2})
    assert await handle.result(10) == {"lines": 2}


def test_an_answer_that_was_lost_is_asked_for_again_and_makes_one_task(here: wharfinger.Client, world: World) -> None:
    lost = iter([True, True, False])

    def before(name: str, request: Any) -> None:
        if name == "CreateTask":
            world.create(request)
            if next(lost):
                # The task was made, and the answer does not arrive.
                raise Refusal(code_pb2.UNAVAILABLE, "DATABASE_UNAVAILABLE", "lost")

    world.before = before
    handle = here.submit("demo.count")
    assert world.calls.count("CreateTask") == 3
    assert [task.name for task in here.list()] == [handle.name]


def test_a_submission_without_an_answer_tells_its_request_id(here: wharfinger.Client, loopback: Loopback) -> None:
    loopback.stop()
    with pytest.raises(wharfinger.Unreachable) as caught:
        here.submit("demo.count")
    assert caught.value.request_id
    loopback.start()
    first = here.submit("demo.count", request_id=caught.value.request_id)
    assert here.submit("demo.count", request_id=caught.value.request_id).name == first.name


def test_validate_only_creates_nothing(here: wharfinger.Client) -> None:
    checked = here.submit("demo.count", validate_only=True)
    assert checked.task is not None
    assert not checked.task.uid
    assert list(here.list()) == []


def test_many_tasks_are_each_accepted_or_refused_for_themselves(here: wharfinger.Client, world: World) -> None:
    world.programs["demo.count"] = lambda record, params: None
    tasks = [NewTask("demo.nope" if number == 1 else "demo.count") for number in range(1203)]
    outcomes = here.submit_many(tasks)
    assert len(outcomes) == 1203
    assert world.calls.count("BatchCreateTasks") == 2
    refused = [(number, o) for number, o in enumerate(outcomes) if isinstance(o, wharfinger.WharfingerError)]
    assert [(number, type(o)) for number, o in refused] == [(1, wharfinger.NotFound)]


def test_batches_keep_below_the_limit_of_bytes(here: wharfinger.Client, world: World) -> None:
    sizes = []
    world.before = lambda name, request: sizes.append(request.ByteSize()) if name == "BatchCreateTasks" else None
    here.submit_many([NewTask("demo.fail", {"text": "x" * 100_000}) for _ in range(70)])
    assert len(sizes) == 3
    assert max(sizes) <= 3 * 1024 * 1024


def test_many_tasks_without_an_answer_tell_their_request_ids(here: wharfinger.Client, loopback: Loopback) -> None:
    loopback.stop()
    outcomes = here.submit_many([NewTask("demo.count"), NewTask("demo.count", request_id="mine")])
    assert [type(outcome) for outcome in outcomes] == [wharfinger.Unreachable] * 2
    assert outcomes[1].request_id == "mine"  # type: ignore[union-attr]


# ---------------------------------------------------------------- looking


def test_lists_go_on_page_by_page_as_they_are_read(here: wharfinger.Client, world: World) -> None:
    here.submit_many([NewTask("demo.fail") for _ in range(5)])
    read = here.list(page_size=2)
    next(read)
    assert world.calls.count("ListTasks") == 1
    assert len([*read]) == 4
    assert world.calls.count("ListTasks") == 3


def test_lists_are_filtered_by_the_server(here: wharfinger.Client) -> None:
    here.submit("demo.fail", labels={"env": "a"})
    wanted = here.submit("demo.fail", labels={"env": "b"})
    assert [task.name for task in here.list('labels.env = "b"')] == [wanted.name]
    with pytest.raises(wharfinger.InvalidArgument) as caught:
        list(here.list("nonsense"))
    assert caught.value.reason == "INVALID_FILTER"
    assert caught.value.violations[0].field == "filter"


async def test_lists_in_asyncio(there: aio.Client) -> None:
    await there.submit_many([NewTask("demo.fail") for _ in range(3)])
    assert len([task async for task in there.list(page_size=2)]) == 3


def test_a_foreign_project_is_another_world(here: wharfinger.Client, loopback: Loopback) -> None:
    here.submit("demo.fail")
    with wharfinger.Client(loopback.address, project="other") as other:
        assert list(other.list()) == []
        assert other.submit("demo.fail").name.startswith("projects/other/")


def test_events_ledger_and_logs_of_a_task(here: wharfinger.Client) -> None:
    handle = here.submit("demo.count", {"lines": 3})
    handle.wait(10)
    assert [event.sequence for event in handle.events()] == [1, 2, 3, 4, 5, 6]
    assert [event.sequence for event in handle.events(after=4)] == [5, 6]
    assert [line.text for line in handle.logs()] == ["line 1", "line 2", "line 3"]
    assert list(handle.ledger()) == []


def test_scripts_executors_and_the_server_are_told(here: wharfinger.Client) -> None:
    assert [script.name for script in here.scripts()] == ["demo.count", "demo.fail", "demo.partial", "demo.sleep"]
    assert here.script("demo.count").summary == "Does demo.count."
    assert [executor.name for executor in here.executors()] == ["thread"]
    info = here.server_info()
    assert (info.version, info.schema) == ("9.9.9", "7")
    with pytest.raises(wharfinger.NotFound) as caught:
        here.script("demo.cuont")
    assert caught.value.choices == ("demo.count",)


async def test_scripts_executors_and_the_server_are_told_in_asyncio(there: aio.Client) -> None:
    assert len([script async for script in there.scripts()]) == 4
    assert [executor.slots async for executor in there.executors()] == [8]
    assert (await there.server_info()).version == "9.9.9"


# ---------------------------------------------------------------- ends


def test_a_failed_task_raises_why(here: wharfinger.Client) -> None:
    with pytest.raises(wharfinger.TaskFailed) as caught:
        here.submit("demo.fail").result(10)
    assert type(caught.value) is wharfinger.TaskFailed
    assert caught.value.failure is not None
    assert caught.value.failure.reason == "SCRIPT_RAISED"
    assert "it went wrong" in str(caught.value)


def test_a_half_done_task_raises_what_is_left_over(here: wharfinger.Client) -> None:
    with pytest.raises(wharfinger.PartialFailure) as caught:
        here.submit("demo.partial").result(10)
    error = caught.value
    assert [(r.key, r.external_id) for r in error.created] == [("object/1", "a/1"), ("object/2", "a/2")]
    assert [r.key for r in error.uncertain] == ["object/doubt"]
    assert error.not_attempted == ("object/later", "object/last")
    assert error.total_left_over == 3
    assert error.allowed_actions == ("RESUME", "ROLL_BACK")
    assert error.cost is not None
    assert error.cost.uncertain == 1


async def test_a_long_list_of_leftovers_is_read_to_its_end(there: aio.Client, world: World) -> None:
    with pytest.raises(wharfinger.PartialFailure) as caught:
        await (await there.submit("demo.partial", {"made": 250})).result(10)
    assert len(caught.value.created) == 250
    assert caught.value.total_left_over == 251
    assert world.calls.count("ListLedgerEntries") == 3


def test_a_cancelled_task_raises_that(here: wharfinger.Client) -> None:
    handle = here.submit("demo.sleep")
    assert handle.cancel("enough").state is TaskState.CANCELLING
    with pytest.raises(wharfinger.TaskCancelled):
        handle.result(10)
    assert any(getattr(event, "reason", "") == "enough" for event in handle.events())


def test_waiting_has_a_limit_and_leaves_the_task_alone(here: wharfinger.Client) -> None:
    handle = here.submit("demo.sleep")
    with pytest.raises(TimeoutError, match="goes on"):
        handle.result(0.2)
    assert handle.refresh().state is TaskState.RUNNING


def test_waiting_outlives_a_restart(here: wharfinger.Client, loopback: Loopback) -> None:
    handle = here.submit("demo.count", {"lines": 10, "pause": 0.1})
    threading.Timer(0.2, loopback.stop).start()
    threading.Timer(0.6, loopback.start).start()
    assert handle.result(20) == {"lines": 10}


def test_cancel_with_an_old_etag_is_refused(here: wharfinger.Client) -> None:
    handle = here.submit("demo.sleep")
    with pytest.raises(wharfinger.Aborted) as caught:
        handle.cancel(etag='"old"')
    assert caught.value.reason == "ETAG_MISMATCH"


def test_deleting(here: wharfinger.Client) -> None:
    handle = here.submit("demo.sleep")
    with pytest.raises(wharfinger.FailedPrecondition):
        handle.delete()
    handle.cancel()
    handle.wait(10)
    handle.delete()
    with pytest.raises(wharfinger.NotFound):
        handle.refresh()


# ---------------------------------------------------------------- refusals and silence


def test_a_refusal_tells_the_field_and_the_reason(here: wharfinger.Client) -> None:
    with pytest.raises(wharfinger.InvalidArgument) as caught:
        here.submit("demo.count", {"bad": True})
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.reason == "PARAMS_INVALID"
    assert caught.value.metadata == {"script": "demo.count"}
    assert str(caught.value) == "is not allowed [PARAMS_INVALID]\n  task.params.bad: is not allowed"


def test_a_server_that_is_not_there_is_unreachable(here: wharfinger.Client, loopback: Loopback) -> None:
    loopback.stop()
    with pytest.raises(wharfinger.Unreachable, match=loopback.address):
        here.get("t1")


async def test_a_server_that_is_not_there_is_unreachable_in_asyncio(there: aio.Client, loopback: Loopback) -> None:
    loopback.stop()
    with pytest.raises(wharfinger.Unreachable):
        await there.get("t1")


def test_a_closed_client_says_so(here: wharfinger.Client) -> None:
    here.close()
    with pytest.raises(wharfinger.WharfingerError, match="closed"):
        here.get("t1")


def test_one_client_serves_many_threads(here: wharfinger.Client) -> None:
    results: list[object] = []

    def work() -> None:
        results.append(here.submit("demo.count", {"lines": 3, "pause": 0.01}).result(20))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"lines": 3}] * 16
