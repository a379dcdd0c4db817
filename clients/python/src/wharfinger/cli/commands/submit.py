"""`wharfinger submit` and `rerun`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args, get_type_hints

import click

from wharfinger import Client, Handle, LeftoverPolicy, Money, NewSchedule, NewTask, OverlapPolicy, Policy
from wharfinger.cli import completing, jsonout, params, watching
from wharfinger.cli.durations import DURATION
from wharfinger.cli.kinds import MOMENT, MONEY
from wharfinger.cli.options import Asked, command
from wharfinger.cli.terminal import echo

F = TypeVar("F", bound=Callable[..., Any])


def _label(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    labels = {}
    for value in values:
        key, separator, text = value.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"{value!r} is no KEY=VALUE", ctx, param)
        labels[key] = text
    return labels


LABELS = click.option(
    "--label", "labels", metavar="KEY=VALUE", multiple=True, callback=_label, help="A mark to filter by."
)
PARAMS = click.option(
    "--params", "file", metavar="FILE", help="Params from a file of JSON or TOML; `-`: JSON from stdin."
)


def asked_for(kind: type[Policy | NewTask | NewSchedule], *, but: Collection[str] = ()) -> Callable[[F], F]:
    """Return what gives a command an option for each field of `kind` that is one, by what is said of it there.

    Those whose names are in `but` are left out.
    """

    def decorate(function: F) -> F:
        hints = get_type_hints(kind)
        for one in reversed(fields(kind)):
            if "about" in one.metadata and one.name not in but:
                function = _option(f"--{one.name.replace('_', '-')}", hints[one.name], **one.metadata)(function)
        return function

    return decorate


def _option(name: str, kind: Any, *, about: str, least: int | None, most: int | None, shown: str) -> Callable[[F], F]:
    if kind is bool:
        return click.option(name, is_flag=True, default=None, help=about)
    if kind in (int, int | None):
        return click.option(name, type=click.IntRange(least, most), help=about)
    # Of a choice its words are shown.
    found, usual = next(both for part, both in _KINDS if part in (kind, *get_args(kind)))
    complete = completing.executors if name == "--executor" else None
    names = (name, name.removesuffix("-time")) if found is MOMENT else (name,)
    return click.option(*names, type=found, metavar=shown or usual, help=about, shell_complete=complete)


_KINDS: tuple[tuple[type, tuple[click.ParamType[Any], str | None]], ...] = (
    (LeftoverPolicy, (click.Choice(LeftoverPolicy, case_sensitive=False), None)),
    (OverlapPolicy, (click.Choice(OverlapPolicy, case_sensitive=False), None)),
    (timedelta, (DURATION, "DURATION")),
    (datetime, (MOMENT, "TIME")),
    (Money, (MONEY, "MONEY")),
    (str, (click.STRING, "TEXT")),
)


@command(short_help="Ask for a task.")
@click.argument("script", shell_complete=completing.scripts)
@click.argument("given", metavar="[KEY=VALUE|KEY@=FILE|KEY:=JSON]...", nargs=-1, shell_complete=completing.params)
@click.option("--watch", is_flag=True, help="Watch it to its end; the exit code is that of the end.")
@PARAMS
@LABELS
@asked_for(NewTask)
@asked_for(Policy)
def submit(  # click's mark for lines that stay
    asked: Asked, script: str, given: tuple[str, ...], *, watch: bool, file: str | None, **more: Any
) -> int:
    """Ask for a task that runs SCRIPT, and print its name.

    Params are typed by the script's schema (`wharfinger scripts SCRIPT` shows it): whole numbers, numbers, true or
    false; a list by repeating its key or by commas; `a.b=value` for a field of an object; KEY:=JSON for anything else.
    KEY@=FILE takes the value from a file, KEY@=- from standard input, KEY@=env:NAME from the environment: for sealed
    params, whose values have no place on a command line.

    \b
      wharfinger submit image.import source=https://example.org/disk.qcow2 stores=main name=disk --watch
    """  # noqa: D301  # \b keeps click from joining the lines
    given_more = {name: value for name, value in more.items() if value is not None}
    policy = {wish.name: given_more.pop(wish.name) for wish in fields(Policy) if wish.name in given_more}
    with asked.client() as client:
        values = params.read_file(file) if file else {}
        if given:
            schema = client.script(script).params_schema
            values = params.build(given, schema, values)
            _warn(params.exposed(given, schema))
        handle = client.submit(script, values, policy=policy or None, **given_more)
        if given_more.get("validate_only"):
            _checked(asked, handle.task)
            return 0
        return _accepted(asked, client, handle, watch=watch)


@command(short_help="Ask for a task again.")
@click.argument("task", shell_complete=completing.tasks)
@click.argument("given", metavar="[KEY=VALUE|KEY@=FILE|KEY:=JSON]...", nargs=-1, shell_complete=completing.params)
@click.option("--watch", is_flag=True, help="Watch it to its end; the exit code is that of the end.")
@click.option("--task-id", metavar="ID", default="", help="The last part of the new task's name. [default: made up]")
@click.option("--request-id", metavar="ID", default="", help="The same id makes no second task. [default: a new one]")
def rerun(asked: Asked, task: str, given: tuple[str, ...], *, watch: bool, task_id: str, request_id: str) -> int:
    """Ask for another task like TASK, and print its name: with all that was asked for it.

    Params that are given take the place of those that TASK had; sealed ones must be given anew, for nobody can read
    them. The script is run in the version that is installed now, and what TASK made is not touched.
    """
    with asked.client() as client:
        before = client.get(task)
        changed = {}
        if given:
            schema = client.script(before.script).params_schema
            changed = params.build(given, schema)
            _warn(params.exposed(given, schema))
        handle = client.rerun(before.name, changed, task_id=task_id, request_id=request_id)
        return _accepted(asked, client, handle, watch=watch)


def _accepted(asked: Asked, client: Client, handle: Handle, *, watch: bool) -> int:
    """Tell the name of a task that was accepted, and watch it if that is wanted."""
    if asked.json and not watch:
        jsonout.document(jsonout.plain(handle.task))
    elif not asked.json:
        echo(handle.name)
    if watch:
        return watching.follow(asked, client, handle.name)
    if sys.stderr.isatty() and not asked.json:
        echo(f"to watch it: {asked.again(f'watch {handle.id}')}", err=True)
    return 0


def _warn(keys: list[str]) -> None:
    for key in keys:
        said = f"{key} is sealed, but command lines can be seen by others and are remembered by shells"
        echo(f"wharfinger: {said}; give {key}@=FILE, {key}@=- or {key}@=env:NAME", err=True)


def _checked(asked: Asked, task: Any) -> None:
    if asked.json:
        jsonout.document(jsonout.plain(task))
    else:
        echo(f"{task.script} would be accepted, to run on {task.executor}; nothing was created")
