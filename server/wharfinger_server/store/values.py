"""The values that go into the store and come out, beside tasks and ledger entries themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wharfinger_server.domain.event import EventDetail
from wharfinger_server.domain.task import Task

Field = Literal["state", "script", "executor", "creator", "create_time", "label"]
Operator = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The encrypted values of a task's sealed params: the id of the key that opens them, and the ciphertext."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A task to be created, with its first events, each with its attempt's epoch (0: none).

    The task is the store's from then on: it fills in `uid`, `last_sequence`, the times that are 0, and another `id`
    where that one is taken (0: the store chooses). A lease it has begins with the commit, by the database's clock.
    `seal` returns what of its params is sealed, for the uid that the task has in the end; None: nothing is. `estimate`
    is the document of what it is expected to cost, b"" for none.
    """

    task: Task
    details: tuple[tuple[EventDetail, int], ...] = ()
    seal: Callable[[str], Sealed] | None = None
    estimate: bytes = b""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of a task: its number in the task, its position in the project's feed, and its serialised form."""

    sequence: int
    position: int
    body: bytes


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event in a project's feed: its position, the task's id, its number in the task, and its serialised form."""

    position: int
    task: int
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Committed:
    """A task as one commit left it, with the events of that commit. Shared by all who hear of it: never changed."""

    task: Task
    events: tuple[FeedEvent, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison that listed tasks fulfil.

    `value` is a TaskState or its number for "state", microseconds for "create_time", a (key, value) pair for "label",
    and a string otherwise. "!=" is exactly what "=" is not: a task without that label has a label unequal to any.
    """

    field: Field
    op: Operator
    value: int | str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A page of the tasks of a project, of several or (None) of all; tombstones are left out.

    They come in the order of their ids, which is that of creation. `after` is the last id of the page before (0: from
    the start). `light` leaves out params, results and long plans.
    """

    project: str | frozenset[str] | None
    conditions: tuple[Condition, ...] = ()
    descending: bool = False
    after: int = 0
    limit: int = 100
    light: bool = False
