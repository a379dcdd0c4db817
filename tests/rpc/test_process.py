"""The server as a process: it begins, tells how it is, and ends in order."""

import contextlib
import json
import secrets
import signal
import socket
import threading
import time

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.rpc.wire import connected, told
from tests.servers.serving import NotServing

from wharfinger.v1 import task_pb2
from wharfinger.v1 import task_service_pb2 as v1

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
OURS = tuple(f"wharfinger.v1.{name}Service" for name in ("Task", "Executor", "Pricing"))
SERVICES = ("", *OURS, "executor/asyncio", "executor/thread")


def lines(log):
    """Return the log's JSON lines."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_each_service_and_executor_has_its_health(stubs):
    health = health_pb2_grpc.HealthStub(stubs.channel)
    for service in SERVICES:
        assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING, service
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(health_pb2.HealthCheckRequest(service="nothing"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_one_who_leaves_a_health_watch_does_not_silence_the_others(serve):
    serving = serve()
    with connected(serving.address) as one, connected(serving.address) as other:
        calls = [health_pb2_grpc.HealthStub(s.channel).Watch(health_pb2.HealthCheckRequest()) for s in (one, other)]
        assert [next(call).status for call in calls] == [SERVING, SERVING]
        calls[0].cancel()
        began = time.monotonic()
        serving.signal()
        assert [answer.status for answer in calls[1]] == [NOT_SERVING]
        assert serving.wait() == 0
        assert time.monotonic() - began < 10


def test_channelz_knows_the_server(stubs):
    channelz = channelz_pb2_grpc.ChannelzStub(stubs.channel)
    servers = channelz.GetServers(channelz_pb2.GetServersRequest(start_server_id=0)).server
    assert servers[0].data.calls_started > 0


def test_a_drain_ends_watches_with_their_position_lets_scripts_end_and_exits_with_0(serve):
    serving = serve()
    with connected(serving.address) as stubs:
        name = stubs.create("default", "harbour.count", params={"steps": 30, "pause": 0.05}).name
        held = stubs.create("default", "harbour.count", params={"steps": 1, "pause": 600, "lines": False}).name
        events, ends, ready = [], [], threading.Event()

        def watch():
            try:
                for message in stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name)):
                    events.append(message)
                    if message.events.events:
                        ready.set()
            except grpc.RpcError as error:
                ends.append(told(error))

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert ready.wait(20)
        began = time.monotonic()
        serving.signal()
        watcher.join(20)
        assert time.monotonic() - began < 5
        assert (ends[0].code, ends[0].reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        position = events[-1].sequence
        assert [e.sequence for m in events for e in m.events.events] == list(range(1, position + 1))
    # The script that needs longer than the grace is cut off, so the process is not waited for here.
    serving.kill()
    again = serve(folder=serving.folder)
    with connected(again.address) as stubs:
        rest = stubs.tasks.WatchTask(v1.WatchTaskRequest(name=name, after_sequence=position), timeout=60)
        sequences = [event.sequence for message in rest for event in message.events.events]
        task = stubs.tasks.GetTask(v1.GetTaskRequest(name=name))
        assert sequences == list(range(position + 1, task.last_sequence + 1))
        assert task.state == task_pb2.TASK_STATE_SUCCEEDED
        stubs.tasks.CancelTask(v1.CancelTaskRequest(name=held))
        assert stubs.wait(held).state == task_pb2.TASK_STATE_CANCELLED
    assert again.stop() == 0


def test_scripts_that_end_within_the_grace_succeed(serve):
    serving = serve()
    with connected(serving.address) as stubs:
        name = stubs.create("default", "harbour.count", params={"steps": 10, "pause": 0.1}).name
        serving.signal()
        assert serving.wait() == 0
    again = serve(folder=serving.folder)
    with connected(again.address) as stubs:
        task = stubs.tasks.GetTask(v1.GetTaskRequest(name=name))
        assert task.state == task_pb2.TASK_STATE_SUCCEEDED
        assert len(task.attempts) == 1
    assert again.stop() == 0


def test_a_second_signal_ends_the_server_at_once(serve):
    serving = serve()
    with connected(serving.address) as stubs:
        stubs.create("default", "harbour.count", params={"steps": 1, "pause": 600})
        serving.signal()
        time.sleep(0.8)
        began = time.monotonic()
        serving.signal(signal.SIGINT)
        assert serving.wait(10) == 128 + signal.SIGINT
        assert time.monotonic() - began < 5


def test_the_service_manager_is_told_and_one_wish_told_twice_is_one(serve, tmp_path):
    path = tmp_path / "notify"
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(path))
        manager.settimeout(30)
        serving = serve(environ={"NOTIFY_SOCKET": str(path)})
        assert manager.recv(100) == b"READY=1"
        serving.signal()
        serving.signal()
        assert manager.recv(100) == b"STOPPING=1"
    assert serving.wait() == 0


def test_the_address_is_printed_once_calls_are_answered(server):
    assert f"wharfinger serves on {server.address}\n" in server.log()


def test_the_log_is_json_and_never_has_params(serve, tmp_path):
    address = f"unix:{tmp_path / 'w.sock'}"
    serving = serve("--log-level", "debug", "--address", address)
    with connected(address) as stubs:
        task = stubs.create("default", "harbour.noop", params={"password": "hunter2"})
        stubs.wait(task.name)
    assert serving.stop() == 0
    told = lines(serving.log())
    assert {"time", "level", "logger", "message"} <= set(told[0])
    assert "hunter2" not in serving.log()
    created = next(line for line in told if line["message"] == "CreateTask answered")
    assert (created["about"], created["caller"]) == (task.name, "anonymous")
    assert next(line for line in told if line["message"] == "serving")["address"] == address


def test_a_second_server_on_the_same_database_is_refused(serve, tmp_path):
    first = serve()
    with pytest.raises(NotServing) as caught:
        serve()
    assert caught.value.exit_code == 5
    said = [line for line in caught.value.log.splitlines() if line.startswith("wharfinger: ")]
    assert len(said) == 1
    assert "Traceback" not in caught.value.log
    assert first.stop() == 0


def test_a_failed_start_tells_no_password(serve):
    password = secrets.token_hex(8)
    for url in (f"postgresql://u@127.0.0.1:9/db?password={password}", f"postgresql://u:{password}@127.0.0.1:9/db"):
        with pytest.raises(NotServing) as caught:
            serve(environ={"WHARFINGER_STORE__URL": url})
        assert caught.value.exit_code == 5
        assert "cannot be opened" in caught.value.log
        assert password not in caught.value.log


def test_a_port_that_is_taken_is_refused(serve, server, tmp_path):
    with pytest.raises(NotServing) as caught:
        serve("--address", server.address)
    assert caught.value.exit_code == 5
    assert f"can't listen on {server.address}" in caught.value.log
    assert "Traceback" not in caught.value.log


def test_a_data_folder_that_cannot_be_made_is_refused(serve, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotServing) as caught:
        serve("--data-dir", str(tmp_path / "file" / "data"))
    assert caught.value.exit_code == 5
    assert "Traceback" not in caught.value.log


def test_the_data_folder_is_for_its_owner_alone(server):
    assert (server.folder / "data").stat().st_mode & 0o077 == 0
