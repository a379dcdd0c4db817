"""The hourly spending of projects with a budget: a sum for each currency, moved in the commit that moves the tasks.

Only the writer touches these rows, and a database has one writer: what a batch reads here is exact until it commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from wharfinger.ledger.costs import Sums, add, together
from wharfinger_prices.price import Money, plain
from wharfinger_server.domain.errors import ResourceExhausted
from wharfinger_server.domain.leftover import listed
from wharfinger_server.domain.task import Task
from wharfinger_server.store.databases.base import TASKS, Database
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables import codec, schema

Budgets = Mapping[str, Mapping[str, Decimal]]
"""What a project's things may cost in an hour, by project and currency."""

_PAGE = 500


class Spending:
    """The sums of one batch, read as they are needed and written at its end."""

    def __init__(self, database: Database, line: Line, budgets: Budgets) -> None:
        self.budgets = budgets
        self._database = database
        self._line = line
        self._sums: dict[str, Sums] = {}
        self._before: dict[str, Sums] = {}

    def __contains__(self, project: object) -> bool:
        return project in self.budgets

    def take(self, task: Task) -> ResourceExhausted | None:
        """Count a new task in; return BUDGET_EXCEEDED instead where its project's budget does not allow it."""
        sums = self._of(task.project)
        refusal = over_budget(task, self.budgets[task.project], sums)
        if refusal is None:
            self._sums[task.project] = together(sums, task.committed)
        return refusal

    def move(self, project: str, before: Sums, after: Sums) -> None:
        """Count that what a task commits its project to was `before` and is `after`."""
        if before != after:
            sums = self._of(project)
            for money in listed(before):
                add(sums, money, -1)
            for money in listed(after):
                add(sums, money)

    def recount(self) -> None:
        """Make all sums anew, from the tasks."""
        self._line.exec_driver_sql("DELETE FROM spending", ())
        for project in self.budgets:
            self._sums[project], self._before[project] = self._counted(project), {}

    def write(self) -> bool:
        """Write what changed; return whether anything did."""
        rows = [
            (project, currency, plain(sums.get(currency, Decimal(0))))
            for project, sums in sorted(self._sums.items())
            for currency in sorted({*sums, *self._before[project]})
            if sums.get(currency) != self._before[project].get(currency)
        ]
        if rows:
            self._database.statements.upsert_spending(self._line, rows)
        return bool(rows)

    def _of(self, project: str) -> Sums:
        if project not in self._sums:
            sql = f"SELECT currency, amount FROM spending WHERE project = {self._database.mark}"  # noqa: S608  # our own names
            rows = self._line.exec_driver_sql(sql, (project,)).all()
            self._before[project] = read_sums(rows)
            self._sums[project] = dict(self._before[project])
        return self._sums[project]

    def _counted(self, project: str) -> Sums:
        mark = self._database.mark
        sql = (
            f"SELECT {TASKS} FROM tasks WHERE project = {mark} AND ({schema.UNFINISHED} OR open_entries > 0) "  # noqa: S608  # our own names
            f"AND id > {mark} ORDER BY id LIMIT {_PAGE}"
        )
        sums: Sums = {}
        after = 0
        while rows := self._line.exec_driver_sql(sql, (project, after)).all():
            for row in rows:
                sums = together(sums, codec.task_of(row, self._database.incarnation).committed)
            after = rows[-1][0]
        return sums


def read_sums(rows: object) -> Sums:
    """Return the sums of rows of (currency, amount)."""
    return {currency: Decimal(amount) for currency, amount in rows if Decimal(amount)}  # type: ignore[attr-defined]


def over_budget(task: Task, budget: Mapping[str, Decimal], alive: Sums) -> ResourceExhausted | None:
    """Return BUDGET_EXCEEDED if the project, of which things at `alive` are alive, may not have the task as well.

    A currency that the budget has no amount in may not be spent at all.
    """
    for money in listed(task.committed):
        limit, now = budget.get(money.currency, Decimal(0)), alive.get(money.currency, Decimal(0))
        after: Sums = {money.currency: now}
        add(after, money)
        if after.get(money.currency, Decimal(0)) > limit:
            return _exceeded(task, limit, now, money)
    return None


def _exceeded(task: Task, limit: Decimal, alive: Decimal, money: Money) -> ResourceExhausted:
    told = {
        name: f"{plain(amount)} {money.currency}"
        for name, amount in (("budget", limit), ("alive", alive), ("estimate", money.amount))
    }
    return ResourceExhausted(
        "BUDGET_EXCEEDED",
        f"{task.project} may spend {told['budget']} an hour; what is alive or on its way costs {told['alive']}, and"
        f" this task would add {told['estimate']}: remove what is not needed, or have the budget raised",
        told,
    )
