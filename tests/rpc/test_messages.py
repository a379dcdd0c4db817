"""What is shown of a task, its ledger and its events is what the domain holds."""

import json
from dataclasses import fields
from decimal import Decimal

import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, MessageToJson, Parse

from wharfinger.ledger.costs import Costs
from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Counts, Entry
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger.v1 import event_pb2, failure_pb2, ledger_pb2, policy_pb2, task_pb2
from wharfinger_prices.price import Money, Price
from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.domain.estimate import CostItem, Estimate
from wharfinger_server.domain.event import EntryChange, Event, LogLevel, LogLine, StateChange
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.domain.task import AttemptRecord, Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.rpc.messages.entry import entry_bytes
from wharfinger_server.rpc.messages.event import encode_event, fitting
from wharfinger_server.rpc.messages.policy import policy_message, policy_of
from wharfinger_server.rpc.messages.task import complete, new_task, task_message
from wharfinger_server.rpc.required import behaviours

NOW = 1_700_000_000_123_456
A_LINE = CostItem(
    "node/1",
    Decimal(2),
    Price("ec2_linux", "r", "m1", "Hours", "USD", Decimal("0.25")),
    "downloaded",
    "ab" * 32,
    Money("USD", Decimal("0.5")),
)


ASKED = [member.name for member in fields(TaskSpec)]


def a_task(**changes):
    asked = {name: changes.pop(name) for name in ASKED if name in changes}
    given = {
        "id": 7,
        "uid": "ab" * 16,
        "project": "p",
        "task_id": "t",
        "spec": TaskSpec(**{"script": "s.x", "creator": "me", **asked}),
        "script_version": "1.0",
        "executor": "asyncio",
        "create_time": NOW,
        "update_time": NOW,
        "last_sequence": 1,
    }
    return Task(**{**given, **changes})


def an_entry(**changes):
    fields = {"key": "node/1", "base": "node/1", "type": "node", "state": EntryState.CREATED, "ordinal": 1}
    return Entry(**{**fields, **changes})


def test_a_new_task_shows_what_was_asked_and_its_defaults():
    task = a_task(params=b'{"n":3,"f":2.5}', labels={"env": "prod"})
    message = task_message(TaskView(task, waiting_reason="no slot"))
    shown = MessageToDict(message, preserving_proto_field_name=True)
    assert (
        shown.pop("policy").items()
        >= {
            "on_failure": "LEFTOVER_POLICY_KEEP",
            "on_cancel": "LEFTOVER_POLICY_KEEP",
            "max_attempts": 1,
            "max_lost_attempts": 5,
            "max_undo_attempts": 3,
            "retry_backoff": "1s",
        }.items()
    )
    assert shown == {
        "name": "projects/p/tasks/t",
        "uid": "ab" * 16,
        "etag": task.etag,
        "script": "s.x",
        "script_version": "1.0",
        "executor": "asyncio",
        "params": {"n": 3, "f": 2.5},
        "labels": {"env": "prod"},
        "state": "TASK_STATE_QUEUED",
        "waiting_reason": "no slot",
        "create_time": "2023-11-14T22:13:20.123456Z",
        "update_time": "2023-11-14T22:13:20.123456Z",
        "last_sequence": "1",
        "creator": "me",
    }


def test_the_basic_view_leaves_out_params_result_and_attempts_but_not_why_a_task_failed():
    task = a_task(
        state=TaskState.FAILED,
        params=b'{"a":1}',
        result=b'{"b":2}',
        attempts=[AttemptRecord(1, Phase.RUN, "asyncio", "w", NOW, NOW + 1)],
        error=Failure(Code.UNKNOWN, "SCRIPT_RAISED", "boom", step="copy", metadata={"exception": "ValueError"}),
        start_time=NOW,
        end_time=NOW + 5_000_000,
        expire_time=NOW + 9_000_000,
    )
    full, basic = task_message(TaskView(task)), task_message(TaskView(task, full=False))
    assert len(full.attempts) == 1
    assert full.params["a"] == 1
    assert full.result["b"] == 2
    told = full.failure
    assert (told.reason, dict(told.metadata)) == ("SCRIPT_RAISED", {"exception": "ValueError", "step": "copy"})
    assert (told.code, told.domain, told.message, told.step) == (2, "wharfinger.dev", "boom", "copy")
    for field in ("params", "result"):
        assert not basic.HasField(field)
    assert not basic.attempts
    assert basic.failure == full.failure
    assert basic.end_time == full.end_time
    assert basic.expire_time.seconds == 1_700_000_009


