"""`wharfinger ls`."""

from __future__ import annotations

import json

import click

from wharfinger import Task, TaskState
from wharfinger.cli import jsonout
from wharfinger.cli.commands.leftovers import STATES as LEFT_OVER
from wharfinger.cli.commands.leftovers import tell as leftover_report
from wharfinger.cli.commands.showing import tell_task
from wharfinger.cli.limited import first, tell_more
from wharfinger.cli.lines import amount
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.wording import age, did_you_mean

STATES = [state.value for state in TaskState if state is not TaskState.UNKNOWN]


class _State(click.Choice[str]):
    """A task's state in any case, with a suggestion for one that does not exist."""

    def __init__(self) -> None:
        super().__init__(STATES, case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the state's word."""
        word = value.upper().replace("-", "_")
        if word not in STATES:
            others = did_you_mean(word, STATES) or f"; there are {', '.join(STATES)}"
            self.fail(f"{value!r} is no state{others}", param, ctx)
        return word


@command(short_help="List tasks.")
@click.option(
    "--state",
    "states",
    type=_State(),
    metavar="STATE",
    multiple=True,
    help="Only tasks in this state; several: in any.",
)
@click.option("--script", metavar="NAME", help="Only tasks of this script.")
@click.option("--label", "labels", metavar="KEY=VALUE", multiple=True, help="Only tasks with this label; several: all.")
@click.option("--filter", "text", metavar="FILTER", help='Comparisons, such as: create_time > "2026-11-01"')
@click.option("--leftovers", is_flag=True, help="Only what left something behind, with what that costs an hour.")
@click.option("--full", is_flag=True, help="With params, result and attempts, each task as `show` tells it.")
@click.option("--all-projects", is_flag=True, help="Of every project that the token opens; tasks by their full names.")
@click.option("--order-by", metavar="FIELD", default="", help="create_time, perhaps with ` desc`.")
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True, help="How many at most; 0: all.")
def ls(  # noqa: PLR0913
    asked: Asked,
    *,
    states: tuple[str, ...],
    script: str | None,
    labels: tuple[str, ...],
    text: str | None,
    leftovers: bool,
    full: bool,
    all_projects: bool,
    order_by: str,
    limit: int,
) -> None:
    """List the project's tasks, newest first.

    With --leftovers all that rest half-done, and what the things they left cost: a lower bound while some have no known
    price, or nobody knows whether they exist. With --all-projects as well, each project's total. Without --full params,
    results, attempts and estimates are not read, and not among the JSON.
    """
    if all_projects and asked.project:
        raise click.UsageError("give either --project or --all-projects")
    if leftovers:
        tell_leftovers(asked, states, filter_text((), script, labels, text), order_by, all_projects=all_projects)
        return
    wanted = filter_text(states, script, labels, text)
    with asked.client() as client:
        size = min(limit + 1, 1000) if limit else 1000
        told = client.list(wanted, order_by, page_size=size, full=full, all_projects=all_projects)
        tasks, more = first(told, limit)
    if asked.json:
        jsonout.document(jsonout.plain(tasks))
    elif full:
        for number, task in enumerate(tasks):
            if number:
                click.echo()
            tell_task(task)
    elif tasks:
        table(("TASK", "SCRIPT", "STATE", "PROGRESS", "LEFT OVER", "AGE"), [_row(task, all_projects) for task in tasks])
    else:
        click.echo("there are no such tasks" if wanted else "there are no tasks", err=True)
    if more:
        tell_more(limit)


def tell_leftovers(
    asked: Asked, states: tuple[str, ...], wanted: str, order_by: str, *, all_projects: bool = False
) -> None:
    """Print the tasks that left something behind, of these states if any are given.

    Raises:
        click.UsageError: a state in which nothing is left over.
    """
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


def filter_text(states: tuple[str, ...], script: str | None, labels: tuple[str, ...], text: str | None) -> str:
    """Return the API's filter for the options.

    Raises:
        click.UsageError: a label is no KEY=VALUE.
    """
    parts = []
    if len(set(states)) == 1:
        parts.append(f"state = {states[0]}")
    elif states:
        # Comparisons are joined by AND only, so several states are all but the others.
        parts += [f"state != {state}" for state in STATES if state not in states]
    if script:
        parts.append(f"script = {json.dumps(script)}")
    for label in labels:
        key, separator, value = label.partition("=")
        if not separator:
            raise click.UsageError(f"--label {label}: give KEY=VALUE")
        parts.append(f"labels.{key} = {json.dumps(value, ensure_ascii=False)}")
    if text:
        parts.append(text)
    return " AND ".join(parts)


def _row(task: Task, full_name: bool) -> tuple[str, ...]:
    progress = ""
    if task.progress is not None and not task.state.resting:
        share = task.progress.fraction
        progress = f"{task.progress.step} {f'{share:.0%}' if share is not None else amount(task.progress)}".strip()
    counted = task.resources
    open_count = counted.created + counted.uncertain + counted.missing + counted.undo_failed
    left = str(open_count) if task.state.left_over else ""
    name = task.name if full_name else task.id
    return (name, task.script, task.state.value, progress, left, age(task.create_time))
