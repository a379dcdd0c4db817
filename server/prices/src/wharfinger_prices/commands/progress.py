"""The progress of an import: a bar on a terminal, a line now and then elsewhere, nothing for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import console, size

if TYPE_CHECKING:
    from wharfinger_prices.commands.options import Asked


class Progress(Protocol):
    """How far an import is: `done` of `total` in `unit`; 0 or None: nobody knows the total."""

    @property
    def step(self) -> str:
        """What is being done: fetch, read, check or activate."""

    @property
    def done(self) -> int:
        """How much of it is done."""

    @property
    def total(self) -> int | None:
        """How much there is to do."""

    @property
    def unit(self) -> str:
        """What is counted: bytes or prices."""


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
        echo("  ".join(filter(None, (step, _amount(progress)))), err=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, Progress], None]]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task("waiting", total=None, said="")
        last = ""

        def show(step: str, progress: Progress) -> None:
            """Move the bar; each step begins anew."""
            nonlocal last
            if step != last:
                bars.reset(bar, total=None)
                last = step
            bars.update(
                bar,
                description=step,
                completed=progress.done,
                total=progress.total or None,
                said=_amount(progress),
            )

        yield show


def _amount(progress: Progress) -> str:
    """Return how much is done, such as `12.0 MiB/1.0 GiB  1%`; empty where nothing is counted."""
    total = progress.total or 0
    if not progress.done and not total:
        return ""
    counts = [progress.done, total] if total else [progress.done]
    in_bytes = progress.unit == "bytes"
    told = "/".join(map(size if in_bytes else str, counts)) + ("" if in_bytes else f" {progress.unit}")
    return f"{told}  {min(1.0, progress.done / total):.0%}" if total else told
