"""Running one attempt: the phase it is for, and its one outcome.

`run` is for modules whose main is async, `run_blocking` for plain ones. Both are the same coroutine; the second is
driven over a session that never suspends. Whatever the script does becomes the attempt's outcome, or nothing if the
lease is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType

from wharfinger.runtime import reasons
from wharfinger.runtime.calls import Awaited, Calls, Direct, drive
from wharfinger.runtime.endings import Stop, of_error, of_result, trace_of
from wharfinger.runtime.facade import AsyncTask, Facts, PlainTask
from wharfinger.runtime.looking import look_at_all
from wharfinger.runtime.output import to_log
from wharfinger.runtime.protocol import (
    Assignment,
    Failure,
    LeaseLost,
    Outcome,
    Phase,
    Rejected,
    Session,
)
from wharfinger.runtime.redaction import within
from wharfinger.runtime.script_module import ScriptModule
from wharfinger.runtime.undoing import undo_all
from wharfinger.script.errors import Failed


class _Attempt:
    """One attempt at work, in either colour."""

    def __init__(self, assignment: Assignment, session: Session, stop: Stop, task: Facts, calls: Calls) -> None:
        self.script = task.script
        self.assignment = assignment
        self.session = session
        self.stop = stop
        self.task = task
        self.calls = calls

    async def outcome(self) -> Outcome:
        """Do what the phase asks for and return how it ended. Raises what the script raised."""
        work = PHASES.get(self.assignment.phase)
        if work is None:
            why = f"this runtime can't do phase {self.assignment.phase.name}"
            return Failure(
                reasons.UNIMPLEMENTED, "NOT_SUPPORTED", why, metadata={"feature": self.assignment.phase.name}
            )
        return await work(self)

    async def main(self) -> Outcome:
        """RUN: call `main`."""
        self.task.params  # noqa: B018 - made now, so that bad params fail here and not in the middle
        return of_result(await self.calls.call(self.script.main, self.task), self.assignment.script)

    def _log_trace(self, error: BaseException) -> None:
        for line in trace_of(error):
            self.session.log(1, line)

    def ended(self, error: BaseException, *, interrupted: bool = False) -> Outcome | None:
        """Return the outcome of an attempt that ended in `error`; the traceback of a surprise goes to the log."""
        outcome = of_error(error, self.script.module, self.stop, interrupted=interrupted)
        if isinstance(outcome, Failure) and not isinstance(error, (Failed, Rejected)):
            self._log_trace(error)
        return outcome

    async def finish(self, outcome: Outcome | None) -> None:
        """Report the outcome, unless there is no one to report to any more."""
        if outcome is None:
            return
        try:
            await self.session.finish(outcome)
        except LeaseLost:
            return


PHASES: dict[Phase, Callable[[_Attempt], Awaitable[Outcome]]] = {
    Phase.RUN: _Attempt.main,
    Phase.SETTLE: look_at_all,
    Phase.UNDO: undo_all,
}
"""What each phase does."""


async def run(module: ModuleType, assignment: Assignment, session: Session, stop: Stop) -> None:
    """Run one attempt of a script whose `main` is async, on the caller's loop; return when its outcome is reported.

    Cancelling the caller's asyncio task interrupts the script: calls in flight are finished and reported first, then
    the outcome is Stopped. A lost lease ends it without an outcome. Raises only what the session raises when it is
    given the outcome.
    """
    task = AsyncTask(ScriptModule(module), assignment, session, stop)
    attempt = _Attempt(assignment, session, stop, task, Awaited())
    own = asyncio.current_task()
    outcome: Outcome | None
    with within(assignment.redactor), to_log(session.log):
        try:
            outcome = await attempt.outcome()
        except BaseException as error:  # noqa: BLE001 - every way to end is an outcome
            outcome = attempt.ended(error, interrupted=own is not None and own.cancelling() > 0)
    try:
        await attempt.calls.unbroken(attempt.finish(outcome), always=True)
    except asyncio.CancelledError:
        return


def run_blocking(module: ModuleType, assignment: Assignment, session: Session, stop: Stop) -> None:
    """Run one attempt of a script whose `main` is plain, in the caller's thread; return when its outcome is reported.

    `session.blocking()` is used throughout. A lost lease ends it without an outcome. Raises only what the session
    raises when it is given the outcome.
    """
    session = session.blocking()
    task = PlainTask(ScriptModule(module), assignment, session, stop)
    attempt = _Attempt(assignment, session, stop, task, Direct())
    outcome: Outcome | None
    with within(assignment.redactor), to_log(session.log):
        try:
            outcome = drive(attempt.outcome())
        except BaseException as error:  # noqa: BLE001 - every way to end is an outcome
            outcome = attempt.ended(error)
    drive(attempt.finish(outcome))
