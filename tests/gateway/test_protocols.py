"""Every protocol of the gateway: one answer and streams, refusals, deadlines, compression, limits, who hangs up."""

import json
import time

import pytest
from tests.gateway.web import End, Web

from wharfinger.v1 import task_pb2, task_service_pb2

pytestmark = pytest.mark.processes

CREATE, GET, WATCH = "TaskService/CreateTask", "TaskService/GetTask", "TaskService/WatchTask"


def creating(project: str, script: str = "harbour.count", **params: object) -> task_service_pb2.CreateTaskRequest:
    request = task_service_pb2.CreateTaskRequest(parent=f"projects/{project}", task=task_pb2.Task(script=script))
    request.task.params.update(params)
    return request


def create(web: Web, project: str, script: str = "harbour.count", **params: object) -> str:
    task, end = web.one(CREATE, creating(project, script, **params))
    assert end.code == 0, end
    assert task is not None
    return task.name


def watched(web: Web, name: str, **headers: str) -> tuple[list[task_service_pb2.WatchTaskResponse], End]:
    end = End()
    request = task_service_pb2.WatchTaskRequest(name=name)
    return list(web.call(WATCH, request, end, stream=True, **headers)), end


def test_one_answer(web, project):
    task, end = web.one(CREATE, creating(project, steps=1))
    assert task.name.startswith(f"projects/{project}/tasks/")
    assert task.script == "harbour.count"
    assert end.code == 0
    assert end.trailers["wharfinger-instance"]


def test_a_stream_tells_each_event_once_and_ends_when_the_task_rests(web, project):
    messages, end = watched(web, create(web, project, steps=3))
    assert end.code == 0
    numbers = [event.sequence for message in messages for event in message.events.events]
    first = next((m.sequence for m in messages if m.HasField("snapshot")), 0)
    assert numbers == list(range(first + 1, numbers[-1] + 1))
    assert numbers[-1] == messages[-1].sequence
    assert end.trailers["wharfinger-instance"]


def test_a_refusal_has_its_reason_and_facts(web, project):
    name = f"projects/{project}/tasks/none"
    _, end = web.one(GET, task_service_pb2.GetTaskRequest(name=name))
    assert (end.code, end.reason) == (5, "TASK_NOT_FOUND")
    assert end.metadata["task"] == name
    assert end.message
    assert end.http == (404 if web.connect else 200)


def test_a_stream_that_is_refused_has_its_reason_and_facts(web, project):
    messages, end = watched(web, f"projects/{project}/tasks/none")
    assert not messages
    assert (end.code, end.reason) == (5, "TASK_NOT_FOUND")


def test_a_missing_field_is_named(web):
    _, end = web.one(CREATE, task_service_pb2.CreateTaskRequest(parent="projects/default"))
    assert (end.code, end.reason) == (3, "MISSING_FIELD")


def test_what_the_server_does_not_know_is_refused_by_name(web, project):
    request = creating(project)
    if web.json:
        _, end = web.one(CREATE, {"parent": request.parent, "task": {"script": "harbour.count", "dryRun": True}})
        assert end.metadata["feature"] == "task.dryRun"
    else:
        raw = request.SerializeToString() + b"\xd0\x05\x01"  # field 90 = 1
        _, end = web.one(CREATE, raw)
        assert end.metadata["feature"] == "field 90 of the request"
    assert (end.code, end.reason) == (12, "NOT_SUPPORTED")


def test_a_request_that_cannot_be_read_is_refused(web):
    _, end = web.one(CREATE, b"\xff{")
    assert (end.code, end.reason) == (3, "INVALID_ARGUMENT")


def test_a_deadline_ends_a_stream(web, project):
    name = create(web, project, steps=1, pause=20)
    limit = {"connect_timeout_ms": "400"} if web.connect else {"grpc_timeout": "400m"}
    began = time.monotonic()
    messages, end = watched(web, name, **limit)
    assert end.code == 4
    assert messages
    assert 0.3 < time.monotonic() - began < 10


def test_a_call_that_waits_ends_before_its_deadline(web, project):
    name = create(web, project, steps=1, pause=20)
    limit = {"connect_timeout_ms": "900"} if web.connect else {"grpc_timeout": "900m"}
    task, end = web.one("TaskService/WaitTask", task_service_pb2.WaitTaskRequest(name=name), **limit)
    assert end.code == 0
    assert task.state == task_pb2.TASK_STATE_RUNNING