def test_a_failed_task_is_json_without_any_registry():
    failure = Failure(
        Code.UNAVAILABLE, "STORE_UNAVAILABLE", "gone", retryable=True, step="push", metadata={"store": "b"}
    )
    counts = Counts({EntryState.UNCERTAIN: 1})
    task = a_task(state=TaskState.PARTIALLY_FAILED, counts=counts, error=failure, rollback_error=failure)
    entry = an_entry(state=EntryState.UNCERTAIN, error=failure)
    message = task_message(TaskView(task, left_over=(entry,)))
    told = json.loads(MessageToJson(message, descriptor_pool=DescriptorPool()))
    assert (
        told["failure"]
        == told["rollbackFailure"]
        == told["partialFailure"]["leftOver"][0]["failure"]
        == {
            "code": "UNAVAILABLE",
            "reason": "STORE_UNAVAILABLE",
            "domain": "wharfinger.dev",
            "message": "gone",
            "metadata": {"store": "b"},
            "step": "push",
            "retryable": True,
        }
    )
    assert Parse(json.dumps(told), task_pb2.Task(), descriptor_pool=DescriptorPool()) == message


def test_a_cancelled_task_that_never_began_shows_when_it_ended():
    message = task_message(TaskView(a_task(state=TaskState.CANCELLED, end_time=NOW)))
    assert message.HasField("end_time")
    assert not message.HasField("start_time")


def test_a_half_done_task_says_what_is_left_over():
    counts = Counts(
        {EntryState.CREATED: 1, EntryState.UNCERTAIN: 1, EntryState.UNDONE: 1, EntryState.RETAINED: 3}, foreign=1
    )
    error = Failure(Code.UNAVAILABLE, "STORE_UNAVAILABLE", "gone", retryable=True, step="push")
    task = a_task(state=TaskState.PARTIALLY_FAILED, counts=counts, error=error, start_time=NOW)
    entries = (an_entry(), an_entry(key="node/2", base="node/2", state=EntryState.UNCERTAIN))
    shown = TaskView(task, left_over=entries, not_attempted=("node/3",), allowed_actions=("RESUME", "RESOLVE"))
    message = task_message(shown)
    partial = message.partial_failure
    basic = task_message(TaskView(task, left_over=entries, full=False))
    assert not basic.HasField("partial_failure")
    assert basic.failure == message.failure
    assert (message.failure.reason, message.failure.retryable, message.failure.step) == (
        "STORE_UNAVAILABLE",
        True,
        "push",
    )
    assert [entry.key for entry in partial.left_over] == ["node/1", "node/2"]
    assert partial.total_left_over == 2
    assert list(partial.not_attempted) == ["node/3"]
    assert (partial.failed_step, partial.retryable) == ("push", True)
    assert list(partial.allowed_actions) == [1, 3]
    assert (partial.cost.unpriced, partial.cost.uncertain) == (1, 1)
    assert (message.ledger.created, message.ledger.uncertain, message.ledger.undone) == (2, 1, 1)
    assert message.ledger.retained == 3
    assert message.ledger.leftover == partial.cost


def test_what_leftovers_cost_is_shown_apart_from_those_of_which_nobody_knows():
    costs = Costs(
        alive={"USD": Decimal("0.50"), "EUR": Decimal("0.0000000021")}, doubtful={"USD": Decimal(9)}, priced=3
    )
    counts = Counts({EntryState.CREATED: 4, EntryState.UNDO_FAILED: 1, EntryState.UNCERTAIN: 2}, costs=costs)
    message = task_message(TaskView(a_task(state=TaskState.ROLLBACK_FAILED, counts=counts, start_time=NOW)))
    cost = message.partial_failure.cost
    known = [(money.currency_code, money.amount) for money in cost.known_hourly]
    assert known == [("EUR", "0.0000000021"), ("USD", "0.5")]
    assert (cost.unpriced, cost.uncertain) == (2, 2)
    assert message.ledger.leftover == cost


def test_what_a_success_left_has_no_cost_of_leftovers():
    counts = Counts({EntryState.CREATED: 1}, costs=Costs(alive={"USD": Decimal(1)}, priced=1))
    message = task_message(TaskView(a_task(state=TaskState.SUCCEEDED, counts=counts, start_time=NOW)))
    assert not message.ledger.HasField("leftover")


