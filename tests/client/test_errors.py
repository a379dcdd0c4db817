"""Errors survive pickling and print for people."""

import pickle
from typing import Any

import pytest

from wharfinger import errors, models

TASK = models.Task("projects/p/tasks/t", "u", "e", "image.import", models.TaskState.PARTIALLY_FAILED)
FAILURE = models.Failure("UNAVAILABLE", "STORE_UNAVAILABLE", "the store b does not answer")


def thing(key: str, state: models.LedgerEntryState, **facts: Any) -> models.LedgerEntry:
    return models.LedgerEntry(key, "object", state, **facts)


PARTIAL = errors.PartialFailure(
    TASK,
    FAILURE,
    [
        thing("image/a", models.LedgerEntryState.CREATED, external_id="a/debian", attributes={"store": "a"}),
        thing(
            "image/c",
            models.LedgerEntryState.UNDO_FAILED,
            external_id="c/debian",
            failure=FAILURE,
            blocked_by="image/d",
        ),
        thing("image/b", models.LedgerEntryState.UNCERTAIN, region="eu-1"),
    ],
    ["image/z"],
    cost=models.LeftoverCost((), 1, 2),
    allowed_actions=["ROLL_BACK", "A_LATER_ONE"],
    failed_step="copy",
)

EVERY = [
    errors.WharfingerError("closed"),
    errors.Unreachable("h:1", "refused", "UNAVAILABLE", "r-1"),
    errors.TimedOut("too late"),
    errors.InvalidArgument(
        "INVALID_ARGUMENT", "PARAMS_INVALID", "no", {"script": "x"}, [errors.Violation("task.params.a", "no")], 1.5
    ),
    errors.Refused("DATA_LOSS", "", "gone"),
    errors.NotFound("NOT_FOUND", "PRICE_UNKNOWN", "no", choices=["a,b", "c"]),
    errors.FailedPrecondition("FAILED_PRECONDITION", "STATE_FORBIDS", "no", allowed_states=["QUEUED"]),
    errors.TaskFailed(TASK, FAILURE),
    errors.TaskCancelled(TASK),
    errors.RolledBack(TASK, FAILURE),
    PARTIAL,
]


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(error: errors.WharfingerError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_partial_failure_prints_what_is_left_over() -> None:
    assert str(PARTIAL) == (
        "projects/p/tasks/t (image.import) is PARTIALLY_FAILED in step copy: "
        "the store b does not answer (STORE_UNAVAILABLE)\n"
        "  created (2):\n"
        "    object  a/debian  key image/a  store a\n"
        "    object  c/debian  key image/c"
        "  (UNDO_FAILED; the store b does not answer (STORE_UNAVAILABLE); blocked by image/d)\n"
        "  uncertain, may or may not exist (1):\n"
        "    object  (id unknown)  key image/b  region eu-1\n"
        "  not attempted (1):\n"
        "    image/z\n"
        "  cost while they live: 1 without a known price, 2 uncertain\n"
        "  what can be done:\n"
        "    roll it back: what it made is undone, children first"
    )


def test_a_partial_failure_that_the_server_can_not_mend_says_so() -> None:
    told = str(errors.PartialFailure(TASK, FAILURE, [thing("image/a", models.LedgerEntryState.CREATED)]))
    assert "what can be done:\n    this server offers no way to go on with it" in told


def test_a_refusal_prints_each_field_once() -> None:
    told = errors.InvalidArgument("INVALID_ARGUMENT", "X", "size: too big", {}, [errors.Violation("size", "too big")])
    assert str(told) == "size: too big [X]"
    wrong = errors.Violation("task.params.size", "too big")
    untold = errors.InvalidArgument("INVALID_ARGUMENT", "X", "params are wrong", {}, [wrong])
    assert str(untold) == "params are wrong [X]\n  task.params.size: too big"


def test_catching_task_failed_catches_every_end_without_success() -> None:
    assert issubclass(errors.PartialFailure, errors.TaskFailed)
    assert issubclass(errors.TaskCancelled, errors.TaskFailed)
    assert issubclass(errors.TimedOut, TimeoutError)


def test_a_report_names_the_version_to_resume_with() -> None:
    from wharfinger.cli.watching import _ways

    error = errors.PartialFailure(
        TASK, FAILURE, allowed_actions=["ROLL_BACK", "RESUME"], resume_version="0.2.0", server="127.0.0.1:1"
    )
    assert "resume it with script_version 0.2.0" in str(error)
    assert "resume web --script-version 0.2.0" in [command for command, _ in _ways(error, "web")]
    kept = pickle.loads(pickle.dumps(error))
    assert kept.resume_version == error.to_dict()["resume_version"] == "0.2.0"
    plain = errors.PartialFailure(TASK, FAILURE, allowed_actions=["RESUME"])
    assert [command for command, _ in _ways(plain, "web")] == ["resume web"]
