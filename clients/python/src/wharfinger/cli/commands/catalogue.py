"""`wharfinger scripts` and `executors`: what the server can run, and where."""

from __future__ import annotations

import click

from wharfinger import Script
from wharfinger.cli import completing, jsonout, params
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import pairs, table
from wharfinger.cli.terminal import echo


@command(short_help="List the scripts that can be run, or show one.")
@click.argument("name", required=False, shell_complete=completing.scripts)
def scripts(asked: Asked, name: str | None) -> None:
    """List the scripts of the server, or show the script NAME with its params."""
    with asked.client() as client:
        if name is not None:
            show_script(asked, client.script(name))
            return
        found = list(client.scripts())
    if asked.json:
        jsonout.document(jsonout.plain(found))
        return
    if not found:
        echo("the server has no scripts; install a script package beside it", err=True)
        return
    table(("SCRIPT", "VERSION", "SUMMARY"), [(s.name, s.version, _summary(s)) for s in found])


def _summary(script: Script) -> str:
    return f"BROKEN: {script.broken_reason}" if script.broken_reason else script.summary


def show_script(asked: Asked, script: Script) -> None:
    """Print what is known of a script."""
    if asked.json:
        jsonout.document(jsonout.plain(script))
        return
    can = (
        ("undo", script.can_undo),
        ("find", script.can_find),
        ("exists", script.can_look),
        ("estimate", script.can_estimate),
        ("resume", script.resumable),
    )
    pairs(
        (
            ("script", script.name),
            ("summary", script.summary),
            ("broken", script.broken_reason),
            ("version", f"{script.version} of {script.distribution}" if script.distribution else script.version),
            ("runs on", ", ".join(script.executors)),
            ("can", ", ".join(word for word, able in can if able)),
        )
    )
    if script.broken_reason:
        return  # what it takes is not known
    rows = params.describe(script.params_schema)
    echo()
    if rows:
        shown = [(n, kind, "required" if need else default or "-", text) for n, kind, need, default, text in rows]
        table(("PARAM", "TYPE", "DEFAULT", "DESCRIPTION"), shown)
    else:
        echo("it takes any params" if not script.params_schema else "it takes no params")


@command(short_help="List where scripts run.")
def executors(asked: Asked) -> None:
    """List the executors of the server."""
    with asked.client() as client:
        found = list(client.executors())
    if asked.json:
        jsonout.document(jsonout.plain(found))
        return
    rows = []
    for e in found:
        state = "unavailable" if e.unavailable_reason else "draining" if e.draining else "ready"
        rows.append(
            (e.name, e.version, state, f"{e.running}/{e.slots}", str(e.queued), e.unavailable_reason or e.summary)
        )
    table(("EXECUTOR", "VERSION", "STATE", "RUNNING", "QUEUED", "SUMMARY"), rows)
