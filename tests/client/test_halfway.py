"""What a client does with half-done tasks: by its verbs, by handles, and by the error that tells of one."""

import gc
import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.rpc import code_pb2
from tests.client.loopback import Loopback
from tests.client.world import Refusal, World
from tests.servers.serving import Serving

import wharfinger
from wharfinger import TaskState, Verdict, aio, errors
from wharfinger._core.connection.blocking import BlockingTransport
from wharfinger._core.connection.retry import Backoff
from wharfinger._core.connection.settings import resolve
from wharfinger._core.verbs.remedies import ByServer


@pytest.fixture
def project() -> str:
    return f"p{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(server: Serving, project: str) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(server.address, project=project) as made:
        yield made


@pytest.fixture
def params(tmp_path: Path) -> dict[str, Any]:
    """Make a, and b which depends on it; c is refused until the yard has room."""
    return {"yard": str(tmp_path / "yard"), "keys": ["a", "b", "c"], "after": {"b": ["a"]}, "refuse": ["c"]}


def half(client: wharfinger.Client, params: dict[str, Any]) -> tuple[wharfinger.Handle, wharfinger.PartialFailure]:
    handle = client.submit("harbour.build", params)
    with pytest.raises(wharfinger.PartialFailure) as caught:
        handle.result(30)
    return handle, caught.value


# The answer of a verb shows the task as it is by then: a server with nothing else to do may be a step ahead.
RESUMED = (TaskState.QUEUED, TaskState.RUNNING, TaskState.SUCCEEDED)
UNDOING = (TaskState.ROLLING_BACK, TaskState.ROLLED_BACK)


def things(params: dict[str, Any]) -> int:
    return len(list((Path(params["yard"]) / "things").iterdir()))


# ---------------------------------------------------------------- the verbs


