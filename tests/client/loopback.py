"""A task service in memory behind real gRPC on loopback, for what a client must bear.

It can be stopped, restarted and made to misbehave; its tasks are small programs whose events the tests choose.
"""
# ruff: noqa: N802  # gRPC's names

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wharfinger.v1 import (
    event_pb2,
    executor_pb2,
    executor_service_pb2,
    executor_service_pb2_grpc,
    failure_pb2,
    resource_pb2,
    script_pb2,
    task_pb2,
    task_service_pb2,
    task_service_pb2_grpc,
)

RESTING = range(task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_ROLLBACK_FAILED + 1)
CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusal(Exception):
    """A call to be refused with details, as the API says."""

    def __init__(
        self, code: int, reason: str, message: str, metadata: dict[str, str] | None = None, field: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status_of(code, reason, message, metadata, field)


def status_of(
    code: int, reason: str, message: str, metadata: dict[str, str] | None = None, field: str = ""
) -> status_pb2.Status:
    status = status_pb2.Status(code=code, message=message)
    add(status, error_details_pb2.ErrorInfo(reason=reason, domain="wharfinger.dev", metadata=metadata or {}))
    if field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
        add(status, error_details_pb2.BadRequest(field_violations=[violation]))
    return status


def add(status: status_pb2.Status, detail: Any) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


@dataclass(eq=False)
class Record:
    """One task with its events and ledger. Every change is made under the service's condition."""

    task: task_pb2.Task
    bell: threading.Condition
    request: bytes
    events: list[event_pb2.TaskEvent] = field(default_factory=list)
    ledger: dict[str, resource_pb2.Resource] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    feed: list[event_pb2.TaskEvent] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def resting(self) -> bool:
        return self.task.state in RESTING

    def tell(self, **detail: Any) -> None:
        with self.bell:
            event = event_pb2.TaskEvent(task=self.task.name, sequence=len(self.events) + 1, attempt=1, **detail)
            event.time.GetCurrentTime()
            self.events.append(event)
            self.feed.append(event)
            self.task.last_sequence = event.sequence
            self.task.update_time.CopyFrom(event.time)
            if detail.get("log") is None:
                self.task.etag = f'"{event.sequence}"'
            self.bell.notify_all()

    def to(self, state: int, reason: str = "", actor: str = "system") -> None:
        with self.bell:
            self.task.state = state  # type: ignore[assignment]
            if state in RESTING:
                self.task.end_time.GetCurrentTime()
            self.tell(state_change=event_pb2.StateChange(state=state, actor=actor, reason=reason))  # type: ignore[arg-type]

    def log(self, text: str) -> None:
        self.tell(log=event_pb2.Log(level=event_pb2.LOG_LEVEL_INFO, text=text))

    def progress(self, step: str, done: int, total: int, unit: str = "bytes") -> None:
        with self.bell:
            self.task.progress.CopyFrom(task_pb2.Progress(step=step, done=done, total=total, unit=unit))
            self.task.progress.update_time.GetCurrentTime()
            self.bell.notify_all()

    def entry(self, key: str, state: int, **facts: Any) -> None:
        with self.bell:
            entry = self.ledger.setdefault(
                key,
                resource_pb2.Resource(key=key, type="object", ordinal=len(self.ledger) + 1, owned=True, generation=1),
            )
            entry.state = state  # type: ignore[assignment]
            entry.MergeFrom(resource_pb2.Resource(**facts))
            self.tell(resource=resource_pb2.Resource.FromString(entry.SerializeToString()))

    def succeed(self, **result: Any) -> None:
        with self.bell:
            self.task.result.update(result)
            self.to(task_pb2.TASK_STATE_SUCCEEDED)

    def fail(self, reason: str, message: str, not_attempted: tuple[str, ...] = (), step: str = "") -> None:
        with self.bell:
            closed = (resource_pb2.RESOURCE_STATE_NOT_CREATED, resource_pb2.RESOURCE_STATE_UNDONE)
            left = [entry for entry in self.ledger.values() if entry.owned and entry.state not in closed]
            error = status_of(code_pb2.UNAVAILABLE, reason, message)
            self.tell(error=status_pb2.Status.FromString(error.SerializeToString()))
            if left:
                stands = failure_pb2.PartialFailure(
                    failed_step=step,
                    left_over=left[:100],
                    left_over_count=len(left),
                    not_attempted=not_attempted,
                    allowed_actions=[
                        failure_pb2.PARTIAL_FAILURE_ACTION_RESUME,
                        failure_pb2.PARTIAL_FAILURE_ACTION_ROLL_BACK,
                    ],
                )
                stands.cost.uncertain = sum(e.state == resource_pb2.RESOURCE_STATE_UNCERTAIN for e in left)
                self.task.partial_failure.CopyFrom(stands)
            self.task.error.CopyFrom(error)
            self.to(task_pb2.TASK_STATE_PARTIALLY_FAILED if left else task_pb2.TASK_STATE_FAILED)


Program = Callable[[Record, dict[str, Any]], None]


class World:
    """What outlives the server: tasks, scripts, and the answers to request ids."""

    def __init__(self, programs: dict[str, Program], schemas: dict[str, dict[str, Any]] | None = None) -> None:
        self.programs = programs
        self.schemas = schemas or {}
        self.bell = threading.Condition()
        self.tasks: dict[str, Record] = {}
        self.requests: dict[str, Record] = {}
        self.feed: list[event_pb2.TaskEvent] = []
        self.threads: list[threading.Thread] = []
        self.calls: list[str] = []
        # Called before each call with its name; may raise Refusal or sleep.
        self.before: Callable[[str, Any], None] = lambda name, request: None
        self.metadata_seen: Callable[[Any], None] = lambda metadata: None

    def create(self, request: task_service_pb2.CreateTaskRequest) -> Record:
        with self.bell:
            body = request.task.SerializeToString(deterministic=True) + request.task_id.encode()
            known = self.requests.get(request.request_id) if request.request_id else None
            if known is not None:
                if known.request != body:
                    raise Refusal(
                        code_pb2.ALREADY_EXISTS, "REQUEST_ID_REUSED", "the request_id was used for another request"
                    )
                return known
            program = self.programs.get(request.task.script)
            if program is None:
                raise Refusal(
                    code_pb2.NOT_FOUND,
                    "UNKNOWN_SCRIPT",
                    f"there is no script {request.task.script}",
                    {"script": request.task.script},
                )
            if "bad" in request.task.params.fields:
                raise Refusal(
                    code_pb2.INVALID_ARGUMENT,
                    "PARAMS_INVALID",
                    "is not allowed",
                    {"script": request.task.script},
                    "task.params.bad",
                )
            name = f"{request.parent}/tasks/{request.task_id or f't{len(self.tasks) + 1}'}"
            if name in self.tasks:
                raise Refusal(code_pb2.ALREADY_EXISTS, "TASK_EXISTS", f"{name} exists", {"task": name})
            task = task_pb2.Task()
            task.CopyFrom(request.task)
            task.name, task.uid, task.executor, task.creator = (
                name,
                f"{len(self.tasks):032x}",
                task.executor or "thread",
                "anonymous",
            )
            task.create_time.GetCurrentTime()
            record = Record(task, self.bell, body, feed=self.feed)
            if request.validate_only:
                task.uid = ""
                return record
            self.tasks[name] = record
            if request.request_id:
                self.requests[request.request_id] = record
            record.to(task_pb2.TASK_STATE_QUEUED, actor="anonymous")
        thread = threading.Thread(target=self._run, args=(program, record), daemon=True)
        self.threads.append(thread)
        thread.start()
        return record

    def _run(self, program: Program, record: Record) -> None:
        from wharfinger._core.jsonvalues import from_struct

        record.to(task_pb2.TASK_STATE_RUNNING)
        program(record, from_struct(record.task.params))
        if not record.resting:
            record.to(task_pb2.TASK_STATE_CANCELLED if record.stop.is_set() else task_pb2.TASK_STATE_SUCCEEDED)

    def find(self, name: str) -> Record:
        record = self.tasks.get(name)
        if record is None:
            raise Refusal(code_pb2.NOT_FOUND, "TASK_NOT_FOUND", f"there is no task {name}", {"task": name})
        return record

    def stop(self) -> None:
        for record in self.tasks.values():
            record.stop.set()
        for thread in self.threads:
            thread.join(5)


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
        events = [e for e in self.world.find(request.name).events if e.sequence > request.after_sequence]
        page, token = paged(events, request)
        return task_service_pb2.ListTaskEventsResponse(events=page, next_page_token=token)

    def ListTaskResources(self, request: Any, context: Any) -> Any:
        self._begin("ListTaskResources", request, context)
        page, token = paged(list(self.world.find(request.name).ledger.values()), request, at_most=100)
        return task_service_pb2.ListTaskResourcesResponse(resources=page, next_page_token=token)

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
            raise Refusal(
                code_pb2.FAILED_PRECONDITION, "STATE_FORBIDS", f"{request.name} is at work", {"allowed": "cancel"}
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
            {"script": plain, "similar": "demo.count"},
        )

    def ListExecutors(self, request: Any, context: Any) -> Any:
        context.set_trailing_metadata(self.metadata)
        one = executor_pb2.Executor(name="executors/thread", version="1.2", summary="Threads.", slots=8)
        return executor_service_pb2.ListExecutorsResponse(executors=[one])


class Refusing(grpc.ServerInterceptor):
    """Turns a Refusal that a handler raises into the status it stands for."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None:
            return None
        if handler.unary_unary:

            def call(request: Any, context: Any) -> Any:
                try:
                    return handler.unary_unary(request, context)
                except Refusal as refusal:
                    refuse(context, refusal)

            return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)

        def stream(request: Any, context: Any) -> Any:
            try:
                yield from handler.unary_stream(request, context)
            except Refusal as refusal:
                refuse(context, refusal)

        return grpc.unary_stream_rpc_method_handler(stream, handler.request_deserializer, handler.response_serializer)


def refuse(context: Any, refusal: Refusal) -> None:
    context.set_trailing_metadata((("grpc-status-details-bin", refusal.status.SerializeToString()),))
    context.abort(CODES[refusal.status.code], refusal.status.message)


class Loopback:
    """A server over a world; stop and start keep the address."""

    def __init__(self, world: World, credentials: grpc.ServerCredentials | None = None) -> None:
        self.world = world
        self.metadata = (("wharfinger-server-version", "9.9.9"), ("wharfinger-schema", "7"))
        self._credentials = credentials
        self._server: grpc.Server | None = None
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._stopping = threading.Event()
        options = (("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", 1000))
        pool = futures.ThreadPoolExecutor(64)
        server = grpc.server(pool, interceptors=(Refusing(),), options=options)
        task_service_pb2_grpc.add_TaskServiceServicer_to_server(
            Tasks(self.world, self._stopping, self.metadata), server
        )
        executor_service_pb2_grpc.add_ExecutorServiceServicer_to_server(Executors(self.world, self.metadata), server)
        wanted = f"127.0.0.1:{self.port}"
        if self._credentials is None:
            self.port = server.add_insecure_port(wanted)
        else:
            self.port = server.add_secure_port(wanted, self._credentials)
        server.start()
        self._server = server

    def stop(self, grace: float | None = None) -> None:
        self._stopping.set()
        with self.world.bell:
            self.world.bell.notify_all()
        if self._server is not None:
            self._server.stop(grace).wait(5)


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
