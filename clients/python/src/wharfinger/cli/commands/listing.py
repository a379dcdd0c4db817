"""`wharfinger ls`."""

from __future__ import annotations

from typing import Any

import click

from wharfinger import Task
from wharfinger.cli import exits, jsonout
from wharfinger.cli.choosing import Chosen, choosing
from wharfinger.cli.commands.leftovers import STATES as LEFT_OVER
from wharfinger.cli.commands.leftovers import tell as leftover_report
from wharfinger.cli.commands.project_watch import watch_project
from wharfinger.cli.commands.showing import tell_task
from wharfinger.cli.limited import first, tell_more
from wharfinger.cli.lines import amount
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import age


@command(short_help="List tasks.")
@choosing
@click.option("--leftovers", is_flag=True, help="Only what left something behind, with what that costs an hour.")
@click.option("--full", is_flag=True, help="With params, result and attempts, each task as `show` tells it.")
@click.option("--all-projects", is_flag=True, help="Of every project that the token opens; tasks by their full names.")
@click.option("--order-by", metavar="FIELD", default="", help="create_time, perhaps with ` desc`.")
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True, help="How many at most; 0: all.")
@click.option("-q", "--quiet", is_flag=True, help="Only their names, one a line, for other commands.")
@click.option("--watch", is_flag=True, help="Those at work, then each change of state as it comes, until interrupted.")
def ls(
    asked: Asked,
    *,
    leftovers: bool,
    full: bool,
    all_projects: bool,
    order_by: str,
    limit: int,
    quiet: bool,
    watch: bool,
    **options: Any,
) -> int:
    """List the project's tasks, newest first.

    With --leftovers all that rest half-done, and what the things they left cost: a lower bound while some have no known
    price, or nobody knows whether they exist. With --all-projects as well, each project's total. Without --full params,
    results, attempts and estimates are not read, and not among the JSON.
    """
    if all_projects and asked.project:
        raise click.UsageError("give either --project or --all-projects")
    chosen = Chosen(**options)
    if watch:
        others = {"--leftovers": leftovers, "--full": full, "--all-projects": all_projects, "--order-by": order_by}
        if odd := [name for name, on in {**others, "--quiet": quiet}.items() if on]:
            raise click.UsageError(f"{odd[0]} is of a list; --watch tells what happens in one project")
        with asked.client() as client:
            return watch_project(asked, client, chosen)
    if leftovers:
        tell_leftovers(asked, chosen, order_by, all_projects=all_projects)
        return exits.OK
    wanted = chosen.filter()
    with asked.client() as client:
        size = min(limit + 1, 1000) if limit else 1000
        told = client.list(wanted, order_by, page_size=size, full=full, all_projects=all_projects)
        tasks, more = first(told, limit)
    if quiet:
        for task in tasks:
            echo(task.name if all_projects else task.id)
    elif asked.json:
        jsonout.document(jsonout.plain(tasks))
    else:
        _tell(tasks, wanted, full=full, full_names=all_projects)
    if more:
        tell_more(limit)
    return exits.OK


def _tell(tasks: list[Task], wanted: str, *, full: bool, full_names: bool) -> None:
    if not tasks:
        echo("there are no such tasks" if wanted else "there are no tasks", err=True)
    elif full:
        for number, task in enumerate(tasks):
            if number:
                echo()
            tell_task(task)
    else:
        titles = ("TASK", "SCRIPT", "STATE", "PROGRESS", "LEFT OVER", "AGE")
        table(titles, [_row(task, full_names) for task in tasks], ("SCRIPT", "PROGRESS", "LEFT OVER", "AGE"))


def tell_leftovers(asked: Asked, chosen: Chosen, order_by: str, *, all_projects: bool = False) -> None:
    """Print the tasks that left something behind, of these states if any are given.

    Raises:
        click.UsageError: a state in which nothing is left over.
    """
    states, wanted = chosen.states, chosen.filter(states=False)
    if odd := [state for state in states if state not in LEFT_OVER]:
        raise click.UsageError(f"--leftovers: {odd[0]} tasks leave nothing over; {' and '.join(LEFT_OVER)} do")
    with asked.client() as client:
        found = [
            task
            for state in states or LEFT_OVER
            for task in client.list(
                f"state = {state}" + (f" AND {wanted}" if wanted else ""), page_size=1000, all_projects=all_projects
            )
        ]
    oldest_first = order_by.split() in (["create_time"], ["create_time", "asc"])
    found.sort(key=lambda task: (task.create_time, task.id), reverse=not oldest_first)
    leftover_report(found, as_json=asked.json, full_names=all_projects)


def _row(task: Task, full_name: bool) -> tuple[str, ...]:
    progress = ""
    if task.progress is not None and not task.state.resting:
        share = task.progress.fraction
        progress = f"{task.progress.step} {f'{share:.0%}' if share is not None else amount(task.progress)}".strip()
    counted = task.ledger
    open_count = counted.created + counted.uncertain + counted.missing + counted.undo_failed
    left = str(open_count) if task.state.left_over else ""
    name = task.name if full_name else task.id
    return (name, task.script, task.state.value, progress, left, age(task.create_time))
