"""One rule for each call: who may make it. What each rule says is tried at every call that has it."""

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tests.rpc.test_access import bearer, guarded
from tests.rpc.test_every_call import call
from tests.rpc.test_required import METHODS
from tests.rpc.wire import refused

from wharfinger_server.access.rules import Scope, rule_of
from wharfinger_server.rpc.calls import Calls
from wharfinger_server.rpc.service import handlers_of

__all__ = ["guarded"]

pytestmark = pytest.mark.processes

EVERY = [*METHODS, *operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods]


def of(scope):
    found = [method for method in EVERY if rule_of(method.containing_service.full_name, method.name).scope is scope]
    return pytest.mark.parametrize("method", found, ids=lambda method: method.name)


def test_a_call_without_a_rule_is_not_served():
    file = descriptor_pb2.FileDescriptorProto(name="new.proto", package="wharfinger.v1", syntax="proto3")
    file.message_type.add(name="Nothing")
    nothing = ".wharfinger.v1.Nothing"
    file.service.add(name="NewService").method.add(name="Renew", input_type=nothing, output_type=nothing)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)

    class Methods:
        async def renew(self, request, call):
            """Do nothing."""

    with pytest.raises(LookupError, match=r"NewService/Renew has no rule in access/rules\.py"):
        handlers_of(Calls(None, 1, ()), pool.FindServiceByName("wharfinger.v1.NewService"), Methods())


def about(method, project):
    """Return a request about that project, with nothing else that could be refused first."""
    request = message_factory.GetMessageClass(method.input_type)()
    names = {field.name for field in method.input_type.fields}
    listed = method.name == "ListOperations"
    if "parent" in names and "name" not in names:
        ours = method.name in ("ListTaskEvents", "ListLedgerEntries")
        request.parent = f"projects/{project}/tasks/t" if ours else f"projects/{project}"
    elif "name" in names:
        request.name = f"projects/{project}" if listed else f"projects/{project}/tasks/t"
    texts = {"provider": "p", "sku": "s", "key": "k"}
    for name in texts.keys() & names:
        setattr(request, name, texts[name])
    if "verdict" in names:
        request.verdict = 4
    if "task" in names:
        request.task.script = "harbour.noop"
    if "requests" in names:
        request.requests.add().task.script = "harbour.noop"
    return request


@of(Scope.PROJECT)
def test_what_is_of_another_project_looks_like_what_does_not_exist(guarded, method):
    asked = call(guarded, method)
    told = refused(asked, about(method, "b"), timeout=10, metadata=bearer("ann-token"))
    assert told.reason in ("TASK_NOT_FOUND", "PERMISSION_DENIED")
    never = refused(asked, about(method, "never"), timeout=10, metadata=bearer("ann-token"))
    assert (told.code, told.reason) == (never.code, never.reason)


@of(Scope.ALL)
def test_what_is_of_all_projects_needs_a_credential_that_opens_all(guarded, method):
    request = message_factory.GetMessageClass(method.input_type)()
    told = refused(call(guarded, method), request, timeout=10, metadata=bearer("ann-token"))
    assert (told.code, told.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")


@of(Scope.KNOWN)
def test_what_is_the_same_for_all_needs_any_credential(guarded, method):
    request = message_factory.GetMessageClass(method.input_type)()
    assert refused(call(guarded, method), request, timeout=10).reason == "UNAUTHENTICATED"
    try:
        call(guarded, method)(request, timeout=10, metadata=bearer("ann-token"))
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT  # noqa: PT017  # the name that is missing
