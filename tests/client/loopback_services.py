"""The services over a world: what the API promises of each call, as far as clients under test use it."""
# ruff: noqa: N802  # gRPC's names

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.rpc import code_pb2
from tests.client.world import Refusal, World

from wharfinger.v1 import (
    error_reason_pb2,
    event_pb2,
    executor_pb2,
    executor_service_pb2,
    executor_service_pb2_grpc,
    script_pb2,
    task_pb2,
    task_service_pb2,
    task_service_pb2_grpc,
)


class Tasks(task_service_pb2_grpc.TaskServiceServicer):
    """The service over a world, one per start of the server."""

    def __init__(self, world: World, stopping: threading.Event, metadata: tuple[tuple[str, str], ...]) -> None:
        self.world = world
        self.stopping = stopping
        self.metadata = metadata

    def _begin(self, name: str, request: Any, context: grpc.ServicerContext) -> None:
        self.world.calls.append(name)
        self.world.metadata_seen(context.invocation_metadata())
        context.set_trailing_metadata(self.metadata)
        self.world.before(name, request)

    def CreateTask(self, request: Any, context: Any) -> Any:
        self._begin("CreateTask", request, context)
        return copy(self.world.create(request).task)

    def BatchCreateTasks(self, request: Any, context: Any) -> Any:
        self._begin("BatchCreateTasks", request, context)
        answer = task_service_pb2.BatchCreateTasksResponse()
        for one in request.requests:
            try:
                answer.outcomes.add(task=copy(self.world.create(one).task))
            except Refusal as refusal:
                answer.outcomes.add(error=refusal.status)
        return answer

    def GetTask(self, request: Any, context: Any) -> Any:
        self._begin("GetTask", request, context)
        return copy(self.world.find(request.name).task)

    def ListTasks(self, request: Any, context: Any) -> Any:
        self._begin("ListTasks", request, context)
        wanted = parse_filter(request.filter)
        found = [
            r.task
            for r in self.world.tasks.values()
            if r.task.name.startswith(request.parent + "/") and matches(r.task, wanted)
        ]
        found.sort(key=lambda task: task.uid, reverse=request.order_by != "create_time")
        page, token = paged(found, request)
        return task_service_pb2.ListTasksResponse(tasks=page, next_page_token=token)

    def ListTaskEvents(self, request: Any, context: Any) -> Any:
        self._begin("ListTaskEvents", request, context)
        events = [e for e in self.world.find(request.parent).events if e.sequence > request.after_sequence]
        page, token = paged(events, request)
        return task_service_pb2.ListTaskEventsResponse(events=page, next_page_token=token)

    def ListLedgerEntries(self, request: Any, context: Any) -> Any:
        self._begin("ListLedgerEntries", request, context)
        page, token = paged(list(self.world.find(request.parent).ledger.values()), request, at_most=100)
        return task_service_pb2.ListLedgerEntriesResponse(entries=page, next_page_token=token)

    def WaitTask(self, request: Any, context: Any) -> Any:
        self._begin("WaitTask", request, context)
        record = self.world.find(request.name)
        end = time.monotonic() + request.timeout.ToTimedelta().total_seconds()
        with self.world.bell:
            while not record.resting and not self.stopping.is_set() and (left := end - time.monotonic()) > 0:
                self.world.bell.wait(min(left, 0.2))
            return copy(record.task)

    def CancelTask(self, request: Any, context: Any) -> Any:
        self._begin("CancelTask", request, context)
        record = self.world.find(request.name)
        if request.etag and request.etag != record.task.etag:
            raise Refusal(code_pb2.ABORTED, "ETAG_MISMATCH", "the task changed", {"etag": record.task.etag})
        if record.resting:
            raise Refusal(code_pb2.FAILED_PRECONDITION, "STATE_FORBIDS", "the task is at rest", {"state": "SUCCEEDED"})
        record.to(task_pb2.TASK_STATE_CANCELLING, request.reason, "anonymous")
        record.stop.set()
        return copy(record.task)

    def RollbackTask(self, request: Any, context: Any) -> Any:
        self._begin("RollbackTask", request, context)
        record = self.world.find(request.name)
        if request.request_id not in record.asked:
            record.asked.append(request.request_id)
            record.to(task_pb2.TASK_STATE_ROLLING_BACK)
        return copy(record.task)

    def DeleteTask(self, request: Any, context: Any) -> Any:
        self._begin("DeleteTask", request, context)
        record = self.world.find(request.name)
        if not record.resting:
            allowed = error_reason_pb2.AllowedStates(
                state=record.task.state, allowed=[task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED]
            )
            raise Refusal(
                code_pb2.FAILED_PRECONDITION,
                "STATE_FORBIDS",
                f"{request.name} is at work",
                {"task": request.name},
                more=[allowed],
            )
        del self.world.tasks[request.name]
        return empty_pb2.Empty()

    def WatchTask(self, request: Any, context: Any) -> Iterator[Any]:
        self._begin("WatchTask", request, context)
        record = self.world.find(request.name)
        position = request.after_sequence
        heartbeat = request.heartbeat_interval.ToTimedelta().total_seconds() or 15.0
        progress = b""
        with self.world.bell:
            first = task_service_pb2.WatchTaskResponse(snapshot=copy(record.task), sequence=position)
        yield first
        while context.is_active():
            message = None
            with self.world.bell:
                if position >= len(record.events) and not record.resting and not self.stopping.is_set():
                    heard = self.world.bell.wait(heartbeat)
                    if not heard:
                        message = task_service_pb2.WatchTaskResponse(
                            heartbeat=event_pb2.Heartbeat(caught_up=True), sequence=position
                        )
                events = record.events[position : position + 20]
                over = record.resting and position + len(events) == len(record.events)
                final = copy(record.task)
                latest = record.task.progress.SerializeToString() if record.task.HasField("progress") else b""
            if events:
                position = events[-1].sequence
                yield task_service_pb2.WatchTaskResponse(events=event_pb2.TaskEvents(events=events), sequence=position)
            elif message is not None:
                yield message
            if latest != progress:
                progress = latest
                yield task_service_pb2.WatchTaskResponse(
                    progress=task_pb2.Progress.FromString(latest), sequence=position
                )
            if over:
                yield task_service_pb2.WatchTaskResponse(snapshot=final, sequence=position)
                return
            if self.stopping.is_set():
                raise Refusal(code_pb2.UNAVAILABLE, "SERVER_DRAINING", "the server is shutting down")

    def WatchTasks(self, request: Any, context: Any) -> Iterator[Any]:
        self._begin("WatchTasks", request, context)
        if request.resume_token == b"too old":
            raise Refusal(
                code_pb2.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD", "the feed no longer reaches back to the resume token"
            )
        position = int(request.resume_token or b"0")
        while context.is_active():
            with self.world.bell:
                if position >= len(self.world.feed):
                    self.world.bell.wait(0.2)
                events = self.world.feed[position : position + 5]
            if events:
                position += len(events)
                yield task_service_pb2.WatchTasksResponse(
                    events=event_pb2.TaskEvents(events=events), resume_token=str(position).encode()
                )
            else:
                yield task_service_pb2.WatchTasksResponse(
                    heartbeat=event_pb2.Heartbeat(), resume_token=str(position).encode()
                )
            if self.stopping.is_set():
                raise Refusal(code_pb2.UNAVAILABLE, "SERVER_DRAINING", "the server is shutting down")