def test_an_estimate_is_shown_with_its_lines():
    estimate = Estimate.of([A_LINE, CostItem("vol/1", Decimal(10))], "cd" * 32, NOW)
    message = task_message(TaskView(a_task(), estimate=estimate)).estimate
    assert [(money.currency_code, money.amount) for money in message.hourly] == [("USD", "0.5")]
    assert (list(message.unpriced), message.price_basis) == (["vol/1"], "sha256:" + "cd" * 32)
    node, volume = message.items
    assert (node.price.layer, node.price.id, node.hourly.amount) == ("downloaded", A_LINE.price.id, "0.5")
    assert not volume.HasField("price")
    assert not volume.HasField("hourly")


def test_a_half_done_task_without_an_error_of_its_own_says_that_nobody_can_tell():
    task = a_task(state=TaskState.PARTIALLY_FAILED, counts=Counts({EntryState.UNCERTAIN: 1}), start_time=NOW)
    assert task_message(TaskView(task)).failure.reason == "RESOURCE_UNCERTAIN"


def test_progress_is_shown_with_what_is_known():
    known = Progress("copy", 5, 10, "bytes", "half", 1_500_000, NOW)
    message = task_message(TaskView(a_task(), progress=known)).progress
    assert (message.step, message.done, message.total, message.eta.ToMilliseconds()) == ("copy", 5, 10, 1500)
    unknown = task_message(TaskView(a_task(), progress=Progress("copy", 5))).progress
    assert not unknown.HasField("total")
    assert not unknown.HasField("eta")


def test_what_a_caller_put_into_the_servers_fields_does_not_come_back():
    message = task_pb2.Task(script="s.x", name="mine")
    forged = 0
    for field in task_pb2.Task.DESCRIPTOR.fields:
        if field_behavior_pb2.OUTPUT_ONLY not in behaviours(field):
            continue
        forged += 1
        if field.is_repeated:
            getattr(message, field.name).add()
        elif field.message_type:
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, "mine" if field.cpp_type == field.CPPTYPE_STRING else 5)
    assert forged > 15
    message.params.update({"a": 1})
    message.labels["k"] = "v"
    task = a_task(params=b'{"a":1}', labels={"k": "v"})
    complete(message, TaskView(task))
    assert message == task_message(TaskView(task))


def test_a_completed_request_equals_what_get_shows_at_every_age():
    for state in TaskState:
        task = a_task(
            state=state,
            params=b'{"a":[1,{"b":null}]}',
            start_time=NOW,
            attempts=[AttemptRecord(1, Phase.RUN, "e", "w", NOW)],
        )
        message = task_pb2.Task(script="s.x")
        message.params.update({"a": [1, {"b": None}]})
        complete(message, TaskView(task))
        assert message == task_message(TaskView(task))


def test_a_request_becomes_a_new_task():
    message = task_pb2.Task(script="s.x", executor="thread", script_version="2")
    message.params.update({"n": 3})
    message.labels["k"] = "v"
    message.policy.max_attempts = 4
    message.policy.attempt_timeout.seconds = 90
    new = new_task(message, "task")
    assert (new.script, new.executor, new.script_version) == ("s.x", "thread", "2")
    assert (dict(new.params), dict(new.labels)) == ({"n": 3}, {"k": "v"})
    assert new.policy == Policy(max_attempts=4, attempt_timeout=90_000_000)


def test_params_that_do_not_travel_are_refused_with_their_places():
    message = task_pb2.Task(script="s.x")
    message.params["big"] = float(2**60)
    with pytest.raises(InvalidArgument) as caught:
        new_task(message, "task")
    assert (caught.value.reason, caught.value.metadata) == ("PARAMS_INVALID", {"script": "s.x"})
    assert caught.value.violations[0].field == "task.params.big"


@pytest.mark.parametrize(
    ("field", "seconds", "nanos"),
    [
        ("retry_backoff", -1, 0),
        ("attempt_timeout", 0, -1),
        ("total_timeout", 10**12, 0),
        ("undo_timeout", 1, 2 * 10**9),
    ],
)
def test_a_duration_that_is_none_is_refused(field, seconds, nanos):
    message = policy_pb2.Policy()
    getattr(message, field).seconds, getattr(message, field).nanos = seconds, nanos
    with pytest.raises(InvalidArgument) as caught:
        policy_of(message, "task.policy")
    assert [v.field for v in caught.value.violations] == [f"task.policy.{field}"]


@pytest.mark.parametrize(("asked", "kept"), [(None, 0), (0, 1), (1, 1), (7, 7)])
def test_no_loss_at_all_is_another_wish_than_none(asked, kept):
    message = policy_pb2.Policy()
    if asked is not None:
        message.max_lost_attempts = asked
    assert policy_of(message, "task.policy").max_lost_attempts == kept
    assert policy_message(policy_of(message, "task.policy")).max_lost_attempts == (kept or 5)


