"""A missing required field is refused for every rpc, as the descriptors say and not as somebody remembered."""

import pytest
from google.api import field_behavior_pb2
from google.protobuf import message_factory

from wharfinger.v1 import access_service_pb2, executor_service_pb2, pricing_service_pb2, task_service_pb2
from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.rpc.required import behaviours, checker

SERVICES = [
    *task_service_pb2.DESCRIPTOR.services_by_name.values(),
    *executor_service_pb2.DESCRIPTOR.services_by_name.values(),
    *pricing_service_pb2.DESCRIPTOR.services_by_name.values(),
    *access_service_pb2.DESCRIPTOR.services_by_name.values(),
]
METHODS = [method for service in SERVICES for method in service.methods]


def required_paths(descriptor, prefix=""):
    """Yield (path, parents) of each required field, by a walk of its own."""
    for field in descriptor.fields:
        marks = behaviours(field)
        if field_behavior_pb2.OUTPUT_ONLY in marks:
            continue
        if field_behavior_pb2.REQUIRED in marks:
            yield f"{prefix}{field.name}"
        if field.message_type and not field.is_repeated and field.message_type.file.package == "wharfinger.v1":
            yield from required_paths(field.message_type, f"{prefix}{field.name}.")


def filled(descriptor):
    """Return a message with every field set that a caller may set, down to messages of our own."""
    message = message_factory.GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if field_behavior_pb2.OUTPUT_ONLY in behaviours(field):
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        if field.is_repeated:
            if field.message_type:
                getattr(message, field.name).add().CopyFrom(filled(field.message_type))
            else:
                getattr(message, field.name).append("x")
        elif field.message_type:
            inner = getattr(message, field.name)
            inner.SetInParent()
            if field.message_type.file.package == "wharfinger.v1":
                inner.CopyFrom(filled(field.message_type))
        elif field.cpp_type == field.CPPTYPE_STRING:
            setattr(message, field.name, b"x" if field.type == field.TYPE_BYTES else "x")
        else:
            setattr(message, field.name, 1)
    return message


def missing(message, exempt=()):
    with pytest.raises(InvalidArgument) as caught:
        checker(type(message), exempt)(message)
    assert caught.value.reason == "MISSING_FIELD"
    assert caught.value.metadata["field"] == caught.value.violations[0].field
    return [violation.field for violation in caught.value.violations]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_request_with_everything_passes(method):
    request = filled(method.input_type)
    checker(type(request))(request)


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method in METHODS for path in required_paths(method.input_type)],
    ids=lambda value: getattr(value, "name", value),
)
def test_each_required_field_of_each_rpc_is_missed(method, path):
    request = filled(method.input_type)
    *parents, name = path.split(".")
    message = request
    for parent in parents:
        message = getattr(message, parent)
    message.ClearField(name)
    assert missing(request) == [path]


def test_every_rpc_that_names_something_requires_the_name():
    unnamed = [m.name for m in METHODS if not {"name", "parent"} & set(required_paths(m.input_type))]
    assert unnamed == [
        "ListExecutors",
        "ListScripts",
        "Work",
        "ListCatalogs",
        "ImportCatalog",
        "ListActivations",
        "GetCaller",
    ]


def test_all_missing_fields_are_named_with_their_paths():
    request = task_service_pb2.CreateTaskRequest()
    request.task.policy.max_hourly_cost.amount = "1"
    assert missing(request) == ["parent", "task.script", "task.policy.max_hourly_cost.currency_code"]


def test_a_field_inside_a_list_is_named_with_its_index():
    request = task_service_pb2.BatchCreateTasksRequest(parent="projects/p")
    request.requests.add(parent="projects/p").task.script = "x"
    request.requests.add(parent="projects/p")
    request.requests.add(parent="projects/p").task.SetInParent()
    assert missing(request) == ["requests[1].task", "requests[2].task.script"]
    checker(type(request), exempt=("requests",))(request)


def test_fields_that_only_the_server_sets_are_not_looked_into():
    request = task_service_pb2.CreateTaskRequest(parent="projects/p")
    request.task.script = "x"
    request.task.estimate.hourly.add()
    checker(type(request))(request)


def test_very_many_missing_fields_are_named_in_part():
    request = task_service_pb2.BatchCreateTasksRequest(parent="projects/p")
    for _ in range(1000):
        request.requests.add()
    with pytest.raises(InvalidArgument, match="and 1999 more") as caught:
        checker(type(request))(request)
    assert len(caught.value.violations) == 50
