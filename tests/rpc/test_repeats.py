"""What may be asked again: a cancel, a verdict, a deletion, whether the first answer was lost or not."""

import time

import grpc
import pytest
from tests.rpc.test_access import bearer, guarded
from tests.rpc.wire import create_request, refused
from tests.system.documented import as_promised

from wharfinger.v1 import ledger_pb2, task_pb2
from wharfinger.v1 import task_service_pb2 as v1

__all__ = ["guarded"]

CANCELLED, PARTIALLY_FAILED = task_pb2.TASK_STATE_CANCELLED, task_pb2.TASK_STATE_PARTIALLY_FAILED


def get(stubs, name):
    return stubs.tasks.GetTask(v1.GetTaskRequest(name=name))


def later(stubs, project):
    """Return a task that waits."""
    request = create_request(project, "harbour.noop")
    request.task.policy.not_before_time.FromSeconds(int(time.time()) + 3600)
    return stubs.tasks.CreateTask(request)


def unchanged(stubs, task):
    assert get(stubs, task.name) == task
    return task


def in_doubt(stubs, project, folder):
    """Return a task that made one thing for certain, and perhaps another."""
    params = {"yard": str(folder), "keys": ["a", "b"], "refuse": ["b"]}
    task = stubs.wait(stubs.create(project, "harbour.build", params=params).name)
    assert (task.state, task.ledger.created) == (PARTIALLY_FAILED, 1)
    return task


# ---------------------------------------------------------------------- cancel


def test_a_cancelled_task_may_be_cancelled_again(stubs, project):
    first = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=later(stubs, project).name, reason="the tide"))
    assert first.state == CANCELLED
    again = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=first.name, reason="another"))
    assert (again.state, again.last_sequence, again.failure) == (CANCELLED, first.last_sequence, first.failure)
    assert "the tide" in again.failure.message


def test_a_cancel_with_an_id_and_the_etag_of_before_is_taken_once(stubs, project):
    task = later(stubs, project)
    request = v1.CancelTaskRequest(name=task.name, etag=task.etag, request_id="c-1")
    first = stubs.tasks.CancelTask(request)
    assert first.etag != task.etag
    assert stubs.tasks.CancelTask(request) == first
    # Without the id it is another request, about a task that is not as it was.
    told = as_promised(refused(stubs.tasks.CancelTask, v1.CancelTaskRequest(name=task.name, etag=task.etag)))
    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    told = as_promised(
        refused(stubs.tasks.CancelTask, v1.CancelTaskRequest(name=task.name, etag=task.etag, request_id="c-2"))
    )
    assert told.reason == "ETAG_MISMATCH"


def test_a_half_done_task_that_was_cancelled_may_be_cancelled_again(stubs, project, tmp_path):
    params = {"yard": str(tmp_path), "keys": [str(n) for n in range(50)], "pause": 0.2}
    name = stubs.create(project, "harbour.build", params=params).name
    until = time.monotonic() + 20
    while not get(stubs, name).ledger.created:
        assert time.monotonic() < until
        time.sleep(0.05)
    running = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert running.state == task_pb2.TASK_STATE_CANCELLING
    assert stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name)).state in (running.state, PARTIALLY_FAILED)
    half = stubs.wait(name)
    assert (half.state, half.failure.reason) == (PARTIALLY_FAILED, "CANCELLED")
    again = stubs.tasks.CancelTask(v1.CancelTaskRequest(name=name))
    assert (again.state, again.last_sequence) == (PARTIALLY_FAILED, half.last_sequence)


def test_what_ended_otherwise_is_not_cancelled_and_says_what_would_have_been(stubs, project, tmp_path):
    for task in (stubs.wait(stubs.create(project, "harbour.noop").name), in_doubt(stubs, project, tmp_path)):
        told = as_promised(refused(stubs.tasks.CancelTask, v1.CancelTaskRequest(name=task.name)))
        assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS")
        state = task_pb2.TaskState.Name(task.state).removeprefix("TASK_STATE_")
        assert told.metadata == {"task": task.name, "state": state}
        assert set(told.allowed) == {"QUEUED", "RUNNING", "ROLLING_BACK"}


def test_the_id_of_a_cancel_is_for_no_other_request(stubs, project, tmp_path):
    task = in_doubt(stubs, project, tmp_path)
    stubs.tasks.ResumeTask(v1.ResumeTaskRequest(name=task.name, request_id="r-1"))
    told = as_promised(refused(stubs.tasks.CancelTask, v1.CancelTaskRequest(name=task.name, request_id="r-1")))
    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert told.metadata == {"task": task.name, "request_id": "r-1"}


# ---------------------------------------------------------------------- rollback and resume


@pytest.mark.parametrize("etag", ["", "nonsense"])
def test_a_rollback_with_the_id_of_a_resume_is_refused_and_undoes_nothing(stubs, project, tmp_path, etag):
    task = in_doubt(stubs, project, tmp_path)
    stubs.tasks.ResumeTask(v1.ResumeTaskRequest(name=task.name, request_id="r-1"))
    task = stubs.wait(task.name)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    rollback = v1.RollbackTaskRequest(name=task.name, request_id="r-1", etag=etag)
    told = as_promised(refused(stubs.tasks.RollbackTask, rollback))
    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    unchanged(stubs, task)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


# ---------------------------------------------------------------------- verdicts