def test_a_wish_that_the_server_does_not_know_is_refused():
    with pytest.raises(InvalidArgument, match="no value of LeftoverPolicy"):
        policy_of(policy_pb2.Policy(on_failure=9), "task.policy")


def test_a_time_that_is_none_is_refused():
    message = policy_pb2.Policy()
    message.not_before_time.seconds = 10**15
    with pytest.raises(InvalidArgument, match="no valid time"):
        policy_of(message, "task.policy")


def test_a_policy_comes_back_as_it_was_asked():
    policy = Policy(
        on_failure=LeftoverPolicy.ROLL_BACK,
        on_cancel=LeftoverPolicy.KEEP,
        max_attempts=3,
        max_lost_attempts=2,
        retry_backoff=5_000_000,
        attempt_timeout=1_500_000,
        total_timeout=7,
        undo_timeout=9_000_000,
        not_before=NOW,
        priority=-5,
        concurrency_key="k",
        max_hourly_cost="0.5",
        max_hourly_currency="USD",
        allow_unpriced=True,
        max_undo_attempts=4,
    )
    assert policy_of(policy_message(policy), "task.policy") == policy


def test_every_field_of_an_entry_is_shown():
    entry = an_entry(
        key="node/1~2",
        state=EntryState.UNDO_FAILED,
        generation=2,
        token="wf1",
        external_id="i-1",
        owned=True,
        epoch=3,
        step="s",
        depends_on=("net/1",),
        profile="main",
        region="r",
        attributes={"size": "m1"},
        error=Failure(Code.UNKNOWN, "X", "no"),
        intent_time=NOW,
        send_by=NOW + 1,
        update_time=NOW + 2,
        undo_attempts=4,
        blocked_by="vol/1",
        cost=A_LINE,
    )
    message = ledger_pb2.LedgerEntry.FromString(entry_bytes(entry))
    shown = {field.name for field, _ in message.ListFields()}
    assert {field.name for field in ledger_pb2.LedgerEntry.DESCRIPTOR.fields} == shown | {"truncated"}
    assert (message.price.amount.amount, message.hourly.currency_code, message.hourly.amount) == ("0.25", "USD", "0.5")
    assert message.price.catalog_digest == "sha256:" + "ab" * 32
    assert (message.evidence_of, message.state) == ("node/1", ledger_pb2.LEDGER_ENTRY_STATE_UNDO_FAILED)
    assert message.send_by_time.ToMicroseconds() == NOW + 1


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        (StateChange(TaskState.RUNNING, "me", "why"), "state_change"),
        (LogLine(LogLevel.WARNING, "line", 3), "log"),
        (EntryChange(an_entry()), "entry"),
        (Failure(Code.UNKNOWN, "SCRIPT_RAISED", "boom"), "failure"),
    ],
)
def test_an_event_of_each_kind_is_read_back(detail, kind):
    message = event_pb2.TaskEvent.FromString(encode_event(Event("p", "t", 5, NOW, 2, detail)))
    assert (message.task, message.sequence, message.attempt) == ("projects/p/tasks/t", 5, 2)
    assert message.time.ToMicroseconds() == NOW
    assert message.WhichOneof("detail") == kind


def test_an_event_keeps_its_kind_though_all_of_it_is_empty():
    message = event_pb2.TaskEvent.FromString(
        encode_event(Event("p", "t", 1, NOW, 0, LogLine(LogLevel.UNSPECIFIED, "")))
    )
    assert message.WhichOneof("detail") == "log"


def test_text_of_a_script_that_utf8_cannot_carry_harms_no_event():
    for detail in (LogLine(LogLevel.INFO, "x\ud800"), Failure(Code.UNKNOWN, "X", "y\udfff", metadata={"k": "\ud800"})):
        encode_event(Event("p", "t", 1, NOW, 0, detail))


def test_states_have_the_numbers_of_the_wire():
    assert {f"TASK_STATE_{s.name}": s.value for s in TaskState} == {k: v for k, v in task_pb2.TaskState.items() if v}
    assert {f"LEDGER_ENTRY_STATE_{s.name}": s.value for s in EntryState} == {
        k: v for k, v in ledger_pb2.LedgerEntryState.items() if v
    }
    assert {f"ATTEMPT_PHASE_{s.name}": s.value for s in Phase} == {k: v for k, v in task_pb2.AttemptPhase.items() if v}
    assert {f"LOG_LEVEL_{s.name}": s.value for s in LogLevel} == dict(event_pb2.LogLevel.items())
    assert [s.value for s in LeftoverPolicy] == list(policy_pb2.LeftoverPolicy.values())


