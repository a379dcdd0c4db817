"""Tasks by a part of their id, for commands that only read: what changes a task takes its whole id."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wharfinger import Client, Task

SHORTEST = 3
"""Fewer characters are no abbreviation."""
NEWEST = 10_000
"""So many of the project's tasks are looked through, the newest first."""
_SHOWN = 8
_MIDDLE = re.compile(r"…|\.\.\.")


def named(client: Client, given: str) -> Task:
    """Return the task with the id or name `given`, or the only one whose id begins or ends so, or is shortened so.

    `ab…yz` is an id that begins with `ab` and ends with `yz`, as `wharfinger ls` shortens it in a narrow terminal.

    Raises:
        NotFound: there is none, not by a part of its id either.
        click.UsageError: there are several; it lists them.
    """
    from wharfinger import NotFound

    if not _MIDDLE.search(given):
        try:
            return client.get(given)
        except NotFound as error:
            if error.reason != "TASK_NOT_FOUND" or "/" in given or len(given) < SHORTEST:
                raise
            absent = error
    else:
        absent = None
    found = [task for task in islice(client.list(page_size=1000), NEWEST) if _fits(task.id, given)]
    if len(found) == 1:
        return client.get(found[0].name)
    if found:
        listed = "\n".join(f"  {task.id}  {task.script}, {task.state}" for task in found[:_SHOWN])
        more = f"\n  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise click.UsageError(f"{given!r} can be any of {len(found)} tasks; give more of the id:\n{listed}{more}")
    if absent is not None:
        raise absent
    raise click.UsageError(f"no task's id is shortened to {given!r}")


def _fits(task_id: str, given: str) -> bool:
    parts = _MIDDLE.split(given)
    if len(parts) == 1:
        return task_id.startswith(given) or task_id.endswith(given)
    ahead, behind = parts[0], parts[-1]
    room = len(ahead) + len(behind)
    return SHORTEST <= room <= len(task_id) and task_id.startswith(ahead) and task_id.endswith(behind)
