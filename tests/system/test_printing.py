"""What a person reads: refusals and failures as the Python client prints them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import pytest
from tests.rpc.wire import a_project
from tests.servers.serving import Serving

import wharfinger
from wharfinger.errors import WharfingerError


@pytest.fixture(scope="module")
def client(server: Serving) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(server.address, project=a_project()) as client:
        client.submit("harbour.noop", task_id="taken", request_id="r-1").result()
        yield client


Act = Callable[[wharfinger.Client], object]

REFUSALS: dict[str, tuple[Act, str]] = {
    "a script": (
        lambda c: c.submit("harbor.count"),
        "task.script: no script 'harbor.count' is installed; did you mean harbour.count? [UNKNOWN_SCRIPT]",
    ),
    "an executor": (
        lambda c: c.submit("harbour.noop", executor="tread"),
        "task.executor: there is no executor 'tread'; there are asyncio, process, remote, thread [UNKNOWN_EXECUTOR]",
    ),
    "a field": (
        lambda c: c.submit("harbour.count", {"steps": "ten"}),
        "task.params.steps: must be a whole number, not a string [PARAMS_INVALID]",
    ),
    "several fields": (
        lambda c: c.submit("harbour.build", {"yard": 3, "key": []}),
        (
            "task.params.keys: is missing; it is required and must be a list [PARAMS_INVALID]\n"
            "  task.params.yard: must be a string, not a whole number\n"
            "  task.params.key: there is no such field; did you mean keys?"
        ),
    ),
    "too much": (
        lambda c: c.submit("harbour.noop", {"text": "x" * (1 << 20)}),
        (
            "task.params: 1048587 bytes of JSON, and at most 1048576 are taken; send large data by reference"
            " [PARAMS_TOO_LARGE]"
        ),
    ),
    "a name": (
        lambda c: c.submit("harbour.noop", task_id="Big"),
        (
            "task_id: 'Big' is not 1 to 63 lower-case letters, digits and hyphens that begin with a letter and do not"
            " end with a hyphen [INVALID_NAME]"
        ),
    ),
    "a request id": (
        lambda c: c.submit("harbour.plain", request_id="r-1"),
        (
            "request_id: r-1 belongs to another request, which made {task}; a new request needs a new id"
            " [REQUEST_ID_REUSED]"
        ),
    ),
    "a task": (lambda c: c.get("nothing"), "there is no task projects/{project}/tasks/nothing [TASK_NOT_FOUND]"),
    "a state": (
        lambda c: c.cancel("taken"),
        "{task} is SUCCEEDED: cancel is not possible now; possible: delete [STATE_FORBIDS]",
    ),
    "an etag": (
        lambda c: c.delete("taken", etag='"old"'),
        "etag: {task} has changed since it was read; read it again and decide anew [ETAG_MISMATCH]",
    ),
    "a filter": (
        lambda c: list(c.list("state : FAILED")),
        "filter: state is compared by !=, =, not : [INVALID_FILTER]",
    ),
    "an order": (
        lambda c: list(c.list(order_by="name")),
        (
            'order_by: \'name\' is not understood; tasks are listed by "create_time" or "create_time desc"'
            " [INVALID_ORDER_BY]"
        ),
    ),
}

FAILURES: dict[str, tuple[Act, str]] = {
    "raised": (
        lambda c: c.submit("harbour.fail").result(),
        "(harbour.fail) is FAILED: RuntimeError: the rope broke (harbour/fail.py:24) (SCRIPT_RAISED)",
    ),
    "a word of its own": (
        lambda c: c.submit("harbour.fail", {"how": "failed"}).result(),
        "(harbour.fail) is FAILED: the crane is broken (CRANE_BROKEN)",
    ),
    "a broken promise": (
        lambda c: c.submit("harbour.promise", {"berth": "x"}).result(),
        (
            "is FAILED: main returned what does not match the script's RESULT_SCHEMA: result.berth must be a whole"
            " number, not a string (SCRIPT_RESULT_INVALID)"
        ),
    ),
    "out of time": (
        lambda c: c.submit("harbour.once", {"seconds": 100}, policy={"attempt_timeout": 0.2}).result(),
        "is FAILED: the policy's attempt_timeout of 0.2s ended (ATTEMPT_TIMEOUT)",
    ),
    "cancelled": (
        lambda c: cancelled(c).result(),
        "(harbour.once) is CANCELLED: cancelled by anonymous: enough is enough (CANCELLED)",
    ),
}


def cancelled(client: wharfinger.Client) -> wharfinger.Handle:
    """Return a task that was cancelled."""
    handle = client.submit("harbour.once", {"seconds": 100})
    handle.cancel("enough is enough")
    return handle


def printed(act: Act, client: wharfinger.Client) -> str:
    """Return what a refusal or failure prints, which pickling does not change."""
    with pytest.raises(WharfingerError) as told:
        act(client)
    assert str(pickle.loads(pickle.dumps(told.value))) == str(told.value)
    return str(told.value)


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_printed_with_the_field_and_what_to_do(client: wharfinger.Client, case: str) -> None:
    act, wanted = REFUSALS[case]
    place = {"project": client.project, "task": f"projects/{client.project}/tasks/taken"}
    assert printed(act, client) == wanted.format(**place)


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_printed_with_what_the_script_said(client: wharfinger.Client, case: str) -> None:
    act, wanted = FAILURES[case]
    told = printed(act, client)
    assert told.startswith(f"projects/{client.project}/tasks/")
    assert told.endswith(wanted)
    assert len(told.splitlines()) == 1
