"""The progress of an import: a bar on a terminal, a line now and then elsewhere, nothing for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wharfinger import Progress
    from wharfinger.cli.options import Asked

_PAUSE = 2.0
_WORDS = {"fetch": "fetching", "read": "reading", "check": "comparing", "activate": "activating"}


class Steps:
    """Hears progress, shows it, and remembers which steps there were."""

    def __init__(self, show: Callable[[str, Progress], None]) -> None:
        self._show = show
        self.seen: set[str] = set()

    def hear(self, progress: Progress) -> None:
        """Take one message of progress."""
        self.seen.add(progress.step)
        self._show(_WORDS.get(progress.step, progress.step), progress)


@contextmanager
def steps(asked: Asked) -> Iterator[Steps]:
    """Give what hears progress and shows it in a way that suits the output."""
    if asked.json:
        yield Steps(lambda _step, _progress: None)
    elif sys.stderr.isatty():
        with _bar() as show:
            yield Steps(show)
    else:
        yield Steps(_Lines().show)


class _Lines:
    """A line for each step, and now and then one in between."""

    def __init__(self) -> None:
        self._step = ""
        self._said = 0.0

    def show(self, step: str, progress: Progress) -> None:
        """Print how far it is, if it is time."""
        now = time.monotonic()
        if step == self._step and now - self._said < _PAUSE:
            return
        self._step, self._said = step, now
        click.echo("  ".join(filter(None, (step, _amount(progress)))), err=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, Progress], None]]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    from wharfinger.cli.lines import Pace, eta_words, rate_words
    from wharfinger.cli.tables import console

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[said]}", markup=False),
    )
    pace = Pace()
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task("waiting", total=None, said="")

        def show(step: str, progress: Progress) -> None:
            """Move the bar."""
            rate = pace.take(progress)
            said = (_amount(progress), rate_words(progress, rate), eta_words(progress, rate))
            bars.update(
                bar,
                description=step,
                completed=progress.done,
                total=progress.total,
                said="  ".join(filter(None, said)),
            )

        yield show


def _amount(progress: Progress) -> str:
    from wharfinger.cli.lines import amount

    share = progress.fraction
    return "  ".join(filter(None, (amount(progress), f"{share:.0%}" if share is not None else "")))
