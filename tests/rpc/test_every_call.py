"""What holds for every rpc of every service."""

import grpc
import pytest
from google.protobuf import message_factory
from tests.rpc.test_required import METHODS, filled, required_paths
from tests.rpc.wire import refused, told

from wharfinger.v1 import executor_service_pb2
from wharfinger_server import __version__


def caller(stubs, method):
    """Return what makes calls of the method's kind."""
    kinds = ("stream" if streaming else "unary" for streaming in (method.client_streaming, method.server_streaming))
    return getattr(stubs.channel, "_".join(kinds))


def call(stubs, method):
    """Return a function that calls the method with a message, and reads a stream to its end."""
    made = caller(stubs, method)(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )
    return (lambda request, **options: made(iter([request]), **options)) if method.client_streaming else made


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_an_empty_request_is_refused_where_something_is_required(stubs, method):
    required = {path for path in required_paths(method.input_type) if "." not in path}
    request = message_factory.GetMessageClass(method.input_type)()
    if not required:
        call(stubs, method)(request, timeout=10)
        return
    told = refused(call(stubs, method), request, timeout=10)
    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MISSING_FIELD")
    assert set(told.fields) == required


# What asks for nothing can't ask for nonsense.
ASKING = [method for method in METHODS if method.input_type.fields]


@pytest.mark.parametrize("method", ASKING, ids=lambda method: method.name)
def test_a_request_full_of_nonsense_is_refused_with_a_reason(stubs, method):
    told = refused(call(stubs, method), filled(method.input_type), timeout=10)
    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.reason


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_bytes_that_are_no_message_are_refused_with_a_reason(stubs, method):
    path = f"/{method.containing_service.full_name}/{method.name}"
    raw = b"\x0a\xff"
    answer = refused(caller(stubs, method)(path), iter([raw]) if method.client_streaming else raw, timeout=10)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_every_answer_names_the_servers_version_and_schema(stubs):
    request = executor_service_pb2.ListExecutorsRequest()
    _, good = stubs.executors.ListExecutors.with_call(request)
    bad = refused(stubs.executors.GetExecutor, executor_service_pb2.GetExecutorRequest(name="executors/none"))
    for trailers in (dict(good.trailing_metadata()), bad.trailers):
        assert trailers["wharfinger-server-version"] == __version__
        assert trailers["wharfinger-schema"]


def test_a_call_that_does_not_exist_is_unimplemented(stubs):
    with pytest.raises(grpc.RpcError) as caught:
        stubs.channel.unary_unary("/wharfinger.v1.TaskService/Nothing")(b"")
    assert told(caught.value).code is grpc.StatusCode.UNIMPLEMENTED


def test_a_compressed_request_is_understood(stubs):
    request = executor_service_pb2.ListExecutorsRequest()
    assert stubs.executors.ListExecutors(request, compression=grpc.Compression.Gzip).executors