def resolve(name, verdict, **more):
    return v1.ResolveLedgerEntryRequest(name=name, key="thing/a", verdict=verdict, **more)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (v1.LEDGER_VERDICT_RETAIN, ledger_pb2.LEDGER_ENTRY_STATE_RETAINED),
        (v1.LEDGER_VERDICT_FORGET, ledger_pb2.LEDGER_ENTRY_STATE_FORGOTTEN),
    ],
)
def test_the_same_verdict_again_changes_nothing(stubs, project, tmp_path, verdict, state):
    task = in_doubt(stubs, project, tmp_path)
    first = stubs.tasks.ResolveLedgerEntry(resolve(task.name, verdict, reason="looked"))
    assert first.state == task_pb2.TASK_STATE_FAILED
    again = stubs.tasks.ResolveLedgerEntry(resolve(task.name, verdict))
    assert (again.state, again.last_sequence) == (first.state, first.last_sequence)
    (entry, _) = stubs.tasks.ListLedgerEntries(v1.ListLedgerEntriesRequest(parent=task.name)).entries
    assert entry.state == state
    other = as_promised(refused(stubs.tasks.ResolveLedgerEntry, resolve(task.name, v1.LEDGER_VERDICT_NOT_CREATED)))
    assert (other.reason, other.metadata["state"]) == ("STATE_FORBIDS", "FAILED")


def test_a_verdict_with_an_id_and_the_etag_of_before_is_taken_once(stubs, project, tmp_path):
    task = in_doubt(stubs, project, tmp_path)
    request = resolve(task.name, v1.LEDGER_VERDICT_RETAIN, etag=task.etag, request_id="v-1")
    first = stubs.tasks.ResolveLedgerEntry(request)
    assert stubs.tasks.ResolveLedgerEntry(request) == first
    told = as_promised(
        refused(
            stubs.tasks.ResolveLedgerEntry,
            resolve(task.name, v1.LEDGER_VERDICT_FORGET, etag=task.etag, request_id="v-1"),
        )
    )
    assert told.reason == "REQUEST_ID_REUSED"
    unchanged(stubs, first)


def test_that_it_exists_is_said_again_under_its_own_id_only(stubs, project, tmp_path):
    task = in_doubt(stubs, project, tmp_path)
    known = task.partial_failure.left_over[0].external_id
    for external_id in ("", known):
        told = stubs.tasks.ResolveLedgerEntry(resolve(task.name, v1.LEDGER_VERDICT_CREATED, external_id=external_id))
        assert (told.state, told.last_sequence) == (task.state, task.last_sequence)
    other = resolve(task.name, v1.LEDGER_VERDICT_CREATED, external_id="another")
    assert refused(stubs.tasks.ResolveLedgerEntry, other).reason == "STATE_FORBIDS"


# ---------------------------------------------------------------------- delete


def test_a_deleted_task_may_be_deleted_again(stubs, project):
    task = stubs.wait(stubs.create(project, "harbour.noop").name)
    for request in (
        v1.DeleteTaskRequest(name=task.name, etag=task.etag, request_id="d-1"),
        v1.DeleteTaskRequest(name=task.name, etag=task.etag, request_id="d-1"),
        v1.DeleteTaskRequest(name=task.name),
        v1.DeleteTaskRequest(name=task.name, allow_missing=True),
    ):
        stubs.tasks.DeleteTask(request)
    assert refused(stubs.tasks.GetTask, v1.GetTaskRequest(name=task.name)).reason == "TASK_NOT_FOUND"


def test_what_never_was_is_deleted_where_that_is_allowed(stubs, project):
    ghost = f"projects/{project}/tasks/nobody-made-this"
    told = as_promised(refused(stubs.tasks.DeleteTask, v1.DeleteTaskRequest(name=ghost)))
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
    stubs.tasks.DeleteTask(v1.DeleteTaskRequest(name=ghost, allow_missing=True))


def test_allow_missing_deletes_nothing_that_may_not_be_deleted(stubs, project, tmp_path):
    for task in (in_doubt(stubs, project, tmp_path), later(stubs, project)):
        request = v1.DeleteTaskRequest(name=task.name, allow_missing=True)
        assert as_promised(refused(stubs.tasks.DeleteTask, request)).reason in ("STATE_FORBIDS", "LEFTOVERS_ALIVE")
        assert get(stubs, task.name).uid == task.uid


@pytest.mark.processes
def test_allow_missing_tells_nothing_about_a_foreign_project(guarded):
    name = guarded.create("a", "harbour.noop", metadata=bearer("ann-token")).name
    for one in (name, "projects/a/tasks/nobody-made-this"):
        request = v1.DeleteTaskRequest(name=one, allow_missing=True)
        assert refused(guarded.tasks.DeleteTask, request, metadata=bearer("bob-token")).reason == "TASK_NOT_FOUND"
    assert guarded.tasks.GetTask(v1.GetTaskRequest(name=name), metadata=bearer("ann-token")).name == name


def test_a_late_repetition_of_what_was_taken_before_the_last_request_is_not_done_anew(stubs, project, tmp_path):
    """Resume, and before its answer arrives somebody cancels: the repetition of the resume does not bring it back."""
    task = in_doubt(stubs, project, tmp_path / "yard")
    resume = v1.ResumeTaskRequest(name=task.name, request_id="resume-1")
    stubs.tasks.ResumeTask(resume)
    stubs.wait(task.name)
    for number in range(7):
        request = v1.RollbackTaskRequest(
            name=task.name, request_id=f"retain-{number}", only=["thing/a"], retain=["thing/a"]
        )
        try:
            stubs.tasks.RollbackTask(request)
        except grpc.RpcError as error:
            assert error.code() is not grpc.StatusCode.ALREADY_EXISTS  # noqa: PT017
    before = stubs.wait(task.name)
    again = stubs.tasks.ResumeTask(resume)
    assert (again.state, again.last_sequence) == (before.state, before.last_sequence)