class Executors(executor_service_pb2_grpc.ExecutorServiceServicer):
    """The scripts of a world, and one executor."""

    def __init__(self, world: World, metadata: tuple[tuple[str, str], ...]) -> None:
        self.world = world
        self.metadata = metadata

    def _scripts(self) -> list[script_pb2.Script]:
        found = []
        for name in sorted(self.world.programs):
            script = script_pb2.Script(
                name=f"scripts/{name}", version="1.2", distribution="demo", summary=f"Does {name}."
            )
            script.executors.append("thread")
            if name in self.world.schemas:
                script.params_schema.CopyFrom(struct_of(self.world.schemas[name]))
            found.append(script)
        return found

    def ListScripts(self, request: Any, context: Any) -> Any:
        page, token = paged(self._scripts(), request)
        return executor_service_pb2.ListScriptsResponse(scripts=page, next_page_token=token)

    def GetScript(self, request: Any, context: Any) -> Any:
        for script in self._scripts():
            if script.name == request.name:
                return script
        plain = request.name.removeprefix("scripts/")
        raise Refusal(
            code_pb2.NOT_FOUND,
            "UNKNOWN_SCRIPT",
            f"there is no script {plain}",
            {"script": plain},
            more=[error_reason_pb2.Choices(field="script", values=["demo.count"])],
        )

    def ListExecutors(self, request: Any, context: Any) -> Any:
        context.set_trailing_metadata(self.metadata)
        one = executor_pb2.Executor(name="executors/thread", version="1.2", summary="Threads.", slots=8)
        return executor_service_pb2.ListExecutorsResponse(executors=[one])


def copy(task: task_pb2.Task) -> task_pb2.Task:
    fresh = task_pb2.Task()
    fresh.CopyFrom(task)
    return fresh


def paged(rows: list[Any], request: Any, at_most: int = 1000) -> tuple[list[Any], str]:
    size = min(request.page_size or 50, at_most)
    start = int(request.page_token or 0)
    end = start + size
    return rows[start:end], str(end) if end < len(rows) else ""


def parse_filter(text: str) -> dict[str, str]:
    if not text:
        return {}
    wanted = {}
    for part in text.split(" AND "):
        key, separator, value = part.partition(" = ")
        if not separator:
            raise Refusal(
                code_pb2.INVALID_ARGUMENT,
                "INVALID_FILTER",
                f"can't read {part!r}",
                {"filter": text, "position": "0"},
                "filter",
            )
        wanted[key.strip()] = value.strip().strip('"')
    return wanted


def matches(task: task_pb2.Task, wanted: dict[str, str]) -> bool:
    facts = {"state": task_pb2.TaskState.Name(task.state).removeprefix("TASK_STATE_"), "script": task.script}
    facts |= {f"labels.{key}": value for key, value in task.labels.items()}
    return all(facts.get(key, "") == value for key, value in wanted.items())


def struct_of(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct
