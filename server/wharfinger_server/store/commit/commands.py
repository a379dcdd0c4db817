"""The writer's commands, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wharfinger.ledger.progress import Progress
from wharfinger_server.store.commit.replies import Waiter
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.databases.catalogs import CatalogWrites
from wharfinger_server.store.databases.schedules import ScheduleWrites
from wharfinger_server.store.values import Draft


@dataclass(slots=True, eq=False)
class Operation:
    """One caller's part of a batch. `result` or `error` hold only once the batch is committed."""

    waiter: Waiter
    result: Any = field(default=None, init=False)
    error: BaseException | None = field(default=None, init=False)


@dataclass(slots=True, eq=False)
class Create(Operation):
    """Create tasks; the result is a list with the Task or the Existing of each."""

    drafts: Sequence[Draft]


@dataclass(slots=True, eq=False)
class Change(Operation):
    """Run a decision on a task; the result is the decision's."""

    task: int
    decide: Callable[[UnitOfWork], Any]


@dataclass(slots=True, eq=False)
class SaveProgress(Operation):
    """Save the progress of attempts: (task, epoch, progress)."""

    items: Sequence[tuple[int, int, Progress]]


@dataclass(slots=True, eq=False)
class Renew(Operation):
    """Renew the leases (task, epoch) for `ttl` microseconds from now; the result is the set of tasks still held."""

    leases: Sequence[tuple[int, int]]
    ttl: int


@dataclass(slots=True, eq=False)
class Probe(Operation):
    """Write something of some size, to learn whether that is possible."""


@dataclass(slots=True, eq=False)
class Note(Operation):
    """Write a fact about the server down under `name`, "" to forget it."""

    name: str
    value: str


@dataclass(slots=True, eq=False)
class Ping(Operation):
    """Begin a transaction and take it back, to learn whether the writer's connection is alive."""


@dataclass(slots=True, eq=False)
class Recount(Operation):
    """Make the sums of what projects with a budget spend anew."""


@dataclass(slots=True, eq=False)
class Purge(Operation):
    """Delete tombstones; the result is how many. It runs in a batch of its own."""

    before: int
    limit: int


@dataclass(slots=True, eq=False)
class WriteCatalogs(Operation):
    """Write about catalogues; the result is what `write` returns. What it raises reaches its caller alone."""

    write: Callable[[CatalogWrites], Any]


@dataclass(slots=True, eq=False)
class WriteSchedules(Operation):
    """Write about schedules; the result is what `write` returns. What it raises reaches its caller alone."""

    write: Callable[[ScheduleWrites], Any]
