"""The requests that the load sends: tasks as people ask for them, about 300 bytes each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from bench.bare import ECHO
from bench.h2load import Call
from bench.session import Session
from wharfinger.v1 import task_service_pb2

_SERVICE = "/wharfinger.v1.TaskService"
CREATE, BATCH, CANCEL = f"{_SERVICE}/CreateTask", f"{_SERVICE}/BatchCreateTasks", f"{_SERVICE}/CancelTask"
GET, LIST, EVENTS = f"{_SERVICE}/GetTask", f"{_SERVICE}/ListTasks", f"{_SERVICE}/ListTaskEvents"
WAIT, WATCH = f"{_SERVICE}/WaitTask", f"{_SERVICE}/WatchTask"
MONTH = 30 * 86_400


def task_request(project: str, script: str, params: Mapping[str, Any]) -> task_service_pb2.CreateTaskRequest:
    """Return a request for a task."""
    request = task_service_pb2.CreateTaskRequest(parent=f"projects/{project}")
    request.task.script = script
    request.task.params.update(params)
    return request


def create_request(project: str, *, later: bool) -> task_service_pb2.CreateTaskRequest:
    """Return a request for a task whose params a schema checks. `later`: it may not run before a month has gone."""
    params = {
        "source": "https://images.example.org/debian-13-generic-amd64.qcow2",
        "name": "debian-13",
        "sha256": "5d1a7e" * 10 + "00ff",
        "stores": ["local", "remote"],
    }
    request = task_request(project, "quay.noop", params)
    request.task.labels.update({"team": "images", "ticket": "OPS-4711"})
    if later:
        request.task.policy.not_before_time.FromSeconds(int(time.time()) + MONTH)
    return request


def batch_request(one: task_service_pb2.CreateTaskRequest, tasks: int) -> task_service_pb2.BatchCreateTasksRequest:
    """Return a request for many tasks like `one`."""
    return task_service_pb2.BatchCreateTasksRequest(parent=one.parent, requests=[one] * tasks)


class BareServer:
    """The bare server, running: its `address`, and what it costs."""

    def __init__(self, session: Session) -> None:
        bare = session.module("bench.bare")
        assert bare.stdout is not None
        self.address = f"127.0.0.1:{int(bare.stdout.readline())}"
        self._process = psutil.Process(bare.pid)

    def cpu(self) -> float:
        """Return the processor time it has used, in seconds."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


def bare_address(session: Session) -> str:
    """Start the bare server and return its address."""
    return BareServer(session).address


def echo_call(address: str, folder: Path) -> Call:
    """Return the bare echo of a request of the usual size."""
    return Call(address, ECHO, b"x" * create_request("now", later=False).ByteSize(), folder)
