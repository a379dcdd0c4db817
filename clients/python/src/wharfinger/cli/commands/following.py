"""`wharfinger watch`, `wait` and `logs`: a task as it goes on."""

from __future__ import annotations

import click

from wharfinger import Client, Event, LogLine
from wharfinger.cli import completing, exits, jsonout, watching
from wharfinger.cli.abbreviations import named
from wharfinger.cli.durations import DURATION
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import clean_lines
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import zone


@command(short_help="Watch a task until it is at rest.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--after", type=click.IntRange(0), default=0, metavar="NUMBER", help="Only events numbered above this.")
def watch(asked: Asked, task: str, after: int) -> int:
    """Watch TASK until it is at rest; the exit code is that of its end.

    Broken connections and restarts of the server are waited out. Ctrl-C ends the watch and leaves the task running.
    """
    with asked.client() as client:
        # A server that is not there, or a task that does not exist, is told at once instead of being waited for.
        name = named(client, task).name
        return watching.follow(asked, client, name, after)


@command(short_help="Wait until a task is at rest.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("--timeout", type=DURATION, metavar="DURATION", help="Give up after this long; the exit code is 4.")
def wait(asked: Asked, task: str, timeout: float | None) -> int:
    """Wait until TASK is at rest, and tell how it ended; the exit code is that of its end."""
    with asked.client() as client:
        name = named(client, task).name
        try:
            found = client.wait(name, timeout)
        except KeyboardInterrupt:
            return watching.interrupted(asked, name, "wait")
        return watching.tell_end(asked, client, found, stream=False)


@command(short_help="Print a task's log.")
@click.argument("task", shell_complete=completing.tasks)
@click.option("-f", "--follow", is_flag=True, help="Go on until the task is at rest.")
@click.option("--timestamps", is_flag=True, help="Begin each line with its time, by this machine's zone.")
def logs(asked: Asked, task: str, *, follow: bool, timestamps: bool) -> int:
    """Print what TASK told and printed. The exit code does not depend on how the task ends."""
    with asked.client() as client:
        name = named(client, task).name
        try:
            _print(asked, client, name, follow=follow, timestamps=timestamps)
        except KeyboardInterrupt:
            return watching.interrupted(asked, name, "logs -f")
    return exits.OK


def _print(asked: Asked, client: Client, name: str, *, follow: bool, timestamps: bool) -> None:
    for event in client.watch(name) if follow else client.events(name):
        if not isinstance(event, LogLine):
            continue
        if asked.json:
            jsonout.line(event.to_dict())
        else:
            _line(event, timestamps=timestamps)


def _line(event: Event, *, timestamps: bool) -> None:
    assert isinstance(event, LogLine)
    if event.dropped:
        echo(f"wharfinger: {event.dropped} lines were dropped here by the task's limit", err=True)
    local = event.time.astimezone() if timestamps and event.time else None
    stamp = f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{zone(local)} " if local else ""
    for text in clean_lines(event.text):
        echo(f"{stamp}{text}")
