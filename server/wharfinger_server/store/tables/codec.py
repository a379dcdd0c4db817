"""Tasks and ledger entries as rows, and back, without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson

from wharfinger.ledger import ids
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.domain.clock import Reading, retime, retimed, timed
from wharfinger_server.domain.task import Lease, Task
from wharfinger_server.domain.task_spec import TaskSpec
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

_SPEC = {member.name for member in fields(TaskSpec)}
_TASK = {member.name for member in fields(Task)}
_NAMED = {column.name for column in schema.tasks.columns}
_MADE = ("state", "lease_expire", "open_entries", "large", "status", "progress")
_MADE_ONCE = ("priority", "request_id", "params", "spec")
"""The columns that are not a field as it is, of those that change and of those that are written once; `status_row` and
`task_row` make them, in this order."""
_IDENTITY = ("id", "project", "task_id", "create_time")
"""The fields of a task that never change, beside its spec."""

_FROM_SPEC = tuple(sorted(_SPEC & _NAMED - set(_MADE_ONCE)))
_FROM_TASK = tuple(sorted(_TASK & _NAMED - {*_IDENTITY, *_MADE, *_MADE_ONCE}))
_ONCE = (*_IDENTITY, *_FROM_SPEC, *_MADE_ONCE)
STATUS_COLUMNS = (*_FROM_TASK, *_MADE)
"""The columns of a task that change; the others are written once."""
TASK_COLUMNS = (*_ONCE, *STATUS_COLUMNS)
"""All columns of a task, in the order of what is called its row here."""
assert sorted(TASK_COLUMNS) == sorted(_NAMED), (
    "a column that is no field of Task or TaskSpec is made in status_row or task_row"
)

_spec = Document(TaskSpec, frozenset(_SPEC - _NAMED))
_status = Document(Task, frozenset(_TASK - _NAMED - {"uid", "spec", "lease", "plan"}))
_identity_of: Callable[[Task], Row] = attrgetter(*_IDENTITY)
_spec_columns_of: Callable[[TaskSpec], Row] = attrgetter(*_FROM_SPEC)
_task_columns_of: Callable[[Task], Row] = attrgetter(*_FROM_TASK)
_MADE_ONCE_AT = len(_IDENTITY) + len(_FROM_SPEC)
_STATUS_AT = len(_ONCE)
_MADE_AT = _STATUS_AT + len(_FROM_TASK)
_LARGE_AT = TASK_COLUMNS.index("large")

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
    large = PARAMS if len(task.spec.params) > IN_ROW else 0
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
    open_entries = task.counts.open if task.counts.owned else 0
    progress = progress_body(task.progress) if task.progress is not None else None
    made = (int(task.state), lease_expire, open_entries, large, orjson.dumps(status), progress)
    return (*_task_columns_of(task), *made)


def task_row(task: Task, clock: str = "") -> Row:
    """Return the whole row of a new task, in the order of TASK_COLUMNS. `clock` names the clock that timed it."""
    spec = task.spec
    params = None if len(spec.params) > IN_ROW else spec.params
    made = (spec.policy.priority, spec.request_id or None, params, orjson.dumps(_spec.pack(spec)))
    return (*_identity_of(task), *_spec_columns_of(spec), *made, *status_row(task, clock))


def large_documents(task: Task, which: int = PARAMS | PLAN) -> dict[str, bytes]:
    """Return the documents of `task` that have no room in its row, of those that `which` names, by name."""
    found = {}
    if which & PARAMS and len(task.spec.params) > IN_ROW:
        found[LARGE[PARAMS]] = task.spec.params
    if which & PLAN and task.plan and len(body := plan_body(task.plan)) > IN_ROW:
        found[LARGE[PLAN]] = body
    return found


def status_of(row: Row) -> Row:
    """Return the values of STATUS_COLUMNS in the task's row."""
    return tuple(row[_STATUS_AT:])


def with_status(row: Row, status: Row) -> Row:
    """Return the task's row `row` with the values `status` of STATUS_COLUMNS."""
    return (*row[:_STATUS_AT], *status)


def large_of(row: Row) -> int:
    """Return the bits of `tasks.large` in the task's row."""
    return int(row[_LARGE_AT])


def spec_of(row: Row, large: Mapping[str, bytes] | None = None) -> TaskSpec:
    """Return what was asked for with the task of `row`. `large` as in `task_of`."""
    _priority, request_id, params, spec = row[_MADE_ONCE_AT:_STATUS_AT]
    members = _spec.members(orjson.loads(spec))
    if large:
        params = large.get(LARGE[PARAMS], params)
    if params is not None:
        members["params"] = params
    columns = dict(zip(_FROM_SPEC, row[len(_IDENTITY) : _MADE_ONCE_AT], strict=True))
    return TaskSpec(request_id=request_id or "", **columns, **members)


def task_of(
    row: Row,
    store: str,
    large: Mapping[str, bytes] | None = None,
    reading: Reading | None = None,
    spec: TaskSpec | None = None,
) -> Task:
    """Return the task of `row`. `large` holds its large documents; without them those parts of the task are empty.

    `store` is the database's incarnation, which the uid is made of. With a `reading`, what another clock timed is
    timed anew. `spec` is what was asked for, where that is known already.
    """
    state, lease_expire, _open, bits, status, progress = row[_MADE_AT:]
    document = orjson.loads(status)
    members = _status.members(document)
    if lease_expire:
        members["lease"] = _lease_of(document["lease"], lease_expire)
    if large and bits & PLAN:
        members["plan"] = plan_of(large[LARGE[PLAN]])
    if "plan" in document:
        members["plan"] = tuple(document["plan"])
    if progress is not None:
        members["progress"] = _progress.unpack(orjson.loads(progress))
    task = Task(
        uid=ids.uid(store, row[0]),
        spec=spec or spec_of(row, large),
        state=_TASK_STATES[state],
        **dict(zip(_IDENTITY, row, strict=False)),
        **dict(zip(_FROM_TASK, row[_STATUS_AT:_MADE_AT], strict=True)),
        **members,
    )
    waits = task.wake_time or task.retry_time or task.spec.policy.total_timeout or task.rollback is not None
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
