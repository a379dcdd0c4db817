"""A client that knows only what reflection tells creates and watches a task."""

import uuid

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2

REFLECTION = "grpc.reflection.v1alpha.ServerReflection"


class Stranger:
    """A gRPC client without any generated code of ours: it asks the server for every definition."""

    def __init__(self, channel, reflection=REFLECTION):
        self.channel = channel
        self.pool = descriptor_pool.DescriptorPool()
        self._ask = channel.stream_stream(
            f"/{reflection}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        self._known = set()

    def ask(self, **question):
        [answer] = self._ask(iter([reflection_pb2.ServerReflectionRequest(**question)]), timeout=10)
        assert not answer.HasField("error_response"), answer.error_response
        return answer

    def services(self):
        return [service.name for service in self.ask(list_services="").list_services_response.service]

    def learn(self, **question):
        for raw in self.ask(**question).file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(raw)
            if file.name not in self._known:
                self._known.add(file.name)
                for dependency in file.dependency:
                    if dependency not in self._known:
                        self.learn(file_by_filename=dependency)
                self.pool.Add(file)

    def call(self, service, method, request, timeout=20):
        self.learn(file_containing_symbol=service)
        described = self.pool.FindServiceByName(service).methods_by_name[method]
        kinds = [message_factory.GetMessageClass(kind) for kind in (described.input_type, described.output_type)]
        make = self.channel.unary_stream if described.server_streaming else self.channel.unary_unary
        path = f"/{service}/{method}"
        stub = make(path, request_serializer=kinds[0].SerializeToString, response_deserializer=kinds[1].FromString)
        answer = stub(json_format.ParseDict(request, kinds[0](), descriptor_pool=self.pool), timeout=timeout)

        def told(message):
            return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self.pool)

        return (told(message) for message in answer) if described.server_streaming else told(answer)


@pytest.fixture
def stranger(server):
    with grpc.insecure_channel(server.address) as channel:
        yield Stranger(channel)


def test_the_services_are_listed(stranger):
    ours = {f"wharfinger.v1.{name}Service" for name in ("Task", "Executor", "Pricing")}
    of_grpc = {REFLECTION, "grpc.reflection.v1.ServerReflection", "grpc.channelz.v1.Channelz", "grpc.health.v1.Health"}
    assert ours | of_grpc <= set(stranger.services())


def test_every_listed_service_can_be_described(stranger):
    for service in stranger.services():
        if service == "grpc.reflection.v1.ServerReflection":  # another name of the one before, with its messages
            continue
        stranger.learn(file_containing_symbol=service)
        assert stranger.pool.FindServiceByName(service).methods


@pytest.mark.parametrize("symbol", ["wharfinger.v1.TaskService.CreateTask", "wharfinger.v1.TaskService/CreateTask"])
def test_a_method_is_found_as_tools_that_load_a_server_ask_for_it(stranger, symbol):
    stranger.learn(file_containing_symbol=symbol)
    assert stranger.pool.FindServiceByName("wharfinger.v1.TaskService").methods_by_name["CreateTask"]


@pytest.mark.parametrize("symbol", ["wharfinger.v1.TaskService.MakeTask", "wharfinger.v1.NoService.CreateTask", "x"])
def test_what_there_is_not_is_not_found(stranger, symbol):
    with pytest.raises(AssertionError, match="error_code: 5"):
        stranger.learn(file_containing_symbol=symbol)


def test_tools_that_ask_for_the_newer_name_of_reflection_are_answered(server):
    with grpc.insecure_channel(server.address) as channel:
        assert "wharfinger.v1.TaskService" in Stranger(channel, "grpc.reflection.v1.ServerReflection").services()


def test_a_stranger_creates_a_task_and_watches_it_to_its_end(stranger):
    tasks = "wharfinger.v1.TaskService"
    task = stranger.call(
        tasks,
        "CreateTask",
        {
            "parent": "projects/stranger",
            "request_id": str(uuid.uuid4()),
            "task": {"script": "harbour.count", "params": {"steps": 5, "pause": 0.01}},
        },
    )
    seen, last, events = [], None, []
    for message in stranger.call(tasks, "WatchTask", {"name": task["name"]}):
        kind = next(iter(message.keys() - {"sequence", "resume_token"}))
        seen.append(kind)
        if kind == "events":
            events += message["events"]["events"]
        elif kind == "snapshot":
            last = message["snapshot"]
    assert seen[0] == seen[-1] == "snapshot"
    assert last["state"] == "TASK_STATE_SUCCEEDED"
    assert last["result"] == {"steps": 5}
    assert [int(event["sequence"]) for event in events] == list(range(1, int(last["last_sequence"]) + 1))
    assert [event["log"]["text"] for event in events if "log" in event] == [f"step {n}" for n in range(5)]


def test_a_stranger_reads_why_it_was_refused(stranger):
    with pytest.raises(grpc.RpcError) as caught:
        stranger.call("wharfinger.v1.TaskService", "CreateTask", {"parent": "projects/stranger", "task": {}})
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "task.script is required"
