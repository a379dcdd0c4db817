"""`wharfinger rollback`, `resume` and `resolve`: what people do with a task that is half-way."""

from __future__ import annotations

import click

from wharfinger import Client, PartialFailure, RollbackPlan, Task, TaskFailed, Verdict
from wharfinger.cli import completing, exits, jsonout, watching
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import clean

ETAG = click.option("--etag", default="", metavar="ETAG", help="Only if the task still has this etag.")


@command(short_help="Undo what a task made.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--dry-run", is_flag=True, help="Print what would be undone, and in which order; do nothing.")
@click.option(
    "--only", metavar="KEY", multiple=True, shell_complete=completing.keys, help="Undo only this; several: these."
)
@click.option(
    "--retain",
    metavar="KEY",
    multiple=True,
    shell_complete=completing.keys,
    help="Keep this and all that it depends on; several: these.",
)
@click.option("--watch", is_flag=True, help="Watch it to its end; the exit code is 3 if something may be left over.")
@ETAG
def rollback(
    asked: Asked, task: str, *, dry_run: bool, only: tuple[str, ...], retain: tuple[str, ...], watch: bool, etag: str
) -> int:
    """Undo what TASK made, children first and past failures.

    TASK failed half-way, or succeeded, or its rollback failed before: asking again goes on with it. Keys are those that
    `wharfinger ledger TASK` lists.
    """
    if dry_run and watch:
        raise click.UsageError("--dry-run does nothing that --watch could watch; give one of them")
    with asked.client() as client:
        if dry_run:
            _plan(asked, client, client.get(task).name, client.rollback_plan(task, only=only, retain=retain))
            return exits.OK
        before = client.get(task)
        found = client.rollback(before.name, only=only, retain=retain, etag=etag)
        return _go_on(asked, client, before, found, watch=watch, undoing=before)


@command(short_help="Let a half-done task go on.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--script-version", default="", metavar="VERSION", help="Go on with this version; it must be installed.")
@click.option("--watch", is_flag=True, help="Watch it to its end; the exit code is that of the end.")
@ETAG
def resume(asked: Asked, task: str, *, script_version: str, watch: bool, etag: str) -> int:
    """Let TASK, which failed half-way, run again: what it made is used again, and only the rest is made.

    Where the script can, the server looks first whether what it made still exists; what is gone is made anew. To have
    one thing made anew, undo it first: `wharfinger rollback TASK --only KEY`.
    """
    with asked.client() as client:
        before = client.get(task)
        found = client.resume(before.name, script_version=script_version, etag=etag)
        return _go_on(asked, client, before, found, watch=watch)


@command(short_help="Say how things stand with what a task made.")
@click.argument("task", shell_complete=completing.tasks)
@click.argument("key", shell_complete=completing.keys)
@click.argument("verdict", type=click.Choice(Verdict, case_sensitive=False), metavar="VERDICT")
@click.option("--id", "external_id", default="", metavar="ID", help="The provider's id, for `created` of unknown id.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads the events.")
@ETAG
def resolve(asked: Asked, task: str, key: str, verdict: Verdict, *, external_id: str, reason: str, etag: str) -> None:
    """Say how things stand with KEY, one entry of the ledger of TASK, after a look at the provider.

    \b
      created      it exists, under --id
      not_created  it does not exist
      retain       it exists and is to stay, no longer the task's
      forget       the task need not care any more
      gone         it existed, and is gone: the server looks too, then it can be made again

    With the last open entry the task comes to its end.
    """  # noqa: D301  # \b keeps click from joining the lines
    with asked.client() as client:
        found = client.resolve(task, key, verdict, external_id=external_id, reason=reason, etag=etag)
        if asked.json:
            jsonout.document(jsonout.plain(found))
            return
        echo(f"{clean(key)}: {verdict.value.lower()}; {found.name} is {found.state}{_still_open(client, found)}")


def _go_on(asked: Asked, client: Client, before: Task, found: Task, *, watch: bool, undoing: Task | None = None) -> int:
    if watch:
        return watching.follow(asked, client, found.name, before.last_sequence, undoing=undoing)
    if asked.json:
        jsonout.document(jsonout.plain(found))
    else:
        echo(f"{found.name} is {found.state}")
    return exits.OK


def _still_open(client: Client, task: Task) -> str:
    try:
        client.result_of(task)
    except PartialFailure as error:
        return f", with {error.total_left_over} left over"
    except TaskFailed:
        pass
    return ""


def _plan(asked: Asked, client: Client, name: str, plan: RollbackPlan) -> None:
    if asked.json:
        jsonout.document({"name": name, **jsonout.plain(plan)})
        return
    known = {entry.key: entry for entry in client.ledger(name)}
    count = sum(map(len, plan.waves))
    echo(f"a rollback of {name} would undo {count} thing(s){', in this order' if count else ''}")
    if count:
        rows = [
            (str(number), key, known[key].type if key in known else "", known[key].external_id if key in known else "")
            for number, wave in enumerate(plan.waves, 1)
            for key in wave
        ]
        table(("STEP", "KEY", "TYPE", "ID"), rows)
    _keys("looked for first, since nobody knows whether they exist", plan.sought)
    _keys("kept", plan.retained)
    _keys("not undone, since something is in the way", [f"{key}: {why}" for key, why in plan.blocked.items()])


def _keys(title: str, lines: tuple[str, ...] | list[str]) -> None:
    if lines:
        echo(f"{title} ({len(lines)}):")
    for line in lines:
        echo(f"  {clean(line)}")