@pytest.mark.parametrize("said", ["soon", "12345678901", "-1"])
def test_a_deadline_that_is_none_is_refused(web, said):
    limit = {"connect_timeout_ms": said} if web.connect else {"grpc_timeout": said}
    _, end = web.one(GET, task_service_pb2.GetTaskRequest(name="projects/default/tasks/none"), **limit)
    assert end.code == 3


def test_gzip_both_ways(url, web, project):
    packing = Web(url, web.kind, compress=True)
    task, end = packing.one(CREATE, creating(project, "harbour.chatter", lines=1, say="polly " * 5000))
    assert end.code == 0, end
    assert packing.packed
    assert dict(task.params)["say"].startswith("polly")
    messages, end = watched(packing, task.name)
    assert end.code == 0
    assert messages


def test_a_compression_that_is_not_known_is_refused(web):
    named = "content_encoding" if web.connect else "grpc_encoding"
    _, end = web.one(GET, task_service_pb2.GetTaskRequest(name="projects/default/tasks/none"), **{named: "br"})
    assert end.code == 12
    assert "gzip" in end.message


def test_a_message_beyond_the_limit_is_refused_packed_or_not(url, web, project):
    large = creating(project, "harbour.chatter", lines=1, say="x" * (5 << 20))
    _, end = web.one(CREATE, large)
    assert end.code == 8
    _, end = Web(url, web.kind, compress=True).one(CREATE, large)
    assert end.code == 8


def test_a_caller_that_hangs_up_ends_its_watch_quietly(web, web_server, project):
    name = create(web, project, steps=1, pause=30)
    answers = web.call(WATCH, task_service_pb2.WatchTaskRequest(name=name), End(), stream=True)
    next(answers)
    assert watches(web) > 0
    answers.close()
    until = time.monotonic() + 10
    while watches(web):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert '"level": "error"' not in web_server.log()


def watches(web: Web) -> int:
    """Return how many watches are open."""
    _, text, _ = web.ask("/metrics", b"", "text/plain", method="GET")
    return next(
        int(line.split()[1]) for line in text.decode().splitlines() if line.startswith("wharfinger_watches_open ")
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/connect+json", ""])
def test_a_content_type_that_the_call_has_not_is_refused_with_those_it_has(url, kind):
    status, _, headers = Web(url, "connect+json").ask("/wharfinger.v1.TaskService/GetTask", b"{}", kind)
    assert status == 415
    assert "application/json" in headers["accept-post"]


def test_a_call_is_made_by_post_alone(url):
    status, _, headers = Web(url, "connect+json").ask("/wharfinger.v1.TaskService/GetTask", b"", "", method="GET")
    assert (status, headers["allow"]) == (405, "POST")


def test_a_call_that_there_is_not(url):
    status, body, _ = Web(url, "connect+json").ask("/wharfinger.v1.TaskService/FlyTask", b"{}", "application/json")
    assert (status, json.loads(body)["code"]) == (404, "unimplemented")
    _, _, headers = Web(url, "grpc-web+proto").ask("/no.such/Call", b"", "application/grpc-web+proto")
    assert headers["grpc-status"] == "12"


def test_a_stream_of_requests_is_refused_with_what_to_do_instead(url):
    _, end = Web(url, "connect+json").one("PricingService/ImportCatalog", {})
    assert (end.code, end.reason) == (12, "NOT_SUPPORTED")
    assert "/v1/catalogs:upload" in end.message


def test_several_messages_in_a_request_are_refused(url):
    caller = Web(url, "connect+json")
    frame = caller.body({}, plain=False)
    for body, code in ((frame * 2, b"unimplemented"), (frame[:-1], b"invalid_argument")):
        _, told, _ = caller.ask("/wharfinger.v1.TaskService/WatchTask", body, "application/connect+json")
        assert code in told


def test_another_version_of_connect_is_refused(url):
    caller = Web(url, "connect+json", connect_protocol_version="2")
    _, end = caller.one(GET, {"name": "projects/default/tasks/none"})
    assert end.code == 3
