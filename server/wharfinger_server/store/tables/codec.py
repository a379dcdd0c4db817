"""Tasks and ledger entries as rows, and back, without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from wharfinger.ledger import ids
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.domain.clock import Reading, retime, retimed, timed
from wharfinger_server.domain.task import Lease, Task
from wharfinger_server.store.tables import schema
from wharfinger_server.store.tables.documents import Document, document

Row = Sequence[Any]

IN_ROW = 4096
"""A document longer than this (bytes) stands in a row of its own: an update of a task writes its whole row again."""

PARAMS, PLAN = 1, 2
LARGE = {PARAMS: "params", PLAN: "plan"}
"""The documents that may be large: their bit in `tasks.large`, and their name in `task_documents`."""

ESTIMATE = "estimate"
"""The name in `task_documents` of what a task is expected to cost. It is never read with the task."""

TASK_COLUMNS = tuple(column.name for column in schema.tasks.columns)
STATUS_COLUMNS = (
    "executor", "state", "wake_time", "expire_time", "delete_time", "lease_expire", "epoch", "revision",
    "last_sequence", "open_entries", "large", "status", "result", "progress",
)  # fmt: skip
"""The columns of a task that change; the others are written once."""

_SPEC = frozenset({"labels", "policy", "expected", "sealed", "request_digest", "traceparent"})
_COLUMNS = frozenset(TASK_COLUMNS) | {"uid", "lease", "plan"}
_STATUS = frozenset(member.name for member in fields(Task)) - _SPEC - _COLUMNS
_AT = {name: position for position, name in enumerate(TASK_COLUMNS)}
_STATUS_AT = tuple(_AT[name] for name in STATUS_COLUMNS)
_BITS_AT = _AT["large"]

status_of: Callable[[Row], Row] = itemgetter(*_STATUS_AT)
"""Returns the values of STATUS_COLUMNS in a task's row."""

_spec = Document(Task, _SPEC)
_status = Document(Task, _STATUS)
_CLOCK = "clock"
"""What a document has beside its members: the name of the steady clock (store/steady.py) that its times are of."""
_lease = Document(Lease, frozenset({"phase", "executor", "worker", "start_time", "order_time", "revision"}))
_progress = document(Progress)

_TASK_STATES = {int(state): state for state in TaskState}
_ENTRY_STATES = {int(state): state for state in EntryState}
_PHASES = {int(phase): phase for phase in Phase}

ENTRY_COLUMNS = tuple(column.name for column in schema.entries.columns)
_ENTRY = frozenset(member.name for member in fields(Entry)) - frozenset(ENTRY_COLUMNS)
_entry = Document(Entry, _ENTRY)


def status_row(task: Task, clock: str = "") -> Row:
    """Return what may have changed of `task`: its values of STATUS_COLUMNS. `clock` names the clock that timed it."""
    status = _status.pack(task)
    if task.wake_time or task.retry_time or task.deadline or task.rollback is not None:
        status[_CLOCK] = clock
    large = PARAMS if len(task.params) > IN_ROW else 0
    lease_expire = 0
    if task.lease is not None:
        # One bit says that there is a lease, whatever its time.
        lease_expire = max(1, task.lease.expire_time)
        status["lease"] = _lease.pack(task.lease)
    if task.plan:
        if len(plan_body(task.plan)) > IN_ROW:
            large |= PLAN
        else:
            status["plan"] = task.plan
    return (
        task.executor,
        int(task.state),
        task.wake_time,
        task.expire_time,
        task.delete_time,
        lease_expire,
        task.epoch,
        task.revision,
        task.last_sequence,
        task.counts.open if task.counts.owned else 0,
        large,
        orjson.dumps(status),
        task.result,
        progress_body(task.progress) if task.progress is not None else None,
    )


def task_row(task: Task, clock: str = "") -> Row:
    """Return the whole row of a new task, in the order of TASK_COLUMNS. `clock` names the clock that timed it."""
    (
        executor, state, wake_time, expire_time, delete_time, lease_expire, epoch, revision, last_sequence,
        open_entries, large, status, result, progress,
    ) = status_row(task, clock)  # fmt: skip
    spec = orjson.dumps(_spec.pack(task))
    params = None if large & PARAMS else task.params
    return (
        task.id, task.project, task.task_id, task.request_id or None, task.script, executor, task.creator, state,
        task.policy.priority, wake_time, task.create_time, expire_time, delete_time, lease_expire, epoch, revision,
        last_sequence, open_entries, large, spec, params, status, result, progress,
    )  # fmt: skip


