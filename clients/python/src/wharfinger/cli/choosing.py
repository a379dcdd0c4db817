"""The options that choose tasks, and the API's filter made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from wharfinger import TaskState
from wharfinger.cli import completing
from wharfinger.cli.wording import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

STATES = [state.value for state in TaskState if state is not TaskState.UNKNOWN]


class _State(click.Choice[str]):
    """A task's state in any case, with a suggestion for one that does not exist."""

    def __init__(self) -> None:
        super().__init__(STATES, case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the state's word."""
        word = value.upper().replace("-", "_")
        if word not in STATES:
            others = did_you_mean(word, STATES) or f"; there are {', '.join(STATES)}"
            self.fail(f"{value!r} is no state{others}", param, ctx)
        return word


@dataclass(frozen=True)
class Chosen:
    """What the options say; empty where none was given."""

    states: tuple[str, ...] = ()
    script: str | None = None
    labels: tuple[str, ...] = ()
    text: str | None = None

    @property
    def any(self) -> bool:
        """Whether an option was given."""
        return bool(self.states or self.script or self.labels or self.text)

    def filter(self, *, states: bool = True) -> str:
        """Return the API's filter; without `states` that of what never changes in a task's life.

        Raises:
            click.UsageError: a label is no KEY=VALUE.
        """
        parts = []
        if states and len(set(self.states)) == 1:
            parts.append(f"state = {self.states[0]}")
        elif states and self.states:
            # Comparisons are joined by AND only, so several states are all but the others.
            parts += [f"state != {state}" for state in STATES if state not in self.states]
        if self.script:
            parts.append(f"script = {json.dumps(self.script)}")
        for label in self.labels:
            key, separator, value = label.partition("=")
            if not separator:
                raise click.UsageError(f"--label {label}: give KEY=VALUE")
            parts.append(f"labels.{key} = {json.dumps(value, ensure_ascii=False)}")
        if self.text:
            parts.append(self.text)
        return " AND ".join(parts)


def choosing(command: F) -> F:
    """Give a command the options by which tasks are chosen: `states`, `script`, `labels` and `text`."""
    for option in (
        click.option("--filter", "text", metavar="FILTER", help='Comparisons, such as: create_time > "2026-11-01"'),
        click.option(
            "--label", "labels", metavar="KEY=VALUE", multiple=True, help="Only tasks with this label; several: all."
        ),
        click.option("--script", metavar="NAME", shell_complete=completing.scripts, help="Only tasks of this script."),
        click.option(
            "--state",
            "states",
            type=_State(),
            metavar="STATE",
            multiple=True,
            help="Only tasks in this state; several: in any.",
        ),
    ):
        command = option(command)
    return command
