"""Following a task on the screen: a live bar on a terminal, lines elsewhere, one JSON document a line for programs."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from wharfinger import (
    Client,
    Event,
    LedgerEntry,
    LedgerEntryState,
    LedgerSummary,
    PartialFailure,
    Progress,
    ProgressUpdate,
    Snapshot,
    Task,
    TaskFailed,
    TaskState,
)
from wharfinger.cli import exits, jsonout
from wharfinger.cli.lines import Pace, amount, eta_words, event_line, progress_line, rate_words, waiting_line
from wharfinger.cli.options import Asked
from wharfinger.cli.tables import console, on_terminal
from wharfinger.cli.terminal import echo
from wharfinger.cli.waiting import Waiting
from wharfinger.cli.wording import clean
from wharfinger.report import partial_failure_report

if TYPE_CHECKING:
    from rich.progress import TaskID

# Without a terminal progress is a line at most this often, in seconds.
PLAIN_PAUSE = 2.0


class Shown(Protocol):
    """Something that shows what a watch tells."""

    def tell(self, event: Event) -> None:
        """Show one event."""
        ...

    def note(self, text: str) -> None:
        """Show a remark that is no event."""
        ...

    def wait(self, reason: str) -> None:
        """Show what the task waits for."""
        ...

    def close(self) -> None:
        """Leave the screen in order."""
        ...


class JsonLines:
    """One document a line."""

    def tell(self, event: Event) -> None:
        """Print the event."""
        jsonout.line(event.to_dict())

    def note(self, text: str) -> None:
        """Keep remarks off the output."""
        echo(f"wharfinger: {text}", err=True)

    def wait(self, reason: str) -> None:
        """Keep it off the output, which has events only."""
        self.note(f"it waits: {reason}")

    def close(self) -> None:
        """Nothing is left to do."""


class PlainLines:
    """A line for each event, and progress now and then."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._said = 0.0
        self._owed: str = ""

    def tell(self, event: Event) -> None:
        """Print the event, or progress if it is time."""
        if isinstance(event, Snapshot):
            return
        if not isinstance(event, ProgressUpdate):
            self._settle()
            echo(event_line(event))
            return
        self._owed = progress_line(event.progress, self._pace.take(event.progress))
        if time.monotonic() - self._said >= PLAIN_PAUSE:
            self._settle()

    def note(self, text: str) -> None:
        """Print a remark beside the output."""
        echo(f"wharfinger: {text}", err=True)

    def wait(self, reason: str) -> None:
        """Print it as a line beside the events."""
        echo(waiting_line(reason))

    def close(self) -> None:
        """Print the last progress, if it was not."""
        self._settle()

    def _settle(self) -> None:
        if self._owed:
            echo(self._owed)
            self._said = time.monotonic()
            self._owed = ""


