"""`wharfinger show` and `events`: one task in full."""

from __future__ import annotations

import json

import click

from wharfinger import PartialFailure, Task, TaskFailed
from wharfinger.cli import completing, jsonout, watching
from wharfinger.cli.abbreviations import named
from wharfinger.cli.commands.leftovers import words
from wharfinger.cli.lines import event_line, progress_line
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import pairs
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import age, clock, stamp
from wharfinger.report import money_words


@command(short_help="Show a task.")
@click.argument("task", shell_complete=completing.tasks)
def show(asked: Asked, task: str) -> None:
    """Show TASK, given by its id, a part of it, or its full name; where something is left over, all of that too."""
    with asked.client() as client:
        found = named(client, task)
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
            told["partial_failure"] = partial.to_dict() if partial else None
            jsonout.document(told)
            return
        tell_task(found)
        if partial is not None:
            echo()
            watching.partial_report(asked, partial)


def tell_task(task: Task) -> None:
    """Print what is known of a task, a name and a value a line."""
    version = f" {task.script_version}" if task.script_version else ""
    counted = task.ledger
    ledger = {
        "created": counted.created,
        "uncertain": counted.uncertain,
        "missing": counted.missing,
        "undone": counted.undone,
        "undo failed": counted.undo_failed,
        "retained": counted.retained,
    }
    pairs(
        (
            ("name", task.name),
            ("state", task.state.value),
            ("waiting", task.waiting_reason or ""),
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
            ("expected", _expected(task)),
            ("leftovers", words(counted.leftover) if counted.leftover is not None else ""),
            ("attempts", "\n".join(_attempt_words(task))),
            ("created", _when(task.create_time)),
            ("started", _when(task.start_time)),
            ("ended", _when(task.end_time)),
            ("expires", stamp(task.expire_time) if task.expire_time else ""),
            ("events", str(task.last_sequence)),
            *_further(task),
        )
    )


# What stands above in other words, or says nothing to people.
_TOLD = frozenset(
    {
        "name", "uid", "etag", "script", "state", "script_version", "executor", "creator", "params", "labels",
        "waiting_reason", "progress", "result", "failure", "rollback_failure", "ledger", "attempts", "estimate",
        "create_time", "update_time", "start_time", "end_time", "expire_time", "last_sequence", "full",
    }
)  # fmt: skip


def _further(task: Task) -> list[tuple[str, str]]:
    """Return whatever else is known of a task, under its names in JSON."""
    known = jsonout.plain(task)
    rest = {
        name: value for name, value in known.items() if name not in _TOLD and value not in (None, "", [], {}, False)
    }
    return [
        (name.replace("_", " "), value if isinstance(value, str) else json.dumps(value)) for name, value in rest.items()
    ]


def _progress(task: Task) -> str:
    if task.progress is None or task.state.resting:
        return ""
    return progress_line(task.progress, None).partition("  progress  ")[2]


def _expected(task: Task) -> str:
    """Return what the task was expected to cost, and how much of it has no known price."""
    if task.estimate is None:
        return ""
    hourly = ", ".join(f"{money_words(money)} an hour" for money in task.estimate.hourly)
    unpriced = f"{len(task.estimate.unpriced)} without a known price" if task.estimate.unpriced else ""
    return ", ".join(filter(None, (hourly, unpriced))) or "nothing that costs"


def _when(moment: object) -> str:
    from datetime import datetime

    return f"{stamp(moment)} ({age(moment)} ago)" if isinstance(moment, datetime) else ""


def _attempt_words(task: Task) -> list[str]:
    words = []
    for attempt in task.attempts or ():
        on = f" on {attempt.executor}" + (f" ({attempt.worker})" if attempt.worker else "")
        end = f" to {clock(attempt.end_time)}" if attempt.end_time else ", runs"
        why = f": {attempt.failure}" if attempt.failure else ""
        words.append(f"{attempt.epoch} {attempt.phase}{on} {clock(attempt.start_time)}{end}{why}")
    return words


@command(short_help="List a task's events.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--after", type=click.IntRange(0), default=0, metavar="NUMBER", help="Only events numbered above this.")
def events(asked: Asked, task: str, after: int) -> None:
    """List the events of TASK so far: states, resources, errors and log lines. With --output json one a line."""
    with asked.client() as client:
        for event in client.events(named(client, task).name, after):
            if asked.json:
                jsonout.line(event.to_dict())
            else:
                echo(f"{event.sequence:>5}  {event_line(event)}")