def test_a_plan_tells_what_a_rollback_would_do(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, failure = half(client, params)
    assert failure.allowed_actions == ("RESUME", "ROLL_BACK", "RESOLVE")
    assert client.rollback_plan(handle.name).waves == (("thing/b",), ("thing/a",))
    kept = handle.rollback_plan(retain=["thing/a"])
    assert (kept.waves, kept.retained) == ((("thing/b",),), ("thing/a",))
    blocked = handle.rollback_plan(only=["thing/a"])
    assert blocked.waves == ()
    assert "thing/b" in blocked.blocked["thing/a"]
    assert things(params) == 2


def test_a_rollback_takes_all_away_and_the_result_says_so(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, _ = half(client, params)
    assert handle.rollback().state in UNDOING
    with pytest.raises(wharfinger.RolledBack) as caught:
        handle.result(30)
    assert things(params) == 0
    assert caught.value.failure is not None
    assert caught.value.failure.reason == "QUOTA_EXCEEDED"
    assert "is ROLLED_BACK; before that it failed: the yard has no room for c" in str(caught.value)
    with pytest.raises(wharfinger.FailedPrecondition) as refused:
        handle.rollback()
    assert refused.value.reason == "STATE_FORBIDS"


async def test_the_same_in_asyncio(server: Serving, project: str, params: dict[str, Any]) -> None:
    async with aio.Client(server.address, project=project) as client:
        handle = await client.submit("harbour.build", params)
        with pytest.raises(wharfinger.PartialFailure) as caught:
            await handle.result(30)
        assert (await handle.rollback_plan(only=["thing/b"])).waves == (("thing/b",),)
        assert (await client.rollback(caught.value.task.name, only=["thing/b"])).state is not TaskState.ROLLED_BACK
        assert (await handle.wait(30)).state is TaskState.PARTIALLY_FAILED
        assert (await handle.resolve("thing/a", Verdict.RETAIN)).state is TaskState.ROLLED_BACK
        assert handle.state is TaskState.ROLLED_BACK
        with pytest.raises(wharfinger.FailedPrecondition):
            await handle.resume()


def test_a_rollback_that_failed_tells_why_and_goes_on(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, _ = half(client, params)
    stuck = Path(params["yard"]) / "stuck"
    stuck.touch()
    handle.rollback()
    with pytest.raises(wharfinger.PartialFailure) as caught:
        handle.result(30)
    failure = caught.value
    assert failure.task.state is TaskState.ROLLBACK_FAILED
    assert failure.rollback_failure is not None
    assert failure.rollback_failure.reason == "UNDO_FAILED"
    assert failure.failure is not None
    assert failure.failure.reason == "QUOTA_EXCEEDED"
    assert [(entry.key, entry.state.value) for entry in failure.created] == [
        ("thing/a", "CREATED"),
        ("thing/b", "UNDO_FAILED"),
    ]
    assert "its rollback stopped" in str(failure)
    stuck.unlink()
    handle.rollback()
    assert handle.wait(30).state is TaskState.ROLLED_BACK


def test_a_resumed_task_makes_what_is_missing(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, failure = half(client, params)
    (Path(params["yard"]) / "room").touch()
    with pytest.raises(wharfinger.Aborted):
        client.resume(handle.name, etag='"old"')
    with pytest.raises(wharfinger.FailedPrecondition) as caught:
        handle.resume(script_version="9.9.9")
    assert caught.value.reason == "SCRIPT_VERSION_GONE"
    assert handle.resume(etag=failure.task.etag).state in RESUMED
    assert len(handle.result(30)["things"]) == 3
    assert things(params) == 3


def test_a_person_resolves_what_is_left(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, _ = half(client, params)
    assert handle.resolve("thing/b", "FORGET", reason="seen to").state is TaskState.PARTIALLY_FAILED
    with pytest.raises(wharfinger.FailedPrecondition) as caught:
        handle.resolve("thing/z", Verdict.FORGET)
    assert caught.value.reason == "KEY_UNKNOWN"
    assert client.resolve(handle.name, "thing/a", Verdict.RETAIN).state is TaskState.FAILED
    assert "seen to" not in str(handle.refresh().failure)
    handle.delete()


def test_what_was_asked_already_may_be_asked_again(client: wharfinger.Client, params: dict[str, Any]) -> None:
    handle, _ = half(client, params)
    before = handle.refresh()
    for key in ("thing/a", "thing/b"):
        first = handle.resolve(key, Verdict.RETAIN, etag=before.etag if key == "thing/a" else "", request_id=key)
        again = handle.resolve(key, Verdict.RETAIN, etag=before.etag if key == "thing/a" else "", request_id=key)
        assert again == first
    assert handle.resolve("thing/a", Verdict.RETAIN).last_sequence == first.last_sequence
    with pytest.raises(wharfinger.FailedPrecondition) as caught:
        handle.cancel()
    assert (caught.value.reason, caught.value.metadata["state"]) == ("STATE_FORBIDS", "FAILED")
    assert set(caught.value.allowed_states) == {"QUEUED", "RUNNING", "ROLLING_BACK"}
    handle.delete()
    handle.delete()
    with pytest.raises(wharfinger.NotFound):
        client.delete("nobody-made-this")
    client.delete("nobody-made-this", allow_missing=True)


async def test_a_cancel_is_taken_once_in_asyncio_too(server: Serving, project: str) -> None:
    async with aio.Client(server.address, project=project) as client:
        handle = await client.submit("harbour.count", {"steps": 1000, "pause": 0.05})
        for _ in range(2):
            await handle.cancel("no need", request_id="c-1")
        ended = await handle.wait(20)
        assert ended.state is TaskState.CANCELLED
        assert (await handle.cancel()).last_sequence == ended.last_sequence
        await handle.delete()
        await handle.delete()


def test_wrong_words_are_refused_before_anything_is_asked() -> None:
    with wharfinger.Client("127.0.0.1:1") as nowhere:
        with pytest.raises(wharfinger.InvalidArgument) as caught:
            nowhere.resolve("t", "k", "maybe")
        assert [v.field for v in caught.value.violations] == ["verdict"]
        with pytest.raises(wharfinger.InvalidArgument, match="give a list of keys") as caught:
            nowhere.rollback("t", only="thing/a")
        assert [v.field for v in caught.value.violations] == ["only"]


def test_a_task_of_a_list_tells_its_leftovers_too(client: wharfinger.Client, params: dict[str, Any]) -> None:
    half(client, params)
    (listed,) = client.list("state = PARTIALLY_FAILED")
    with pytest.raises(wharfinger.PartialFailure) as caught:
        client.result_of(listed)
    assert caught.value.total_left_over == 2
    assert caught.value.not_attempted == ()


# ---------------------------------------------------------------- by the error


def test_the_error_rolls_back_by_the_client_that_raised_it(client: wharfinger.Client, params: dict[str, Any]) -> None:
    _, failure = half(client, params)
    assert failure.rollback(retain=["thing/a"]).state in UNDOING
    assert client.wait(failure.task.name, 30).state is TaskState.ROLLED_BACK
    assert things(params) == 1


def test_the_error_resumes_in_another_process(
    client: wharfinger.Client, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, failure = half(client, params)
    again = pickle.loads(pickle.dumps(failure))
    # The failure knows its server; another one of the environment is not asked.
    monkeypatch.setenv("WHARFINGER_SERVER", "127.0.0.1:1")
    (Path(params["yard"]) / "room").touch()
    assert again.resume().state in RESUMED
    assert client.wait(failure.task.name, 30).state is TaskState.SUCCEEDED


def test_the_error_takes_another_client_and_outlives_its_own(server: Serving, params: dict[str, Any]) -> None:
    with wharfinger.Client(server.address, project="elsewhere") as first:
        _, failure = half(first, params)
    # Its own client is closed by now.
    assert failure.rollback(only=["thing/b"]).state is not TaskState.ROLLED_BACK
    with wharfinger.Client(server.address) as other:
        other.wait(failure.task.name, 30)
        assert failure.rollback(other).state in UNDOING
        other.wait(failure.task.name, 30)
    assert things(params) == 0


def test_the_error_does_not_keep_its_client() -> None:
    task = wharfinger.Task("projects/p/tasks/t", "u", "e", "x.y", TaskState.PARTIALLY_FAILED)
    gone = BlockingTransport(resolve("127.0.0.1:2"))
    failure = errors.PartialFailure(task, server="127.0.0.1:1", remedies=ByServer("http://127.0.0.1:1", gone))
    del gone
    gc.collect()
    with pytest.raises(wharfinger.Unreachable, match=r"127\.0\.0\.1:1"):
        failure.rollback()


def test_an_error_of_no_client_asks_by_which_to_go_on() -> None:
    task = wharfinger.Task("projects/p/tasks/t", "u", "e", "x.y", TaskState.PARTIALLY_FAILED)
    with pytest.raises(wharfinger.WharfingerError, match="say by which"):
        errors.PartialFailure(task).resume()


# ---------------------------------------------------------------- broken connections


def test_a_rollback_whose_answer_was_lost_is_asked_for_again_under_the_same_id(
    loopback: Loopback, world: World
) -> None:
    lost = iter([True, True, False])

    def before(name: str, request: Any) -> None:
        if name == "RollbackTask":
            ids.append(request.request_id)
            if next(lost):
                raise Refusal(code_pb2.UNAVAILABLE, "DATABASE_UNAVAILABLE", "lost")

    ids: list[str] = []
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.partial")
        handle.wait(10)
        world.before = before
        handle.rollback()
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert ids[0]


def test_a_rollback_without_an_answer_tells_its_request_id(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        loopback.stop()
        with pytest.raises(wharfinger.Unreachable) as caught:
            client.rollback("t1", request_id="mine")
    assert caught.value.request_id == "mine"


def test_a_watch_waits_three_seconds_at_most_between_tries() -> None:
    backoff = Backoff()
    assert max(backoff.next() for _ in range(50)) <= 3.0
    draining = wharfinger.Unavailable("UNAVAILABLE", "SERVER_DRAINING", "later", retry_after=1.0)
    waits = [backoff.next(draining) for _ in range(50)]
    assert max(waits) <= 3.0
    assert min(waits) >= 1.0
    patient = wharfinger.Unavailable("UNAVAILABLE", "DATABASE_BUSY", "later", retry_after=10.0)
    assert 10.0 <= backoff.next(patient) <= 10.2
