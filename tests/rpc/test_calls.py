"""The way round a call, with methods that do what a test needs, over real gRPC."""

import asyncio
import logging

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from tests.rpc.wire import told

from wharfinger.v1 import executor_service_pb2 as executors
from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.access.callers import Callers
from wharfinger_server.config import Settings
from wharfinger_server.domain import errors
from wharfinger_server.rpc import service
from wharfinger_server.rpc.calls import Calls

NAME = "projects/p/tasks/t"


class House:
    """A server with GetTask and WatchTask answered by `unary` and `stream`."""

    def __init__(self, limit=100):
        self.calls = Calls(Callers(Settings()), limit, (("wharfinger-server-version", "x"),))
        self.server = grpc.aio.server()
        self.unary = self.stream = None

    async def start(self):
        async def get(request, call):
            return await self.unary(request, call)

        async def watch(request, call, write):
            await self.stream(request, call, write)

        handlers = {
            "GetTask": self.calls.unary("GetTask", v1.GetTaskRequest, get),
            "WatchTask": self.calls.stream("WatchTask", v1.WatchTaskRequest, watch),
        }
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("wharfinger.v1.TaskService", handlers),)
        )
        port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return self

    def get(self, **options):
        path = "/wharfinger.v1.TaskService/GetTask"
        call = self.channel.unary_unary(
            path,
            request_serializer=v1.GetTaskRequest.SerializeToString,
            response_deserializer=task_pb2.Task.FromString,
        )
        return call(v1.GetTaskRequest(name=NAME), **options)

    def watch(self, **options):
        path = "/wharfinger.v1.TaskService/WatchTask"
        call = self.channel.unary_stream(
            path,
            request_serializer=v1.WatchTaskRequest.SerializeToString,
            response_deserializer=v1.WatchTaskResponse.FromString,
        )
        return call(v1.WatchTaskRequest(name=NAME), **options)


@pytest_asyncio.fixture
async def house():
    house = await House(limit=2).start()
    yield house
    await house.channel.close()
    await house.server.stop(None)


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call if hasattr(call, "__aiter__") else [await call]:
            pass
    return told(caught.value)


async def test_a_message_or_bytes_may_be_answered(house):
    for answer in (task_pb2.Task(name="x"), task_pb2.Task(name="x").SerializeToString()):

        async def unary(request, call, answer=answer):
            assert request.name == NAME
            return answer

        house.unary = unary
        assert (await house.get()).name == "x"


async def test_a_refusal_is_told_with_its_details(house):
    async def unary(request, call):
        raise errors.Aborted("ETAG_MISMATCH", "look again", {"etag": "e"})

    house.unary = unary
    answer = await refusal(house.get())
    assert (answer.code, answer.message, answer.reason) == (grpc.StatusCode.ABORTED, "look again", "ETAG_MISMATCH")
    assert answer.trailers["wharfinger-server-version"] == "x"


