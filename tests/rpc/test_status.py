"""Every refusal becomes one status code with an ErrorInfo, small enough for trailers."""

import ast
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from tests.system.documented import promises

import wharfinger_server
from wharfinger.v1 import task_pb2
from wharfinger.v1.error_reason_pb2 import AllowedStates, Choices
from wharfinger_server.domain import errors
from wharfinger_server.rpc.status import CODES, MOST_DETAIL_BYTES, code_of, status_of

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refused)]


def detail(status, kind):
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


def test_every_kind_of_refusal_has_a_code_of_its_own():
    assert {kind for kind in KINDS if errors.Refused in kind.__bases__} == set(CODES)
    assert len(set(CODES.values())) == len(CODES)


def test_a_kind_derived_from_another_has_that_ones_code():
    class Special(errors.NotFound):
        pass

    assert code_of(Special("X", "y")) is grpc.StatusCode.NOT_FOUND


def test_a_refusal_carries_reason_domain_and_facts():
    status = status_of(errors.Aborted("ETAG_MISMATCH", "read it again", {"task": "projects/p/tasks/t", "empty": ""}))
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (status.code, status.message) == (10, "read it again")
    assert (info.domain, info.reason, dict(info.metadata)) == (
        "wharfinger.dev",
        "ETAG_MISMATCH",
        {"task": "projects/p/tasks/t"},
    )


def test_violations_become_a_bad_request_and_the_first_is_a_fact():
    status = status_of(errors.invalid("task.params.size", "must be positive"))
    bad = detail(status, error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in bad.field_violations] == [("task.params.size", "must be positive")]
    assert detail(status, error_details_pb2.ErrorInfo).metadata["field"] == "task.params.size"


def test_what_is_worth_trying_again_says_when():
    status = status_of(errors.Unavailable("SERVER_DRAINING", "later"))
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() == 1000
    assert detail(status_of(errors.NotFound("TASK_NOT_FOUND", "no")), error_details_pb2.RetryInfo) is None


@pytest.mark.parametrize("reason", sorted(promises()))
def test_a_reason_says_when_to_ask_again_where_the_api_says_that_it_does(reason):
    told = detail(status_of(errors.Unavailable(reason, "no")), error_details_pb2.RetryInfo)
    assert (told is not None) == (promises()[reason].retry == "AFTER_RETRY_INFO")
    if told:
        assert 0 < told.retry_delay.ToMilliseconds() <= 60_000


def test_choices_travel_one_by_one_whatever_is_in_them():
    choices = errors.Choices("region", ("fra,1", "a b", "\ud800"), complete=True)
    told = detail(status_of(errors.FailedPrecondition("PRICE_AMBIGUOUS", "no", choices=choices)), Choices)
    assert (told.field, list(told.values), told.complete) == ("region", ["fra,1", "a b", "?"], True)


def test_choices_that_do_not_fit_are_not_all_there_are():
    choices = errors.Choices("region", tuple("x" * 200 + str(n) for n in range(100)), complete=True)
    told = detail(status_of(errors.FailedPrecondition("PRICE_AMBIGUOUS", "no", choices=choices)), Choices)
    assert not told.complete
    assert 3 < len(told.values) < 20
    assert list(told.values) == list(choices.values[: len(told.values)])


def test_no_choices_are_not_told():
    assert (
        detail(status_of(errors.NotFound("UNKNOWN_SCRIPT", "no", choices=errors.Choices("script", ()))), Choices)
        is None
    )


def test_a_state_that_forbids_it_names_those_that_would_not():
    refused = errors.StateForbids("no", {"task": "projects/p/tasks/t", "state": "FAILED"}, ["QUEUED", "RUNNING"])
    assert code_of(refused) is grpc.StatusCode.FAILED_PRECONDITION
    told = detail(status_of(refused), AllowedStates)
    assert (told.state, list(told.allowed)) == (
        task_pb2.TASK_STATE_FAILED,
        [task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_RUNNING],
    )


@pytest.mark.parametrize("text", ["x", "é", "\ud800", "%\n"])
def test_the_largest_refusal_still_fits_into_trailers(text):
    violations = [errors.Violation(f"task.params.{text * 400}[{n}]", text * 5000) for n in range(500)]
    facts = {f"fact{n}": text * 5000 for n in range(3)}
    choices = errors.Choices(text * 400, (text * 5000,) * 100)
    status = status_of(errors.InvalidArgument("PARAMS_INVALID", text * 9000, facts, violations, choices))
    assert status.ByteSize() - len(status.message.encode()) <= MOST_DETAIL_BYTES
    assert len(status.message.encode()) <= 1000
    told = detail(status, error_details_pb2.BadRequest).field_violations
    assert told[-1].description == f"and {500 - len(told) + 1} more"


def refusals_in(path):
    """Yield (reason, code, line) of every refusal that a source file raises with a reason that stands there."""
    kinds = {kind.__name__: kind for kind in KINDS}
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in kinds and node.args and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value, code_of(kinds[called]("", "")).name, node.lineno
        elif called == "invalid" and len(node.args) > 2 and isinstance(node.args[2], ast.Constant):
            yield node.args[2].value, "INVALID_ARGUMENT", node.lineno


def test_every_reason_that_the_server_gives_is_in_the_api_with_that_code():
    codes = {reason: promise.code for reason, promise in promises().items()}
    assert len(codes) > 50
    given = [
        (reason, code, f"{path.name}:{line}")
        for path in Path(wharfinger_server.__file__).parent.rglob("*.py")
        for reason, code, line in refusals_in(path)
        if reason != "INTERNAL"
    ]
    assert len(given) > 20
    assert [refusal for refusal in given if codes.get(refusal[0]) != refusal[1]] == []
