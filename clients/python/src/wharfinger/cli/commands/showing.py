"""`wharfinger show`, `events` and `resources`: one task in full."""

from __future__ import annotations

import json

import click

from wharfinger import PartialFailure, Task, TaskFailed
from wharfinger.cli import jsonout, watching
from wharfinger.cli.lines import event_line, progress_line
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import pairs, table
from wharfinger.cli.wording import age, clock
from wharfinger.report import notes_on, place_of


@command(short_help="Show a task.")
@click.argument("task")
def show(asked: Asked, task: str) -> None:
    """Show TASK, given by its id or full name; where something is left over, all of that too."""
    with asked.client() as client:
        found = client.get(task)
        partial = None
        if found.state.left_over:
            try:
                client.result_of(found)
            except PartialFailure as error:
                partial = error
            except TaskFailed:
                partial = None
        if asked.json:
            told = jsonout.plain(found)
            told["partial_failure"] = jsonout.partial_failure(partial) if partial else None
            jsonout.document(told)
            return
        _pairs(found)
        if partial is not None:
            click.echo()
            watching.partial_report(asked, partial)


def _pairs(task: Task) -> None:
    version = f" {task.script_version}" if task.script_version else ""
    counted = task.resources
    ledger = {
        "created": counted.created,
        "uncertain": counted.uncertain,
        "undone": counted.undone,
        "undo failed": counted.undo_failed,
        "retained": counted.retained,
    }
    pairs(
        (
            ("name", task.name),
            ("state", task.state.value),
            ("waiting", task.waiting_reason),
            ("script", f"{task.script}{version}"),
            ("executor", task.executor),
            ("creator", task.creator),
            ("labels", ", ".join(f"{key}={value}" for key, value in sorted(task.labels.items()))),
            ("params", json.dumps(jsonout.plain(task.params), ensure_ascii=False, indent=2) if task.params else ""),
            ("progress", _progress(task)),
            ("result", json.dumps(jsonout.plain(task.result), ensure_ascii=False, indent=2) if task.result else ""),
            ("error", str(task.failure or "")),
            ("rollback", str(task.rollback_failure or "")),
            ("ledger", ", ".join(f"{count} {word}" for word, count in ledger.items() if count)),
            ("attempts", "\n".join(_attempt_words(task))),
            ("created", _when(task.create_time)),
            ("started", _when(task.start_time)),
            ("ended", _when(task.end_time)),
            ("expires", clock(task.expire_time) if task.expire_time else ""),
            ("events", str(task.last_sequence)),
        )
    )


def _progress(task: Task) -> str:
    if task.progress is None or task.state.resting:
        return ""
    return progress_line(task.progress, None).partition("  progress  ")[2]


def _when(moment: object) -> str:
    from datetime import datetime

    return f"{clock(moment)} ({age(moment)} ago)" if isinstance(moment, datetime) else ""


def _attempt_words(task: Task) -> list[str]:
    words = []
    for attempt in task.attempts:
        on = f" on {attempt.executor}" + (f" ({attempt.worker})" if attempt.worker else "")
        end = f" to {clock(attempt.end_time)}" if attempt.end_time else ", runs"
        why = f": {attempt.failure}" if attempt.failure else ""
        words.append(f"{attempt.epoch} {attempt.phase}{on} {clock(attempt.start_time)}{end}{why}")
    return words


@command(short_help="List a task's events.")
@click.argument("task")
@click.option("--after", type=click.IntRange(0), default=0, metavar="NUMBER", help="Only events numbered above this.")
def events(asked: Asked, task: str, after: int) -> None:
    """List the events of TASK so far: states, resources, errors and log lines. With --output json one a line."""
    with asked.client() as client:
        for event in client.events(task, after):
            if asked.json:
                jsonout.line(jsonout.event(event))
            else:
                click.echo(f"{event.sequence:>5}  {event_line(event)}")


@command(short_help="List a task's ledger: what it made, and what is uncertain.")
@click.argument("task")
@click.option("--filter", "text", metavar="FILTER", default="", help='Such as: state = UNCERTAIN AND type = "object"')
def resources(asked: Asked, task: str, text: str) -> None:
    """List the ledger of TASK: everything it made, was about to make, adopted or undid, in the order of intent."""
    with asked.client() as client:
        told = list(client.resources(task, text))
    if asked.json:
        jsonout.document(jsonout.plain(told))
        return
    if not told:
        click.echo("there are no such entries" if text else "the task made nothing so far", err=True)
        return
    rows = [
        (
            entry.key,
            entry.type,
            entry.state.value,
            entry.external_id or "-",
            place_of(entry) or "-",
            "" if entry.owned else "not owned",
            "; ".join(notes_on(entry)),
        )
        for entry in told
    ]
    titles = ("KEY", "TYPE", "STATE", "ID", "WHERE", "", "WHY")
    kept = [n for n, title in enumerate(titles) if n < 5 or any(row[n] for row in rows)]
    table([titles[n] for n in kept], [[row[n] for n in kept] for row in rows])