async def test_a_fault_is_told_as_an_incident_and_never_in_the_drivers_words(house, caplog):
    async def unary(request, call):
        raise ZeroDivisionError("SELECT secret FROM somewhere")

    async def stream(request, call, write):
        await write(v1.WatchTaskResponse(sequence=1).SerializeToString())
        raise ZeroDivisionError("SELECT secret FROM somewhere")

    house.unary, house.stream = unary, stream
    for call in (house.get, house.watch):
        with caplog.at_level(logging.ERROR):
            caplog.clear()
            answer = await refusal(call())
        assert (answer.code, answer.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert "SELECT" not in answer.message + str(answer.trailers)
        [record] = caplog.records
        assert record.incident == answer.metadata["incident"]
        assert answer.metadata["incident"] in answer.message
        assert "SELECT secret" in str(record.exc_info[1])


async def test_more_calls_than_the_limit_are_refused_and_may_come_again(house):
    go_on, both = asyncio.Event(), asyncio.Event()

    async def unary(request, call):
        if house.calls.at_work == 2:
            both.set()
        await go_on.wait()
        return task_pb2.Task(name="x")

    house.unary = unary
    waiting = [asyncio.ensure_future(_answer(house)) for _ in range(2)]
    await both.wait()
    answer = await refusal(house.get())
    assert (answer.code, answer.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "CALL_LIMIT")
    assert answer.metadata == {"limit": "2"}
    go_on.set()
    assert [task.name for task in await asyncio.gather(*waiting)] == ["x", "x"]
    assert (await house.get()).name == "x"
    assert house.calls.at_work == 0


async def _answer(house):
    return await house.get()


async def test_a_call_that_is_cancelled_gives_its_place_back(house):
    entered = asyncio.Event()

    async def unary(request, call):
        entered.set()
        await asyncio.sleep(60)

    house.unary = unary
    for end in ("cancel", "deadline"):
        entered.clear()
        call = house.get(timeout=0.3 if end == "deadline" else 30)
        waiting = asyncio.ensure_future(_await(call))
        await entered.wait()
        if end == "cancel":
            call.cancel()
        await waiting
        for _ in range(200):
            if house.calls.at_work == 0:
                break
            await asyncio.sleep(0.01)
        assert house.calls.at_work == 0


async def _await(call):
    try:
        await call
    except (grpc.aio.AioRpcError, asyncio.CancelledError):
        return


async def test_a_watch_that_is_left_is_closed(house):
    closed = asyncio.Event()

    async def stream(request, call, write):
        try:
            while True:
                await write(v1.WatchTaskResponse(sequence=1).SerializeToString())
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    house.stream = stream
    call = house.watch()
    async for _ in call:
        break
    call.cancel()
    await asyncio.wait_for(closed.wait(), 10)


async def test_a_watch_that_the_server_ends_carries_the_reason_and_when_to_come_again(house):
    async def stream(request, call, write):
        await write(v1.WatchTaskResponse(sequence=7).SerializeToString())
        raise errors.Unavailable("SERVER_DRAINING", "the server is ending")

    house.stream = stream
    answer = await refusal(house.watch())
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    status = status_pb2.Status.FromString(answer.trailers["grpc-status-details-bin"])
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)


async def test_a_method_knows_its_caller_headers_and_deadline(house):
    told = {}

    async def unary(request, call):
        told.update(caller=call.caller, trace=call.header("traceparent"), left=call.seconds_left())
        return task_pb2.Task()

    house.unary = unary
    await house.get(timeout=30, metadata=(("traceparent", "00-a-b-01"),))
    assert told["caller"].creator == "anonymous"
    assert told["caller"].projects is None
    assert told["trace"] == "00-a-b-01"
    assert 20 < told["left"] <= 31
    await house.get()
    assert (told["trace"], told["left"]) == ("", None)


class Installed:
    """The methods of ExecutorService."""

    async def list_executors(self, request, call): ...

    async def get_executor(self, request, call): ...

    async def list_scripts(self, request, call): ...

    async def get_script(self, request, call): ...

    async def work(self, requests, call, write): ...


def handlers(*parts):
    calls = Calls(Callers(Settings()), 1, ())
    return service.handlers_of(calls, executors.DESCRIPTOR.services_by_name["ExecutorService"], *parts)


def test_the_calls_of_a_service_are_the_methods_of_their_names():
    assert set(handlers(Installed())) == {"ListExecutors", "GetExecutor", "ListScripts", "GetScript", "Work"}


def test_a_method_for_no_call_is_refused_when_the_server_starts():
    class Odd(Installed):
        async def get_scripts(self, request, call): ...

    with pytest.raises(LookupError, match="no calls for the methods get_scripts"):
        handlers(Odd())


def test_a_call_without_a_method_is_refused_when_the_server_starts():
    class Short:
        list_executors, get_executor = Installed.list_executors, Installed.get_executor
        list_scripts = Installed.list_scripts

    with pytest.raises(LookupError, match="ExecutorService/GetScript needs one method get_script of Short"):
        handlers(Short())


def test_two_methods_for_one_call_are_refused_when_the_server_starts():
    with pytest.raises(LookupError, match="needs one method list_executors of Installed, Installed"):
        handlers(Installed(), Installed())


async def test_an_answer_that_nobody_is_there_to_take_is_no_fault_of_the_server(house, caplog):
    told, over = asyncio.Event(), asyncio.Event()

    async def stream(request, call, write):
        """Be in the middle of a write when the caller hangs up."""
        try:
            await write(b"")
            told.set()
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            try:
                await write(b"")
            finally:
                over.set()

    house.stream = stream
    call = house.watch()
    await call.read()
    await told.wait()
    with caplog.at_level(logging.DEBUG, "wharfinger_server.rpc.calls"):
        call.cancel()
        await asyncio.wait_for(over.wait(), 5)
        await asyncio.sleep(0.05)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    assert "hung up" in caplog.text
