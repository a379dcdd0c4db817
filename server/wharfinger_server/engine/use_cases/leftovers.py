"""What half-done tasks left behind, summed up in groups: what an operator looks at before anything is undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from wharfinger.ledger.costs import Sums, add, together
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import DOUBTFUL, TaskState
from wharfinger_server.domain.estimate import CostItem
from wharfinger_server.domain.leftover import Leftover, listed
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.store.store import Store

_PAGE = 500
_DAY = 86_400_000_000
AGES = ((_DAY, "under a day"), (7 * _DAY, "under a week"), (30 * _DAY, "under a month"))
OLDEST = "a month and more"


class Grouping(Enum):
    """What makes a group of leftovers."""

    PROJECT = "project"
    SCRIPT = "script"
    PROVIDER = "provider"
    AGE = "age"


@dataclass(slots=True)
class Group:
    """Leftovers that have something in common: of how many tasks they are, what exists of them, and what that costs."""

    tasks: int = 0
    alive: int = 0
    unpriced: int = 0
    uncertain: int = 0
    hourly: Sums = field(default_factory=dict)

    def add(self, other: Group) -> None:
        """Count another one in."""
        self.tasks += other.tasks
        self.alive += other.alive
        self.unpriced += other.unpriced
        self.uncertain += other.uncertain
        self.hourly = together(self.hourly, other.hourly)

    @property
    def cost(self) -> Leftover:
        """What they cost for an hour."""
        return Leftover(listed(self.hourly), self.unpriced, self.uncertain)


class Leftovers:
    """Sums up leftovers. It reads the half-done tasks that own something, by their index, a page at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def sums(self, caller: Caller, project: str | None, by: Grouping) -> tuple[Mapping[str, Group], Group]:
        """Return the groups by their keys, and all of them together; of all that the caller may see, or of a project.

        Raises NotFound or PermissionDenied where the caller may not see the project.
        """
        if project is not None:
            check_project(caller, project)
        groups: dict[str, Group] = {}
        total = Group()
        shares: Callable[[Task], Awaitable[Mapping[str, Group]]]
        shares = self._by_provider if by is Grouping.PROVIDER else self._by_task(by)
        async for task in self._half_done():
            may_see = caller.projects is None or task.project in caller.projects
            if may_see and project in {None, task.project} and (whole := _of_task(task)) is not None:
                total.add(whole)
                for key, share in (await shares(task)).items():
                    groups.setdefault(key, Group()).add(share)
        return dict(sorted(groups.items())), total

    async def _half_done(self) -> AsyncIterator[Task]:
        for state in TaskState:
            after = 0
            while state.half_done:
                tasks = await self._store.half_done(state, after, _PAGE)
                for task in tasks:
                    yield task
                if len(tasks) < _PAGE:
                    break
                after = tasks[-1].id

    def _by_task(self, by: Grouping) -> Callable[[Task], Awaitable[Mapping[str, Group]]]:
        now = self._clock.wall()

        def key(task: Task) -> str:
            if by is Grouping.AGE:
                return next((name for most, name in AGES if now - task.create_time < most), OLDEST)
            return task.spec.script if by is Grouping.SCRIPT else task.project

        async def shares(task: Task) -> Mapping[str, Group]:
            whole = _of_task(task)
            return {} if whole is None else {key(task): whole}

        return shares

    async def _by_provider(self, task: Task) -> Mapping[str, Group]:
        """Return what a task left by whose prices it is in; what has none is under ""."""
        shares: dict[str, Group] = {}
        after = 0
        while True:
            entries = await self._store.entries(task.id, after, _PAGE, only_open=True)
            for entry in entries:
                _count(shares.setdefault(_provider(entry), Group(tasks=1)), entry)
            if len(entries) < _PAGE:
                return shares
            after = entries[-1].ordinal


def _provider(entry: Entry) -> str:
    priced = isinstance(entry.cost, CostItem) and entry.cost.price
    return priced.provider if priced else ""


def _of_task(task: Task) -> Group | None:
    left = task.leftover
    if left is None:
        return None
    hourly = {money.currency: money.amount for money in left.known}
    return Group(1, task.counts.open - left.uncertain, left.unpriced, left.uncertain, hourly)


def _count(group: Group, entry: Entry) -> None:
    """Count an open entry in, as the ledger's own sums do."""
    if entry.state in DOUBTFUL:
        group.uncertain += 1
        return
    group.alive += 1
    hourly = entry.cost.hourly if entry.cost is not None else None
    if hourly is None:
        group.unpriced += 1
    else:
        add(group.hourly, hourly)
