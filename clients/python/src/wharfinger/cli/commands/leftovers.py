"""`wharfinger ls --leftovers`: what half-done tasks left behind, and what that costs for as long as it lives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from wharfinger import LeftoverCost, Money, Task
from wharfinger.cli import jsonout
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import age
from wharfinger.report import cost_words, money_words

STATES = ("PARTIALLY_FAILED", "ROLLBACK_FAILED")
"""The states of tasks that left something behind."""


_EXACT = Context(prec=100)


def total(tasks: Iterable[Task]) -> dict[str, LeftoverCost]:
    """Return what the leftovers of `tasks` cost, by project; nothing is converted."""
    known: dict[str, dict[str, Decimal]] = {}
    counted: dict[str, tuple[int, int]] = {}
    for task in tasks:
        sums, (unpriced, uncertain) = known.setdefault(task.project, {}), counted.get(task.project, (0, 0))
        cost = task.ledger.leftover or LeftoverCost()
        for money in cost.known_hourly:
            sums[money.currency] = _EXACT.add(sums.get(money.currency, Decimal(0)), money.amount)
        counted[task.project] = (unpriced + cost.unpriced, uncertain + cost.uncertain)
    return {
        project: LeftoverCost(tuple(Money(sums[code], code) for code in sorted(sums)), *counted[project])
        for project, sums in sorted(known.items())
    }


def tell(tasks: Sequence[Task], *, as_json: bool, full_names: bool = False) -> None:
    """Print the tasks with what their leftovers cost, and each project's total."""
    totals = total(tasks)
    if as_json:
        told = {project: jsonout.plain(cost) for project, cost in totals.items()}
        jsonout.document({"tasks": jsonout.plain(tasks), "totals": told})
        return
    if not tasks:
        echo("nothing is left over", err=True)
        return
    titles = ("TASK", "SCRIPT", "STATE", "HOURLY", "UNPRICED", "UNCERTAIN", "AGE")
    drop = ("SCRIPT", "AGE", "UNPRICED", "UNCERTAIN", "HOURLY")
    table(titles, [_row(task, full_names) for task in tasks], drop)
    echo()
    for project, cost in totals.items():
        echo(f"{project}: {words(cost)}")


def words(cost: LeftoverCost) -> str:
    """Return what leftovers cost in words."""
    return cost_words(cost) or "nothing that costs"


def _row(task: Task, full_name: bool) -> tuple[str, ...]:
    cost = task.ledger.leftover or LeftoverCost()
    hourly = ", ".join(map(money_words, cost.known_hourly)) or "-"
    unknown = (str(cost.unpriced or ""), str(cost.uncertain or ""))
    return (task.name if full_name else task.id, task.script, task.state.value, hourly, *unknown, age(task.create_time))