def large_documents(task: Task, which: int = PARAMS | PLAN) -> dict[str, bytes]:
    """Return the documents of `task` that have no room in its row, of those that `which` names, by name."""
    found = {}
    if which & PARAMS and len(task.params) > IN_ROW:
        found[LARGE[PARAMS]] = task.params
    if which & PLAN and task.plan and len(body := plan_body(task.plan)) > IN_ROW:
        found[LARGE[PLAN]] = body
    return found


def with_status(row: Row, status: Row) -> Row:
    """Return the task's row `row` with the values `status` of STATUS_COLUMNS."""
    values = list(row)
    for position, value in zip(_STATUS_AT, status, strict=True):
        values[position] = value
    return tuple(values)


def large_of(row: Row) -> int:
    """Return the bits of `tasks.large` in the task's row."""
    return int(row[_BITS_AT])


def task_of(row: Row, store: str, large: Mapping[str, bytes] | None = None, reading: Reading | None = None) -> Task:
    """Return the task of `row`. `large` holds its large documents; without them those parts of the task are empty.

    `store` is the database's incarnation, which the uid is made of. With a `reading`, what another clock timed is
    timed anew.
    """
    (
        id_, project, task_id, request_id, script, executor, creator, state, _priority, wake_time, create_time,
        expire_time, delete_time, lease_expire, epoch, revision, last_sequence, _open, bits, spec, params, status,
        result, progress,
    ) = row  # fmt: skip
    members = _spec.members(orjson.loads(spec))
    document = orjson.loads(status)
    members |= _status.members(document)
    if lease_expire:
        members["lease"] = _lease_of(document["lease"], lease_expire)
    if large and bits:
        params = large.get(LARGE[PARAMS], params)
        if bits & PLAN:
            members["plan"] = plan_of(large[LARGE[PLAN]])
    if "plan" in document:
        members["plan"] = tuple(document["plan"])
    if progress is not None:
        members["progress"] = _progress.unpack(orjson.loads(progress))
    if params is not None:
        members["params"] = params
    task = Task(
        id=id_,
        uid=ids.uid(store, id_),
        project=project,
        task_id=task_id,
        request_id=request_id or "",
        script=script,
        executor=executor,
        creator=creator,
        state=_TASK_STATES[state],
        wake_time=wake_time,
        create_time=create_time,
        expire_time=expire_time,
        delete_time=delete_time,
        epoch=epoch,
        revision=revision,
        last_sequence=last_sequence,
        result=result,
        **members,
    )
    waits = wake_time or task.retry_time or task.policy.total_timeout or task.rollback is not None
    if waits and reading is not None and document.get(_CLOCK) != reading.name:
        retime(task, reading)
    return task


def _lease_of(document: dict[str, Any], expire_time: int) -> Lease:
    members = _lease.members(document)
    return Lease(**{**members, "phase": _PHASES[document["phase"]], "expire_time": expire_time})


def progress_body(progress: Progress) -> bytes:
    """Return `progress` as stored."""
    return orjson.dumps(_progress.pack(progress))


# A long plan is read with every change of its task, and is written once.
@lru_cache(maxsize=64)
def plan_of(body: bytes) -> tuple[str, ...]:
    """Return the plan whose document is `body`."""
    return tuple(orjson.loads(body))


@lru_cache(maxsize=64)
def plan_body(plan: tuple[str, ...]) -> bytes:
    """Return the document of `plan`."""
    return orjson.dumps(plan)


def entry_row(task: int, entry: Entry, clock: str = "") -> Row:
    """Return the row of `entry`, in the order of ENTRY_COLUMNS. `clock` names the clock that timed it."""
    document = _entry.pack(entry)
    if timed(entry):
        document[_CLOCK] = clock
    return (
        task,
        entry.base,
        entry.key,
        entry.ordinal,
        int(entry.state),
        int(entry.owned),
        entry.type,
        entry.external_id,
        orjson.dumps(document),
    )


def entry_of(row: Sequence[Any], reading: Reading | None = None) -> Entry:
    """Return the entry of `row`. With a `reading`, what another clock timed is timed anew."""
    _task, base, key, ordinal, state, owned, type_, external_id, doc = row
    document = orjson.loads(doc)
    entry = Entry(
        key=key,
        base=base,
        type=type_,
        state=_ENTRY_STATES[state],
        ordinal=ordinal,
        owned=bool(owned),
        external_id=external_id,
        **_entry.members(document),
    )
    if reading is None or not timed(entry):
        return entry
    # A window of our own clock that begins in the future is of a machine that was copied while it ran.
    ours = document.get(_CLOCK) == reading.name and entry.settle_time - entry.settle_window <= reading.steady
    return entry if ours else retimed(entry, reading)
