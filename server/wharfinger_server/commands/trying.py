"""`wharfinger try`: runs a script's file once, and shows what it made."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from wharfinger import Client, LedgerEntry, LedgerEntryState, Policy, Refused
from wharfinger.cli import exits, jsonout, params, watching
from wharfinger.cli.commands.ledger import tell_ledger
from wharfinger.cli.commands.submit import asked_for
from wharfinger.cli.options import Asked
from wharfinger.cli.terminal import echo
from wharfinger_server.commands.scratch import NotStartedError, Scratch
from wharfinger_server.commands.settings import refuse, settings_of

_TASK = "try"
_BESIDE = "127.0.0.1:7481"
_OTHERS = ("WHARFINGER_TOKEN", "WHARFINGER_CA")
"""What is meant for another server than the scratch one, which takes neither."""
_UNSURE = (
    LedgerEntryState.INTENDED,
    LedgerEntryState.UNCERTAIN,
    LedgerEntryState.UNDOING,
    LedgerEntryState.UNDO_FAILED,
    LedgerEntryState.MISSING,
    LedgerEntryState.UNKNOWN,
)


@click.command("try", short_help="Run a script's file once, and show what it made.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("given", metavar="[KEY=VALUE|KEY@=FILE|KEY:=JSON]...", nargs=-1)
@click.option("--params", "params_file", metavar="FILE", help="Params from a file of JSON or TOML; `-`: from stdin.")
@click.option("--undo", is_flag=True, help="Roll back what it made in the end, whether it succeeded or not.")
@click.option("--executor", metavar="NAME", default="", help="Where to run it. [default: what the script prefers]")
@click.option("--project", metavar="NAME", default="default", show_default=True, help="The project it runs in.")
@asked_for(Policy)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    help="Settings file with its stores and profiles. [env: WHARFINGER_CONFIG]",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="For people, or programs.")
def trial(
    file: Path, given: tuple[str, ...], params_file: str | None, config_file: str | None, *, undo: bool, **more: Any
) -> int:
    """Run the script in FILE once on a scratch server, watch it, and show its ledger. No server need be running.

    The server is a real one, with your settings' stores, profiles and limits, and is gone afterwards. Params are given
    as to `submit`. Ctrl-C asks the script to stop.

    \b
      wharfinger try hello.py name=you count=3

    What the script makes is real as well. Where something may be left of it, the scratch server's ledger is kept, and
    the last lines say how to go on from it; --undo rolls it back.

    Exit codes: 0 the script succeeded, 1 it failed, 3 it failed half-way, or --undo left something over, 2 FILE is no
    script or the params are wrong, 4 the scratch server does not answer, 5 it refuses the task or does not start, 130
    interrupted.
    """  # noqa: D301  # \b keeps click from joining the lines
    policy = {field.name: value for field in fields(Policy) if (value := more.pop(field.name, None)) is not None}
    name = file.stem
    settings = settings_of(config_file, {}, {name.partition(".")[0]})
    ledger = settings.data_dir / "tried" / f"{name}-{secrets.token_hex(4)}"
    kept = False
    try:
        with Scratch(file.absolute(), ledger, config_file) as server:
            for variable in _OTHERS:
                os.environ.pop(variable, None)
            asked = Asked(server.address, more["project"], output=more["output"], scratch=True)
            with asked.client() as client:
                values = _params(client, name, given, params_file)
                task = client.submit(name, values, policy=policy or None, task_id=_TASK, executor=more["executor"])
                kept = True  # until it is known that nothing is left
                code = _watched(asked, client, task.name)
                if undo:
                    code = _undone(asked, client, task.name, code)
                kept = _told(asked, client)
            return code
    except NotStartedError as error:
        refuse(*str(error).splitlines())
    finally:
        if kept:
            _say_kept(file, ledger, more["project"])
        else:
            shutil.rmtree(ledger, ignore_errors=True)


def _params(client: Client, name: str, given: tuple[str, ...], file: str | None) -> dict[str, Any]:
    script = client.script(name)
    if script.broken_reason:
        raise click.UsageError(f"it can't be run: {script.broken_reason}")
    values = params.read_file(file) if file else {}
    return params.build(given, script.params_schema, values)


def _watched(asked: Asked, client: Client, task: str) -> int:
    """Watch it to its end and return the exit code; an interrupt asks the script to stop, a second one leaves it."""
    code = watching.follow(asked, client, task)
    if code == exits.INTERRUPTED:
        echo("wharfinger: the script is asked to stop; Ctrl-C again does not wait for it", err=True)
        seen = client.cancel(task, "interrupted").last_sequence
        watching.follow(asked, client, task, seen)
    return code


def _undone(asked: Asked, client: Client, task: str, code: int) -> int:
    """Roll back what may be left, and return the exit code: that of the run, or 3 where something is left over."""
    before = client.get(task)
    if not before.state.resting or not any(map(_alive, client.ledger(task))):
        return code
    try:
        client.rollback(task)
    except Refused as error:
        echo(f"wharfinger: it can't be rolled back: {error}", err=True)
        return exits.PARTIALLY_FAILED
    undone = watching.follow(asked, client, task, before.last_sequence, undoing=before)
    if undone != exits.OK:
        return undone
    return exits.FAILED if code == exits.PARTIALLY_FAILED else code


def _told(asked: Asked, client: Client) -> bool:
    """Show the ledger; return whether something may be left of what it is about."""
    entries = list(client.ledger(_TASK))
    if asked.json:
        jsonout.line({"kind": "ledger", "entries": jsonout.plain(entries)})
    elif entries:
        echo("its ledger:")
        tell_ledger(entries)
    else:
        echo("its ledger is empty: it made nothing")
    return not client.get(_TASK).state.resting or any(map(_alive, entries))


def _alive(entry: LedgerEntry) -> bool:
    """Whether the thing may exist and is the task's."""
    return entry.owned and (entry.state is LedgerEntryState.CREATED or entry.state in _UNSURE)


def _say_kept(file: Path, ledger: Path, project: str) -> None:
    where = f" --project {shlex.quote(project)}" if project != "default" else ""
    echo(f"wharfinger: something may be left of it, so its ledger is kept in {ledger}", err=True)
    echo("To go on from there, or to take it back:", err=True)
    # Not where a server may run already: its task of the same name would be meant.
    place = shlex.join(["--data-dir", str(ledger), "--scripts", str(file.absolute()), "--address", _BESIDE])
    echo(f"  wharfinger serve {place} &", err=True)
    echo(f"  wharfinger wait-ready --server {_BESIDE}", err=True)
    echo(f"  wharfinger rollback {_TASK} --watch --server {_BESIDE}{where}", err=True)