@pytest.mark.parametrize(
    ("done", "total", "eta"),
    [(1.5, 12.5, 1.5), (2**64, 2**70, 10**30), (-(2**70), -3, -5), (None, float("inf"), 2**63)],
)
def test_progress_of_a_less_careful_server_is_still_shown(done, total, eta):
    if total == float("inf"):
        total = 10**25
    strange = Progress(step="s\ud800", done=done, total=total, unit=5, message=None, eta=eta)
    shown = task_message(TaskView(a_task(state=TaskState.RUNNING, start_time=NOW), progress=strange))
    assert 0 <= shown.progress.done < 2**63
    assert 0 <= shown.progress.total < 2**63
    assert 0 <= shown.progress.eta.seconds <= 315_576_000_000
    assert task_pb2.Task.FromString(shown.SerializeToString()) == shown


@pytest.mark.parametrize("time", [10**30, -(10**30)])
def test_a_time_beyond_all_calendars_is_shown_as_the_nearest(time):
    shown = task_message(TaskView(a_task(create_time=time)))
    assert shown.create_time.ToDatetime().year in (1, 9999)


HUGE = "é" * 600_000


@pytest.mark.parametrize(
    "changes",
    [
        {"external_id": HUGE},
        {"attributes": {"user_data": HUGE, "size": "m1"}},
        {"attributes": {f"n{n}": "x" * 500 for n in range(20_000)}},
        {"depends_on": tuple(f"net/{n}" for n in range(50_000))},
        {"type": HUGE, "profile": HUGE, "region": HUGE, "step": HUGE, "blocked_by": HUGE},
        {"error": Failure(Code.UNKNOWN, "X", HUGE, metadata={str(n): HUGE[:20_000] for n in range(500)})},
    ],
)
def test_an_entry_of_a_less_careful_server_is_cut_and_says_so(changes):
    message = ledger_pb2.LedgerEntry.FromString(entry_bytes(an_entry(**changes)))
    assert message.ByteSize() <= 256 * 1024
    assert message.key == "node/1"
    assert message.truncated == ("error" not in changes)
    if "error" in changes:
        assert message.failure.metadata["left_out"] == "468"
    body = encode_event(Event("p", "t", 1, NOW, 1, EntryChange.of(an_entry(**changes))))
    assert len(body) <= 257 * 1024


def test_a_hundred_large_leftovers_fit_into_a_task():
    large = {f"n{n}": "x" * 600 for n in range(100)}
    entries = tuple(an_entry(key=f"node/{n}", base=f"node/{n}", attributes=large) for n in range(100))
    task = a_task(state=TaskState.PARTIALLY_FAILED, counts=Counts(owned={EntryState.CREATED: 100}))
    message = task_message(TaskView(task, left_over=entries))
    assert message.ByteSize() < 2 * 1024 * 1024
    listed = message.partial_failure.left_over
    assert [one.key for one in listed] == [f"node/{n}" for n in range(100)]
    assert not listed[0].truncated
    assert listed[0].attributes == large
    assert listed[99].truncated


@pytest.mark.parametrize("kind", ["entry", "failure", "log", "state_change"])
def test_a_stored_event_that_is_too_large_to_send_is_cut(kind):
    event = event_pb2.TaskEvent(task="projects/p/tasks/t", sequence=7, attempt=2)
    if kind == "entry":
        event.entry.key = "node/1"
        event.entry.attributes["user_data"] = HUGE
    elif kind == "failure":
        facts = {str(n): HUGE[:5000] for n in range(500)}
        event.failure.MergeFrom(failure_pb2.Failure(reason="X", message=HUGE, metadata=facts))
    elif kind == "log":
        event.log.text = HUGE
    else:
        event.state_change.reason = HUGE
    told = event_pb2.TaskEvent.FromString(fitting(event.SerializeToString()))
    assert told.ByteSize() <= 300 * 1024
    assert (told.task, told.sequence, told.attempt, told.WhichOneof("detail")) == (event.task, 7, 2, kind)
    if kind in ("log", "state_change"):
        assert str(getattr(told, kind)).count("(cut)") == 1
    elif kind == "entry":
        assert told.entry.truncated
    else:
        assert (told.failure.reason, told.failure.metadata["left_out"]) == ("X", "468")


def test_an_event_that_can_be_sent_goes_as_it_is():
    body = encode_event(Event("p", "t", 1, NOW, 1, EntryChange.of(an_entry(attributes={"a": "x" * 60_000}))))
    assert fitting(body) is body
