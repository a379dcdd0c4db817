"""What a shell may complete to: names that the server knows. Where no server answers at once, nothing is said."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from wharfinger.cli.options import Asked

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from wharfinger import Client

MOST_TASKS = 200
"""Only so many tasks are offered, the newest."""
_REACHED_WITHIN = 0.3
_ANSWERED_WITHIN = 1.5

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]
_Typed = Mapping[str, Any]
"""What stands before it, by the names of arguments; under "" what was typed of the word itself."""
_Find = Callable[["Client", _Typed], Iterator[tuple[str, str]]]


def _completing(find: _Find) -> Complete:
    """Return what click asks: the names that `find` yields, with a word on each, that begin as what was typed."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Ask the server; whatever goes wrong, nothing is offered."""
        from click.shell_completion import CompletionItem

        asked = ctx.find_object(Asked) or Asked()
        try:
            with _in_time(asked), asked.client() as client:
                # An option that lacks its value keeps click from giving the arguments their names.
                task = ctx.params.get("task") or next(iter(ctx.args), None)
                found = list(find(client, {**ctx.params, "task": task, "": incomplete}))
        except Exception:  # noqa: BLE001 - a shell that completes is no place to tell of it
            return []
        return [CompletionItem(name, help=about or None) for name, about in found if name.startswith(incomplete)]

    return complete


@contextmanager
def _in_time(asked: Asked) -> Iterator[None]:
    """Give up where nobody listens, before gRPC is imported, and end the process where the answer takes too long."""
    from wharfinger._core.connection.settings import resolve

    _knock(resolve(asked.server, asked.project).target)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, _ANSWERED_WITHIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _knock(target: str) -> None:
    """Connect and hang up. Raises OSError where nobody listens."""
    if target.startswith("unix:"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(_REACHED_WITHIN)
            knocking.connect(target.removeprefix("unix:"))
        return
    host, _, port = target.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN).close()


def _tasks(client: Client, typed: _Typed) -> Iterator[tuple[str, str]]:
    named = typed.get("tasks") or ()
    for number, task in enumerate(client.list(page_size=MOST_TASKS)):
        if number == MOST_TASKS:
            return
        if task.id not in named:
            yield task.id, f"{task.script} {task.state}"


def _scripts(client: Client, _: _Typed) -> Iterator[tuple[str, str]]:
    for script in client.scripts():
        if not script.broken_reason:
            yield script.name, script.summary


def _executors(client: Client, _: _Typed) -> Iterator[tuple[str, str]]:
    for executor in client.executors():
        yield executor.name, executor.summary


def _schedules(client: Client, _: _Typed) -> Iterator[tuple[str, str]]:
    for schedule in client.schedules():
        yield schedule.id, schedule.task.script


def _keys(client: Client, typed: _Typed) -> Iterator[tuple[str, str]]:
    for entry in client.ledger(typed["task"]):
        yield entry.key, f"{entry.type} {entry.state}"


def _params(client: Client, typed: _Typed) -> Iterator[tuple[str, str]]:
    from wharfinger.cli.params import choices, describe

    script = typed.get("script") or client.get(typed["task"]).script
    schema = client.script(script).params_schema
    key, separator, _ = typed[""].partition("=")
    if separator:
        yield from ((f"{key}={value}", "") for value in choices(key, schema))
        return
    given = {argument.partition("=")[0].rstrip(":@") for argument in typed.get("given") or ()}
    for name, kind, needed, _, about in describe(schema):
        if name not in given or kind.startswith("list"):
            yield f"{name}=", ", ".join(filter(None, (kind, "required" if needed else "", about)))


tasks: Complete = _completing(_tasks)
"""Ids of the project's newest tasks."""
scripts: Complete = _completing(_scripts)
"""Names of scripts that can run."""
executors: Complete = _completing(_executors)
"""Names of executors."""
schedules: Complete = _completing(_schedules)
"""Ids of the project's schedules."""
keys: Complete = _completing(_keys)
"""Keys of the ledger of the command's TASK."""
params: Complete = _completing(_params)
"""`KEY=` for each param of the command's SCRIPT, or of its TASK's; behind `KEY=` the values that it may have."""


def commands(incomplete: str, described: Mapping[str, str]) -> list[CompletionItem]:
    """Return subcommands without loading them, as click would."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=line) for name, line in described.items() if name.startswith(incomplete)]


def spaceless(source: str) -> str:
    """Return bash's completion script with no space behind `KEY=`, where the value follows."""
    end = "    return 0\n"
    assert source.count(end) == 1, "click's script for bash"
    sole = "${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *="
    return source.replace(end, f"    [[ {sole} ]] && compopt -o nospace\n{end}")
