"""Tasks in memory whose events a test chooses: what outlives a loopback server, and what its calls refuse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wharfinger.v1 import event_pb2, failure_pb2, ledger_pb2, partial_failure_pb2, task_pb2, task_service_pb2

RESTING = range(task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_ROLLBACK_FAILED + 1)


class Refusal(Exception):
    """A call to be refused with details, as the API says."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        metadata: dict[str, str] | None = None,
        field: str = "",
        more: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.status = status_of(code, reason, message, metadata, field)
        for detail in more:
            add(self.status, detail)


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
    ledger: dict[str, ledger_pb2.LedgerEntry] = field(default_factory=dict)
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
        self.tell(log=event_pb2.LogLine(level=event_pb2.LOG_LEVEL_INFO, text=text))

    def progress(self, step: str, done: int, total: int, unit: str = "bytes") -> None:
        with self.bell:
            self.task.progress.CopyFrom(task_pb2.Progress(step=step, done=done, total=total, unit=unit))
            self.task.progress.update_time.GetCurrentTime()
            self.bell.notify_all()

    def entry(self, key: str, state: int, **facts: Any) -> None:
        with self.bell:
            entry = self.ledger.setdefault(
                key,
                ledger_pb2.LedgerEntry(key=key, type="object", ordinal=len(self.ledger) + 1, owned=True, generation=1),
            )
            entry.state = state  # type: ignore[assignment]
            entry.MergeFrom(ledger_pb2.LedgerEntry(**facts))
            self.tell(entry=ledger_pb2.LedgerEntry.FromString(entry.SerializeToString()))

    def succeed(self, **result: Any) -> None:
        with self.bell:
            self.task.result.update(result)
            self.to(task_pb2.TASK_STATE_SUCCEEDED)

    def fail(self, reason: str, message: str, not_attempted: tuple[str, ...] = (), step: str = "") -> None:
        with self.bell:
            closed = (ledger_pb2.LEDGER_ENTRY_STATE_NOT_CREATED, ledger_pb2.LEDGER_ENTRY_STATE_UNDONE)
            left = [entry for entry in self.ledger.values() if entry.owned and entry.state not in closed]
            failure = failure_pb2.Failure(
                code=code_pb2.UNAVAILABLE, reason=reason, domain="wharfinger.dev", message=message, step=step
            )
            self.tell(failure=failure)
            if left:
                stands = partial_failure_pb2.PartialFailure(
                    failed_step=step,
                    left_over=left[:100],
                    total_left_over=len(left),
                    not_attempted=not_attempted,
                    allowed_actions=[
                        partial_failure_pb2.PARTIAL_FAILURE_ACTION_RESUME,
                        partial_failure_pb2.PARTIAL_FAILURE_ACTION_ROLL_BACK,
                    ],
                )
                stands.cost.uncertain = sum(e.state == ledger_pb2.LEDGER_ENTRY_STATE_UNCERTAIN for e in left)
                self.task.partial_failure.CopyFrom(stands)
            self.task.failure.CopyFrom(failure)
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
        from wharfinger._core.messages.jsonvalues import from_struct

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
