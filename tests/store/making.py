"""Tasks, decisions and events as the store's tests need them."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from wharfinger.ledger import ids
from wharfinger.ledger.ledger import Intent
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.event import Event, LogLevel, LogLine, StateChange
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.store.store import Draft, Store, UnitOfWork

IDS = ids.TaskIds()
SECOND = 1_000_000


def encode(event: Event) -> bytes:
    """Serialise an event so that `decode` gives it back."""
    return pickle.dumps(event)


def decode(body: bytes) -> Event:
    """Return the event of a stored body."""
    event = pickle.loads(body)
    assert isinstance(event, Event)
    return event


def new_task(project: str = "harbour", **members: Any) -> Task:
    """Return a task that is not created yet."""
    now = time.time_ns() // 1000
    id_ = members.pop("id", 0) or IDS.new(now)
    members.setdefault("task_id", ids.default_task_id(id_))
    members.setdefault("create_time", now)
    asked = {field.name: members.pop(field.name) for field in fields(TaskSpec) if field.name in members}
    spec = TaskSpec(**({"script": "noop", "creator": "tester"} | asked))
    return Task(
        id=id_, uid="", project=project, spec=spec, **({"script_version": "1", "executor": "asyncio"} | members)
    )


def draft(project: str = "harbour", **members: Any) -> Draft:
    """Return a draft with the event that every task begins with."""
    return Draft(new_task(project, **members), ((StateChange(TaskState.QUEUED, "tester", ""), 0),))


def lease(work: UnitOfWork) -> Task:
    """Begin a run."""
    work.task.begin(Phase.RUN, "asyncio", "worker", work.now, 30 * SECOND)
    work.touch()
    work.event(StateChange(TaskState.RUNNING, "server", ""), work.task.epoch)
    return work.task


def finish(work: UnitOfWork) -> Task:
    """End a run with a result; the task expires in the past."""
    work.task.finished(b'{"ok":true}', work.now)
    work.task.expire_time = work.now - 1
    work.touch()
    work.event(StateChange(work.task.state, "server", ""), work.task.epoch)
    return work.task


def intend(*keys: str) -> Callable[[UnitOfWork], Task]:
    """Return the decision that writes intents."""

    def decide(work: UnitOfWork) -> Task:
        ledger = work.ledger(*keys)
        for key in keys:
            ledger.intend(Intent(key, "thing"), work.task.epoch, work.now)
        work.touch()
        return work.task

    return decide


def created(key: str, external_id: str) -> Callable[[UnitOfWork], Task]:
    """Return the decision that takes a report of the attempt that holds the lease."""

    def decide(work: UnitOfWork) -> Task:
        work.ledger(key).created(key, 1, external_id, work.task.epoch, work.now, live=True)
        work.touch()
        return work.task

    return decide


def say(text: str) -> Callable[[UnitOfWork], int]:
    """Return the decision that writes a log line, and returns its sequence."""

    def decide(work: UnitOfWork) -> int:
        work.event(LogLine(LogLevel.INFO, text), work.task.epoch)
        return work.task.last_sequence

    return decide


async def ended(store: Store, project: str = "harbour", **members: Any) -> Task:
    """Return a task that has succeeded."""
    task = await store.create(draft(project, **members))
    await store.change(task.id, lease)
    return await store.change(task.id, finish)


def bury(work: UnitOfWork) -> Task:
    """Delete a task, leaving its tombstone."""
    work.task.delete(work.now)
    work.touch()
    return work.task


@asynccontextmanager
async def held(store: Store, task: int) -> AsyncIterator[None]:
    """Hold the writer up, so that all that is queued meanwhile becomes one batch."""
    began, go_on = threading.Event(), threading.Event()

    def wait(_work: UnitOfWork) -> None:
        began.set()
        assert go_on.wait(20)

    waiting = asyncio.ensure_future(store.change(task, wait))
    await asyncio.to_thread(began.wait, 20)
    yield
    await asyncio.sleep(0.01)
    go_on.set()
    await waiting
