"""Programs of other ages meet today's server: one made from the API before its freeze, and one from an API to come."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from tests.rpc.wire import Stubs, refused

from wharfinger.v1 import error_reason_pb2, pricing_service_pb2, task_service_pb2

BEFORE = Path(__file__).with_name("before_the_freeze.binpb")
SERVICE = "wharfinger.v1.TaskService"
TO_COME = 900
"""The number of a field that no API has yet."""


class Program:
    """A client of its own age: messages and calls by the descriptors that it was made from."""

    def __init__(self, channel: grpc.Channel, files: descriptor_pb2.FileDescriptorSet) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.Add(file)
        self._channel = channel

    def message(self, kind: str, /, **values: Any) -> Any:
        made = message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"wharfinger.v1.{kind}"))()
        return json_format.ParseDict(values, made, descriptor_pool=self.pool)

    def caller(self, method: str, service: str = SERVICE) -> Any:
        described = self.pool.FindServiceByName(service).methods_by_name[method]
        kinds = [message_factory.GetMessageClass(kind) for kind in (described.input_type, described.output_type)]
        shape = "_".join(
            "stream" if one else "unary" for one in (described.client_streaming, described.server_streaming)
        )
        return getattr(self._channel, shape)(
            f"/{service}/{method}",
            request_serializer=kinds[0].SerializeToString,
            response_deserializer=kinds[1].FromString,
        )

    def call(self, method: str, /, **values: Any) -> Any:
        described = self.pool.FindServiceByName(SERVICE).methods_by_name[method]
        return self.caller(method)(self.message(described.input_type.name, **values), timeout=20)


@pytest.fixture
def project() -> str:
    return f"projects/p{uuid.uuid4().hex[:12]}"


# ---------------------------------------------------------------- from before


@pytest.fixture
def old(stubs: Stubs) -> Program:
    """A program that was generated from the API as it was before its freeze."""
    return Program(stubs.channel, descriptor_pb2.FileDescriptorSet.FromString(BEFORE.read_bytes()))


def half_done(old: Program, project: str, yard: Path) -> Any:
    params = {"yard": str(yard), "keys": ["a", "b", "c"], "refuse": ["c"]}
    task = old.call("CreateTask", parent=project, request_id="r", task={"script": "harbour.build", "params": params})
    return old.call("WaitTask", name=task.name, timeout="20s")


def test_an_old_program_creates_watches_and_reads_a_half_done_task(old: Program, project: str, tmp_path: Path) -> None:
    task = half_done(old, project, tmp_path / "yard")
    assert task.state == 8  # PARTIALLY_FAILED, by its number
    assert [entry.key for entry in task.partial_failure.left_over] == ["thing/a", "thing/b"]
    assert task.partial_failure.left_over_count == 2
    assert task.resources.created == 2
    # What changed its kind is under another number, so that nothing is misread: there is no Status any more.
    assert not task.HasField("error")
    sequences = []
    for message in old.call("WatchTask", name=task.name):
        sequences += [event.sequence for event in message.events.events]
    assert sequences == list(range(1, task.last_sequence + 1))


def test_an_old_program_reads_the_ledger_and_resolves_by_the_old_names(
    old: Program, project: str, tmp_path: Path
) -> None:
    name = half_done(old, project, tmp_path / "yard").name
    listed = old.call("ListTaskResources", name=name)
    assert [(entry.key, entry.state) for entry in listed.resources][:2] == [("thing/a", 2), ("thing/b", 2)]
    for key in ("thing/a", "thing/b"):
        task = old.call("ResolveResource", name=name, key=key, verdict="RESOURCE_VERDICT_RETAIN")
    assert task.state == 6  # FAILED, with nothing left over
    old.call("DeleteTask", name=name)


def test_an_old_programs_wishes_are_what_they_were(old: Program, project: str) -> None:
    policy = {"on_cancel": "ON_FAILURE_KEEP", "not_before": "2126-01-01T00:00:00Z", "max_attempts": 3}
    task = old.call("CreateTask", parent=project, task={"script": "harbour.noop", "policy": policy})
    shown = json_format.MessageToDict(task.policy, preserving_proto_field_name=True)
    assert {key: shown[key] for key in policy} == policy
    assert shown["max_lost_attempts"] == 5  # 0 was, and is, the usual number
    old.call("CancelTask", name=task.name)


def test_what_an_old_program_can_no_longer_ask_for_is_refused_by_its_field(old: Program) -> None:
    header = old.message("ImportCatalogRequest", header={"url": "http://example.org/prices.csv"})
    service = "wharfinger.v1.PricingService"
    told = refused(lambda _, **more: old.caller("ImportCatalog", service)(iter([header]), **more), None, timeout=10)
    assert (told.code, told.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")
    assert told.metadata["feature"] == "field 2 of header"


# ---------------------------------------------------------------- from what is to come


@pytest.fixture
def new(stubs: Stubs) -> Program:
    """A program that was generated from an API in which each message has one field more."""
    files: dict[str, Any] = {}

    def learn(file: Any) -> None:
        for dependency in file.dependencies:
            learn(dependency)
        files.setdefault(file.name, file)

    for module in (task_service_pb2, pricing_service_pb2, error_reason_pb2):
        learn(module.DESCRIPTOR)
    made = descriptor_pb2.FileDescriptorSet()
    for file in files.values():
        file.CopyToProto(made.file.add())
    for file in made.file:
        if file.package == "wharfinger.v1":
            for message in file.message_type:
                message.field.add(name="to_come", number=TO_COME, type=8, label=1, json_name="toCome")
    return Program(stubs.channel, made)


ASKED: dict[str, dict[str, Any]] = {
    "CreateTask": {"task": {"script": "harbour.noop"}},
    "BatchCreateTasks": {"requests": [{"task": {"script": "harbour.noop"}}]},
    "CancelTask": {},
    "ResumeTask": {},
    "RollbackTask": {"validate_only": True},
    "ResolveLedgerEntry": {"key": "a", "verdict": "LEDGER_VERDICT_FORGET"},
    "DeleteTask": {},
}


def asked(project: str, method: str) -> dict[str, Any]:
    creates = method in ("CreateTask", "BatchCreateTasks")
    return {"parent": project} if creates else {"name": f"{project}/tasks/none"}


@pytest.mark.parametrize("method", sorted(ASKED))
def test_what_changes_something_is_refused_with_a_field_that_is_not_known(
    new: Program, project: str, method: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        new.call(method, **asked(project, method), **ASKED[method], to_come=True)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert f"field {TO_COME} of the request is not known" in caught.value.details()


@pytest.mark.parametrize(
    ("place", "task"),
    [
        ("task", {"to_come": True}),
        ("task.policy", {"policy": {"to_come": True}}),
        ("task.policy.max_hourly_cost", {"policy": {"max_hourly_cost": {"to_come": True, "amount": "1"}}}),
    ],
)
def test_it_is_found_however_deep_it_is(new: Program, project: str, place: str, task: dict[str, Any]) -> None:
    asking = {"parent": project, "task": {"script": "harbour.noop", **task}}
    with pytest.raises(grpc.RpcError) as caught:
        new.call("CreateTask", **asking)
    assert f"field {TO_COME} of {place} is not known" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        new.call("BatchCreateTasks", parent=project, requests=[{"task": {"script": "harbour.noop"}}, asking])
    assert f"field {TO_COME} of requests[1].{place} is not known" in caught.value.details()


def test_what_only_reads_is_answered_as_if_it_were_not_there(new: Program, project: str) -> None:
    task = new.call("CreateTask", parent=project, task={"script": "harbour.noop"})
    assert new.call("GetTask", name=task.name, to_come=True).name == task.name
    assert new.call("WaitTask", name=task.name, to_come=True).name == task.name
    assert [one.name for one in new.call("ListTasks", parent=project, to_come=True).tasks] == [task.name]
    assert new.call("ListTaskEvents", parent=task.name, to_come=True).events
    assert list(new.call("WatchTask", name=task.name, to_come=True))


def test_a_view_that_is_not_known_is_refused(new: Program, project: str) -> None:
    task = new.call("CreateTask", parent=project, task={"script": "harbour.noop"})
    for method, request in (("GetTask", {"name": task.name}), ("ListTasks", {"parent": project})):
        with pytest.raises(grpc.RpcError) as caught:
            new.call(method, **request, view=9)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "view" in caught.value.details()
