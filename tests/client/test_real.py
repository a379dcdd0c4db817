"""The client against a real server."""

import uuid
from collections.abc import Iterator
from itertools import islice

import pytest
from tests.servers.serving import Serving

import wharfinger
from wharfinger import NewTask, ProgressUpdate, Snapshot, TaskState, aio


@pytest.fixture
def project() -> str:
    return f"p{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(server: Serving, project: str) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(server.address, project=project) as made:
        yield made


def test_a_task_is_submitted_watched_and_returns_its_result(client: wharfinger.Client) -> None:
    handle = client.submit("harbour.count", {"steps": 4, "pause": 0.01}, task_id="mine", labels={"env": "test"})
    events = list(handle.watch())
    numbered = [event.sequence for event in events if not isinstance(event, Snapshot | ProgressUpdate)]
    assert numbered == list(range(1, len(numbered) + 1))
    assert handle.state is TaskState.SUCCEEDED
    assert handle.result() == {"steps": 4}
    assert [line.text for line in handle.logs()] == [f"step {number}" for number in range(4)]
    assert [event.sequence for event in handle.events()] == numbered
    assert [task.name for task in client.list('state = SUCCEEDED AND labels.env = "test"')] == [handle.name]


async def test_the_tasks_of_all_projects_are_listed(server: Serving, project: str) -> None:
    with (
        wharfinger.Client(server.address, project=project) as one,
        wharfinger.Client(server.address, project=f"{project}-other") as two,
    ):
        names = [client.submit("harbour.noop", labels={"of": project}).name for client in (one, two)]
        mine = f'labels.of = "{project}"'
        assert [task.name for task in one.list(mine)] == names[:1]
        assert [task.name for task in one.list(mine, "create_time", page_size=1, all_projects=True)] == names
    async with aio.Client(server.address, project=project) as client:
        assert [task.name async for task in client.list(mine, all_projects=True)] == names[::-1]


async def test_a_task_is_submitted_watched_and_returns_its_result_in_asyncio(server: Serving, project: str) -> None:
    async with aio.Client(server.address, project=project) as client:
        handle = await client.submit("harbour.count", {"steps": 4, "pause": 0.01})
        numbered = [e.sequence async for e in handle.watch() if not isinstance(e, Snapshot | ProgressUpdate)]
        assert numbered == list(range(1, len(numbered) + 1))
        assert await handle.result() == {"steps": 4}


def test_a_half_done_task_tells_what_is_left_over(client: wharfinger.Client) -> None:
    with pytest.raises(wharfinger.PartialFailure) as caught:
        client.submit("harbour.half").result(30)
    error = caught.value
    assert [entry.key for entry in error.created] == ["crate/one"]
    assert [entry.key for entry in error.uncertain] == ["crate/two"]
    assert error.not_attempted == ("crate/three",)
    assert error.failed_step == "unload"
    assert [entry.key for entry in client.ledger(error.task.name, "state = UNCERTAIN")] == ["crate/two"]


def test_many_tasks_are_each_accepted_or_refused(client: wharfinger.Client) -> None:
    asked = [NewTask("harbour.noop"), NewTask("harbour.nope"), NewTask("harbour.count", {"steps": -1})]
    accepted, unknown, wrong = client.submit_many(asked)
    assert isinstance(accepted, wharfinger.Handle)
    assert isinstance(unknown, wharfinger.NotFound)
    assert unknown.reason == "UNKNOWN_SCRIPT"
    assert isinstance(wrong, wharfinger.InvalidArgument)
    assert wrong.violations
    accepted.wait(20)
    assert accepted.state is TaskState.SUCCEEDED


def test_the_same_request_id_is_the_same_task(client: wharfinger.Client) -> None:
    first = client.submit("harbour.noop", request_id="one")
    assert client.submit("harbour.noop", request_id="one").name == first.name
    with pytest.raises(wharfinger.AlreadyExists) as caught:
        client.submit("harbour.count", request_id="one")
    assert caught.value.reason == "REQUEST_ID_REUSED"


def test_a_task_is_cancelled_and_deleted(client: wharfinger.Client) -> None:
    handle = client.submit("harbour.count", {"steps": 1000, "pause": 0.1})
    with pytest.raises(wharfinger.TimedOut):
        handle.result(0.2)
    handle.cancel("enough")
    with pytest.raises(wharfinger.TaskCancelled):
        handle.result(20)
    handle.delete()
    with pytest.raises(wharfinger.NotFound):
        handle.refresh()


def test_a_project_watch_goes_on_from_its_token(client: wharfinger.Client) -> None:
    names = [client.submit("harbour.noop").name for _ in range(3)]
    for name in names:
        client.wait(name, 20)
    whole = [(event.name, event.sequence) for name in names for event in client.events(name)]
    watch = client.watch_project(timeout=20)
    client.submit("harbour.count", {"steps": 5, "pause": 0.05}, task_id="later")
    told = list(islice((e for e in watch if not isinstance(e, Snapshot | ProgressUpdate)), 3))
    token = told[-1].resume_token
    assert token
    assert all((event.name, event.sequence) not in whole for event in told)
    rest = [
        e for e in islice(client.watch_project(resume_token=token, timeout=20), 3) if not isinstance(e, ProgressUpdate)
    ]
    later = [event.sequence for event in (*told, *rest) if event.name.endswith("/later")]
    assert set(range(min(later), max(later) + 1)) == set(later)


def test_the_server_tells_its_versions(client: wharfinger.Client) -> None:
    info = client.server_info()
    assert info.version == wharfinger.__version__
    assert info.schema
