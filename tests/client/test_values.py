"""JSON, ids and policies on their way to the server."""

import math
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.protobuf import timestamp_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from wharfinger import InvalidArgument, LeftoverPolicy, Money, Policy
from wharfinger._core.messages import build, convert
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.messages.jsonvalues import LARGEST, from_struct, to_struct
from wharfinger._core.messages.times import moment
from wharfinger.v1 import policy_pb2, task_pb2

SCALARS = (
    st.none()
    | st.booleans()
    | st.text(max_size=20)
    | st.integers(-LARGEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.dictionaries(
    st.text(max_size=20),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=20), inner), max_leaves=20),
)


@pytest.mark.lengthy
@settings(max_examples=25, deadline=None)
@given(JSON)
def test_json_comes_back_as_it_went(values: dict[str, Any]) -> None:
    assert from_struct(to_struct(values, "params")) == values


def test_whole_numbers_come_back_as_int() -> None:
    assert repr(from_struct(to_struct({"a": [3, 3.0, 2.5]}, "params"))) == "{'a': [3, 3, 2.5]}"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"a": {"b": [1, 2**53]}}, "task.params.a.b[1]"),
        ({"a": math.nan}, "task.params.a"),
        ({"a": math.inf}, "task.params.a"),
        ({"a": b"bytes"}, "task.params.a"),
        ({"a": datetime.now(UTC)}, "task.params.a"),
        ({"a": {1: 2}}, "task.params.a"),
    ],
)
def test_what_json_can_not_hold_is_refused_with_its_place(values: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        to_struct(values, "task.params")
    assert [v.field for v in caught.value.violations] == [path]
    assert caught.value.reason == "PARAMS_INVALID"


def test_too_deep_a_nest_is_refused_and_does_not_overflow() -> None:
    nest: Any = {}
    for _ in range(5000):
        nest = {"a": [nest]}
    with pytest.raises(InvalidArgument, match="nested"):
        to_struct(nest, "task.params")


def test_request_ids_are_uuids_of_version_7_that_rise_with_time() -> None:
    ids = [uuid.UUID(new_request_id()) for _ in range(200)]
    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in ids)
    assert len(set(ids)) == 200
    moments = [one.int >> 80 for one in ids]
    assert moments == sorted(moments)
    assert abs(moments[-1] / 1000 - datetime.now(UTC).timestamp()) < 5


def test_a_policy_is_sent_whole() -> None:
    wish = Policy(
        on_failure="ROLL_BACK",
        on_cancel=LeftoverPolicy.KEEP,
        max_attempts=3,
        retry_backoff=1.5,
        total_timeout=timedelta(hours=1),
        not_before_time=datetime(2030, 1, 1, tzinfo=UTC),
        max_hourly_cost=Money(Decimal("1E-9"), "USD"),
    )
    message = build.policy(wish)
    assert message.on_failure == policy_pb2.LEFTOVER_POLICY_ROLL_BACK
    assert message.on_cancel == policy_pb2.LEFTOVER_POLICY_KEEP
    assert message.retry_backoff.ToTimedelta() == timedelta(seconds=1.5)
    assert message.total_timeout.ToTimedelta() == timedelta(hours=1)
    assert not message.HasField("attempt_timeout")
    assert message.not_before_time.ToDatetime(tzinfo=UTC) == datetime(2030, 1, 1, tzinfo=UTC)
    assert message.max_hourly_cost.amount == "0.000000001"


def test_never_to_run_again_after_a_loss_is_said_and_nothing_is_not() -> None:
    assert not build.policy(Policy(max_attempts=3)).HasField("max_lost_attempts")
    assert not build.policy({"max_attempts": 3}).HasField("max_lost_attempts")
    never = build.policy(Policy(max_lost_attempts=0))
    assert (never.HasField("max_lost_attempts"), never.max_lost_attempts) == (True, 0)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"max_tries": 3}, "task.policy.max_tries"),
        ({"on_failure": "explode"}, "task.policy.on_failure"),
        ({"not_before_time": datetime(2030, 1, 1)}, "task.policy.not_before_time"),  # noqa: DTZ001  # that is the point
        ({"max_attempts": 2**40}, "task.policy.max_attempts"),
        ({"retry_backoff": math.inf}, "task.policy.retry_backoff"),
    ],
)
def test_a_policy_that_can_not_be_names_its_field(wish: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        build.policy(wish)
    assert [v.field for v in caught.value.violations] == [field]


def test_names_are_given_short_or_full() -> None:
    assert build.task_name("p", "t1") == "projects/p/tasks/t1"
    assert build.task_name("p", "projects/q/tasks/t1") == "projects/q/tasks/t1"
    for wrong in ("", "a/b", "projects/q/tasks/", "projects//tasks/x"):
        with pytest.raises(InvalidArgument):
            build.task_name("p", wrong)


def test_a_duration_beyond_what_python_has_is_read_all_the_same():
    message = task_pb2.Progress(step="s")
    message.eta.seconds = 27_850_837_993_483_000
    assert convert.progress(message).eta == 27_850_837_993_483_000.0


def test_a_time_beyond_what_python_has_is_the_nearest():
    assert moment(timestamp_pb2.Timestamp(seconds=10**15)).year == 9999
    assert moment(timestamp_pb2.Timestamp(seconds=-(10**15))).year == 1
