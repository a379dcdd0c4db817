"""`wharfinger cancel` and `delete`."""

from __future__ import annotations

import click

from wharfinger.cli import jsonout
from wharfinger.cli.options import Asked, command


@command(short_help="Ask tasks to stop.")
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True)
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads the events.")
@click.option("--etag", default="", metavar="ETAG", help="Only if the task still has this etag; for a single task.")
def cancel(asked: Asked, tasks: tuple[str, ...], reason: str, etag: str) -> None:
    """Ask each TASK to stop, and print the state it then has. What it made is treated as its policy says."""
    _single(tasks, etag)
    with asked.client() as client:
        for task in tasks:
            found = client.cancel(task, reason, etag=etag)
            if asked.json:
                jsonout.line(jsonout.plain(found))
            else:
                click.echo(f"{found.name} is {found.state}")


@command(short_help="Delete tasks that are at rest.")
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True)
@click.option("--etag", default="", metavar="ETAG", help="Only if the task still has this etag; for a single task.")
def delete(asked: Asked, tasks: tuple[str, ...], etag: str) -> None:
    """Delete each TASK. It must be at rest and own nothing that may be alive; otherwise this is refused."""
    _single(tasks, etag)
    with asked.client() as client:
        for task in tasks:
            client.delete(task, etag=etag)
            if asked.json:
                jsonout.line({"name": client.handle(task).name, "deleted": True})
            else:
                click.echo(f"{client.handle(task).name} is deleted")


def _single(tasks: tuple[str, ...], etag: str) -> None:
    if etag and len(tasks) > 1:
        raise click.UsageError("--etag is of one task; give a single one")
