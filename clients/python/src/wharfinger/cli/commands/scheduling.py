"""`wharfinger schedule`: tasks that are asked for at times."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from wharfinger import NewSchedule, NewTask, Policy, Schedule
from wharfinger.cli import completing, jsonout, params
from wharfinger.cli.commands.submit import LABELS, PARAMS, asked_for
from wharfinger.cli.options import Asked, SharedOptions, command
from wharfinger.cli.tables import pairs, table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import duration, stamp

_NAME = click.argument("name", shell_complete=completing.schedules)
_OF_TASK_NOT_HERE = ("task_id", "request_id", "validate_only")


class _Schedules(SharedOptions, click.Group):
    """The group of the commands about schedules."""


@click.group(cls=_Schedules, short_help="Ask for tasks at times.")
def schedule() -> None:
    """Ask for tasks at times: by a line of cron, or once in so long. Experimental."""


@command(short_help="Create a schedule.")
@click.argument("name")
@click.argument("script", shell_complete=completing.scripts)
@click.argument("given", metavar="[KEY=VALUE|KEY@=FILE|KEY:=JSON]...", nargs=-1, shell_complete=completing.params)
@PARAMS
@LABELS
@asked_for(NewSchedule)
@asked_for(NewTask, but=_OF_TASK_NOT_HERE)
@asked_for(Policy)
def create(  # click's mark for lines that stay
    asked: Asked, name: str, script: str, given: tuple[str, ...], *, file: str | None, **more: Any
) -> None:
    """Create the schedule NAME, which asks for a task that runs SCRIPT at each of its instants.

    Params are as those of `wharfinger submit`. The tasks have the label schedule=NAME.

    \b
      wharfinger schedule create often --every 10m --overlap queue beacons.light place=quay
    """  # noqa: D301  # \b keeps click from joining the lines
    chosen = {key: value for key, value in more.items() if value is not None}
    if bool(chosen.get("cron")) is ("every" in chosen):
        raise click.UsageError("give either --cron or --every")
    policy = {wish.name: chosen.pop(wish.name) for wish in fields(Policy) if wish.name in chosen}
    timing = {one.name: chosen.pop(one.name) for one in fields(NewSchedule) if one.name in chosen}
    with asked.client() as client:
        values = params.read_file(file) if file else {}
        if given:
            values = params.build(given, client.script(script).params_schema, values)
        task = NewTask(script, values, policy=policy or None, **chosen)
        made = client.create_schedule(name, NewSchedule(task, **timing))
    if asked.json:
        jsonout.document(jsonout.plain(made))
    elif timing.get("validate_only"):
        echo(f"{name} would be accepted, to fire first at {stamp(made.next_time)}; nothing was created")
    else:
        echo(made.name)


@command("list", short_help="List schedules.")
def list_(asked: Asked) -> None:
    """List the schedules of the project."""
    with asked.client() as client:
        found = list(client.schedules())
    if asked.json:
        jsonout.document(jsonout.plain(found))
        return
    if not found:
        echo("there are no schedules; `wharfinger schedule create` makes one", err=True)
        return
    rows = [(one.id, one.task.script, _when(one), _next(one), str(one.fired_count), _last(one)) for one in found]
    table(("SCHEDULE", "SCRIPT", "WHEN", "NEXT", "FIRED", "LAST"), rows)


@command(short_help="Show a schedule.")
@_NAME
def show(asked: Asked, name: str) -> None:
    """Show the schedule NAME."""
    with asked.client() as client:
        found = client.schedule(name)
    _show(asked, found)


@command(short_help="Let a schedule fire no more.")
@_NAME
def pause(asked: Asked, name: str) -> None:
    """Let the schedule NAME fire no more until it is resumed; its tasks go on."""
    with asked.client() as client:
        _told(asked, client.pause_schedule(name))


@command(short_help="Let a paused schedule fire again.")
@_NAME
def resume(asked: Asked, name: str) -> None:
    """Let the schedule NAME fire again, from its next instant on."""
    with asked.client() as client:
        _told(asked, client.resume_schedule(name))


@command(short_help="Ask for a schedule's task now.")
@_NAME
@click.option("--request-id", metavar="ID", default="", help="The same id makes no second task. [default: a new one]")
def run(asked: Asked, name: str, request_id: str) -> None:
    """Ask for the task of the schedule NAME now, and print its name; also while it is paused."""
    with asked.client() as client:
        task = client.run_schedule(name, request_id=request_id)
    if asked.json:
        jsonout.document(jsonout.plain(task))
    else:
        echo(task.name)


@command(short_help="Delete a schedule.")
@_NAME
def delete(asked: Asked, name: str) -> None:
    """Delete the schedule NAME; its tasks stay."""
    with asked.client() as client:
        client.delete_schedule(name)


for _one in (create, list_, show, pause, resume, run, delete):
    schedule.add_command(_one)


def _told(asked: Asked, found: Schedule) -> None:
    if asked.json:
        jsonout.document(jsonout.plain(found))
    else:
        echo(f"{found.id}: {_next(found)}")


def _show(asked: Asked, found: Schedule) -> None:
    if asked.json:
        jsonout.document(jsonout.plain(found))
        return
    pairs(
        (
            ("schedule", found.name),
            ("script", found.task.script),
            ("params", " ".join(f"{key}={value}" for key, value in (found.task.params or {}).items())),
            ("when", _when(found)),
            ("next", _next(found)),
            ("overlap", found.overlap.lower()),
            ("catch-up window", duration(found.catch_up_window or 0)),
            ("jitter", duration(found.jitter) if found.jitter else ""),
            ("creator", found.creator),
            ("created", stamp(found.create_time)),
            ("fired", str(found.fired_count)),
            ("skipped", str(found.skipped_count) if found.skipped_count else ""),
            ("last", _last(found)),
        )
    )


def _when(found: Schedule) -> str:
    if found.every:
        return f"every {duration(found.every)}"
    return f"{found.cron} {found.time_zone}".strip()


def _next(found: Schedule) -> str:
    return "paused" if found.paused else stamp(found.next_time)


def _last(found: Schedule) -> str:
    """Return what became of the last instant, in a few words."""
    last = found.last_firing
    if last is None:
        return ""
    if last.failure is not None:
        return f"refused: {last.failure.message}"
    return "skipped: the task before had not ended" if last.overlapped else last.task.rpartition("/")[2]