class LiveLines:
    """Events scroll by above a bar that moves."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
        from rich.progress import Task as Bar
        from rich.text import Text

        class Said(TextColumn):
            """What is told beside the bar, anew each time it is drawn: time passes while nothing is reported."""

            def render(self, task: Bar) -> Text:
                """Return it as it is at this moment."""
                return Text(task.fields["said"](), overflow="ellipsis", no_wrap=True)

        self._console = console()
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            Said(""),
        )
        self._bars = Progress(*columns, console=self._console, transient=True)
        self._bar: TaskID | None = None
        self._step = ""
        self._pace = Pace()
        self._bars.start()

    def tell(self, event: Event) -> None:
        """Print the event above the bar, or move the bar."""
        if isinstance(event, ProgressUpdate):
            self._move(event.progress)
        elif isinstance(event, Snapshot):
            if (progress := present(event.task)) is not None:
                self._move(progress)
        else:
            self._console.print(event_line(event), markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a remark above the bar."""
        self._console.print(f"wharfinger: {text}", markup=False, soft_wrap=True, style="yellow")

    def wait(self, reason: str) -> None:
        """Print it above the bar."""
        self._console.print(waiting_line(reason), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bars.stop()

    def _move(self, progress: Progress) -> None:
        rate = self._pace.take(progress)
        share = progress.fraction
        parts = [amount(progress), f"{share:.0%}" if share is not None else "", rate_words(progress, rate)]

        def said() -> str:
            """Return how far it is, as of now."""
            return "  ".join(part for part in (*parts, eta_words(progress, rate), clean(progress.message)) if part)

        if self._bar is None or self._step != progress.step:
            if self._bar is not None:
                self._bars.remove_task(self._bar)
            # It is drawn at once, so it begins as what it is.
            self._bar = self._bars.add_task(
                clean(progress.step) or "running", completed=progress.done, total=progress.total, said=said
            )
            self._step = progress.step
            return
        self._bars.update(self._bar, completed=progress.done, total=progress.total, said=said)


def present(task: Task) -> Progress | None:
    """Return how far the attempt is that is at work; None where what stands there is of one that is over."""
    progress = task.progress
    if progress is None or task.state not in (TaskState.RUNNING, TaskState.CANCELLING):
        return None
    began = task.attempts[-1].start_time if task.attempts else None
    return None if began and progress.time and progress.time < began else progress


class _Remarks(logging.Handler):
    """Hands the client's remarks on broken connections to what shows the watch."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(logging.INFO)
        self._shown = shown

    def emit(self, record: logging.LogRecord) -> None:
        """Show the remark."""
        self._shown.note(record.getMessage())


def shown_for(asked: Asked, *, plain: bool = False) -> Shown:
    """Return what suits the output that was asked for; `plain`: there is no single task to draw a bar for."""
    if asked.json:
        return JsonLines()
    return LiveLines() if on_terminal() and not plain else PlainLines()


def follow(asked: Asked, client: Client, name: str, after: int = 0, *, undoing: Task | None = None) -> int:
    """Show a task until it is at rest, and return the exit code of its end.

    `undoing`: the task as it was before a rollback was asked for; all is then well when nothing is left over. An
    interrupt leaves the task running, and says so.
    """
    shown = shown_for(asked)
    last: Task | None = None
    with ExitStack() as stack:
        stack.callback(shown.close)
        stack.enter_context(remarks(shown))
        waiting = stack.enter_context(Waiting(lambda: client.get(name).waiting_reason, shown.wait))
        try:
            for event in client.watch(name, after):
                waiting.hear(event)
                shown.tell(event)
                if isinstance(event, Snapshot):
                    last = event.task
        except KeyboardInterrupt:
            shown.close()
            return exits.INTERRUPTED if asked.scratch else interrupted(asked, name, "watch")
    assert last is not None, "a watch ends with a snapshot"
    if undoing is not None and not last.state.left_over:
        if not asked.json:
            echo(f"{last.name} is {last.state}{_undone(undoing.ledger, last.ledger)}")
        return exits.OK
    return tell_end(asked, client, last)


def interrupted(asked: Asked, name: str, verb: str) -> int:
    """Say that the task goes on and how to come back to it, and return the exit code."""
    again = asked.again(f"{verb} {_short(asked, name)}")
    echo(f"\nwharfinger: {name} goes on; to come back to it: {again}", err=True)
    return exits.INTERRUPTED


def tell_end(asked: Asked, client: Client, task: Task, *, stream: bool = True) -> int:
    """Tell how a task at rest ended and return the exit code; `stream`: JSON goes on a line of its own."""
    out = jsonout.line if stream else jsonout.document
    try:
        result = client.result_of(task)
    except PartialFailure as error:
        if asked.json:
            out({"kind": "partial_failure", "name": task.name, **error.to_dict()})
        else:
            partial_report(asked, error)
        return exits.PARTIALLY_FAILED
    except TaskFailed as error:
        if asked.json and not stream:
            out(jsonout.plain(task))
        elif not asked.json:
            echo(clean(str(error)))
        return exits.FAILED
    if asked.json and not stream:
        out(jsonout.plain(task))
    elif not asked.json:
        took = _took(task)
        echo(f"{task.name} is {TaskState.SUCCEEDED}{took}")
        for key, value in jsonout.plain(result).items():
            echo(f"  {clean(key)}: {clean(_value(value))}")
    return exits.OK


def partial_report(asked: Asked, error: PartialFailure) -> None:
    """Print what a half-done task left over, and the commands that are possible now and those that tell more."""
    if asked.scratch:
        # What it left is the ledger, which is shown next.
        echo(clean(partial_failure_report(error).splitlines()[0]))
        return
    short = _short(asked, error.task.name)
    ways = [(asked.again(command), words) for command, words in _ways(error, short)]
    width = max((len(command) for command, _ in ways), default=0)
    for line in partial_failure_report(error, [f"{c.ljust(width)}  {words}" for c, words in ways]).splitlines():
        echo(clean(line))
    echo("  to see more:")
    for verb in ("ledger", "events"):
        echo(f"    {asked.again(f'{verb} {short}')}")


def _ways(error: PartialFailure, short: str) -> Iterator[tuple[str, str]]:
    """Tell the commands that the task allows, each with what it does."""
    if "RESUME" in error.allowed_actions:
        named = f" --script-version {shlex.quote(error.resume_version)}" if error.resume_version else ""
        yield f"resume {short}{named}", "what exists is used again, only the rest is done"
    if "ROLL_BACK" in error.allowed_actions:
        # With the last of what is left undone the task is ROLLED_BACK, and nothing is resumed.
        part = "; --only KEY: just that, and resume makes it again" if error.total_left_over > 1 else ""
        yield f"rollback {short}", f"what it made is undone{part}"
    if "RESOLVE" in error.allowed_actions and error.left_over:
        # What a person is needed for first: what is uncertain, then what could not be undone.
        stuck = [entry for entry in error.left_over if entry.state is LedgerEntryState.UNDO_FAILED]
        entry = next(iter((*error.uncertain, *stuck, *error.left_over)))
        yield f"resolve {short} {shlex.quote(entry.key)} VERDICT", f"VERDICT: {_verdicts(entry)}"


def _verdicts(entry: LedgerEntry) -> str:
    if entry.state is LedgerEntryState.CREATED:
        return "gone, retain or forget"
    if entry.state is LedgerEntryState.MISSING:
        return "gone, created, retain or forget"
    if entry.state is LedgerEntryState.UNDO_FAILED:
        return "not_created, retain or forget"
    return "created, not_created, retain or forget" if entry.external_id else "created --id ID, not_created or forget"


def _undone(before: LedgerSummary, now: LedgerSummary) -> str:
    """Return what a rollback did, in numbers."""
    counted = ((now.undone - before.undone, "undone"), (now.retained - before.retained, "retained"))
    told = ", ".join(f"{count} {word}" for count, word in counted if count)
    return f": {told}" if told else ""


def _short(asked: Asked, name: str) -> str:
    """Return a task's id where the project is asked for by the same command, else the full name."""
    import os

    project = asked.project or os.environ.get("WHARFINGER_PROJECT") or "default"
    return name.removeprefix(f"projects/{project}/tasks/")


def _took(task: Task) -> str:
    from wharfinger.cli.wording import duration

    if task.end_time is None or task.create_time is None:
        return ""
    return f" after {duration((task.end_time - task.create_time).total_seconds())}"


def _value(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextmanager
def remarks(shown: Shown) -> Iterator[None]:
    """While this is entered, the client's remarks on broken connections are shown."""
    logger, handler = logging.getLogger("wharfinger"), _Remarks(shown)
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
