"""`wharfinger ls --watch`: what happens in a project, as it happens."""

from __future__ import annotations

from wharfinger import Client, ErrorEvent, Event, Snapshot, StateChanged
from wharfinger.cli import exits, jsonout
from wharfinger.cli.choosing import Chosen
from wharfinger.cli.lines import event_line
from wharfinger.cli.options import Asked
from wharfinger.cli.terminal import echo
from wharfinger.cli.watching import remarks, shown_for
from wharfinger.cli.wording import age


def watch_project(asked: Asked, client: Client, chosen: Chosen) -> int:
    """Print the tasks at work, then each change of a task's state and each error, until it is interrupted."""
    shown = shown_for(asked, plain=True)
    try:
        with remarks(shown):
            for event in client.watch_project(chosen.filter(states=False)):
                if _wanted(event, chosen, everything=asked.json):
                    _tell(event, as_json=asked.json)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    raise AssertionError("a project's watch has no end")


def _wanted(event: Event, chosen: Chosen, *, everything: bool) -> bool:
    if isinstance(event, Snapshot):
        return not chosen.states or event.task.state in chosen.states
    if isinstance(event, StateChanged):
        return not chosen.states or event.state in chosen.states
    return not chosen.states and (everything or isinstance(event, ErrorEvent))


def _tell(event: Event, *, as_json: bool) -> None:
    if as_json:
        jsonout.line(event.to_dict())
    elif isinstance(event, Snapshot):
        task = event.task
        echo(f"{task.id}  {task.state}  {task.script}, asked for {age(task.create_time)} ago")
    else:
        echo(f"{event.name.rpartition('/')[2]}  {event_line(event)}")
