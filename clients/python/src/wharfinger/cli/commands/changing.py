"""`wharfinger cancel` and `delete`: of tasks that are named, or of all that are chosen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from wharfinger import Client, TaskState, WharfingerError
from wharfinger.cli import completing, exits, jsonout
from wharfinger.cli.choosing import Chosen, choosing
from wharfinger.cli.options import Asked, command
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import clean

# So many are listed before a question is asked about them.
_LISTED = 20
_AT_WORK = (TaskState.QUEUED, TaskState.RUNNING, TaskState.CANCELLING, TaskState.ROLLING_BACK)


def _several(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what names its tasks: arguments, or the options that choose them."""
    for decorator in (
        click.option("--etag", default="", metavar="ETAG", help="Only if the task still has this; for a single task."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask before it is done to tasks that were not named."),
        click.option("--all", "everything", is_flag=True, help="All of the project."),
        choosing,
        click.argument("tasks", metavar="[TASK]...", nargs=-1, shell_complete=completing.tasks),
    ):
        function = decorator(function)
    return function


@command(short_help="Ask tasks to stop.")
@_several
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads the events.")
def cancel(asked: Asked, tasks: tuple[str, ...], reason: str, **how: Any) -> int:
    """Ask each TASK to stop, and print the state it then has. What it made is treated as its policy says.

    Instead of naming them, choose those at work by --state, --script, --label, --filter, or --all; they are counted and
    asked about first.
    """

    def ask(client: Client, task: str) -> None:
        """Cancel one."""
        found = client.cancel(task, reason, etag=how["etag"])
        if asked.json:
            jsonout.line(jsonout.plain(found))
        else:
            echo(f"{found.name} is {found.state}")

    return _each(asked, tasks, "cancel", ask, at_work=True, **how)


@command(short_help="Delete tasks that are at rest.")
@_several
def delete(asked: Asked, tasks: tuple[str, ...], **how: Any) -> int:
    """Delete each TASK. It must be at rest and own nothing that may be alive; otherwise this is refused.

    Instead of naming them, choose those at rest by --state, --script, --label, --filter, or --all; they are counted and
    asked about first.

    \b
      wharfinger delete --state SUCCEEDED --filter 'create_time < "2026-11-01"'
    """  # noqa: D301  # \b keeps click from joining the lines

    def remove(client: Client, task: str) -> None:
        """Delete one."""
        client.delete(task, etag=how["etag"])
        if asked.json:
            jsonout.line({"name": client.handle(task).name, "deleted": True})
        else:
            echo(f"{client.handle(task).name} is deleted")

    return _each(asked, tasks, "delete", remove, at_work=False, **how)


def _each(
    asked: Asked,
    tasks: Sequence[str],
    verb: str,
    act: Callable[[Client, str], None],
    *,
    at_work: bool,
    etag: str,
    everything: bool,
    yes: bool,
    **options: Any,
) -> int:
    """Do it to each task; one that is refused is told, and stops none of the others."""
    from wharfinger.cli.app import sentence

    chosen = Chosen(**options)
    _plain(tasks, verb, etag, chosen=chosen.any or everything)
    refused = 0
    with asked.client() as client:
        if not tasks:
            tasks = _found(client, chosen, at_work=at_work)
            if not _agreed(tasks, verb, yes=yes):
                return exits.REFUSED if tasks else exits.OK
        for task in tasks:
            try:
                act(client, task)
            except WharfingerError as error:
                if len(tasks) == 1:
                    raise
                refused += 1
                echo(f"wharfinger: {clean(task)}: {sentence(error)}", err=True)
    return exits.REFUSED if refused else exits.OK


def _plain(tasks: Sequence[str], verb: str, etag: str, *, chosen: bool) -> None:
    """Refuse what could mean other tasks than are meant."""
    if tasks and chosen:
        raise click.UsageError("either name the tasks, or choose them by options")
    if not tasks and not chosen:
        raise click.UsageError(f"name the tasks, or choose them by --state, --label …; --all is to {verb} all")
    if etag and len(tasks) != 1:
        raise click.UsageError("--etag is of one task; give a single one")


def _found(client: Client, chosen: Chosen, *, at_work: bool) -> list[str]:
    return [
        task.name
        for task in client.list(chosen.filter(), page_size=1000)
        if (task.state in _AT_WORK) is at_work or chosen.states
    ]


def _agreed(tasks: Sequence[str], verb: str, *, yes: bool) -> bool:
    """Whether whoever runs the command wants it done to these."""
    if not tasks:
        echo("there are no such tasks", err=True)
        return False
    if yes:
        return True
    for task in tasks[:_LISTED]:
        echo(f"  {task.rpartition('/')[2]}", err=True)
    if len(tasks) > _LISTED:
        echo(f"  and {len(tasks) - _LISTED} more", err=True)
    try:
        return click.confirm(f"{verb} {len(tasks)} task{'s' if len(tasks) > 1 else ''}?", err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError(f"nobody is there to be asked: to {verb} {len(tasks)} tasks, give --yes") from None
