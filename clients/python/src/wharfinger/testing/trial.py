"""Running a script's attempts over the ledger in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from wharfinger import runtime
from wharfinger.ledger.undo import Order
from wharfinger.runtime.protocol import Assignment, Environment, Phase
from wharfinger.script import inspect
from wharfinger.script.context import Context
from wharfinger.testing.done import Done
from wharfinger.testing.session import MemorySession, ledger_of


class Stop:
    """Asks a script to stop: give it to a run, and call `request` from within the script's calls or another thread."""

    def __init__(self) -> None:
        self.requested = False
        self.reason = ""

    def request(self, reason: str = "stopped by the test") -> None:
        """Ask it to stop."""
        self.reason = reason
        self.requested = True


@dataclass(frozen=True)
class Trial:
    """A script module, and the configuration it finds.

    `stores` and `profiles` are tables as in the server's configuration (`{"images": {"url": "memory://"}}`), `settings`
    is the script package's own table. `name` is the script's name, by default its module's.
    """

    module: ModuleType
    stores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    context: Context = field(default_factory=lambda: Context("test"))

    def run(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        after: Done | None = None,
        stop: Stop | None = None,
        session: MemorySession | None = None,
    ) -> Done:
        """Run `main` once and return what it did; an async main gets an event loop of its own.

        `after` is what an earlier run did: this one is the attempt after it, with its params, ledger and memos. A
        `session` of your own may misbehave as you like. What the script raises is in the outcome; BrokenScript is
        raised if the module is no script at all.
        """
        session = session or MemorySession(Done())
        assignment = self._assignment(Phase.RUN, session.done, after, params, ())
        return self._work(assignment, session, stop or Stop())

    async def run_async(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        after: Done | None = None,
        stop: Stop | None = None,
        session: MemorySession | None = None,
    ) -> Done:
        """As `run`, for an async main and on the caller's loop, so that the caller may cancel it."""
        session = session or MemorySession(Done())
        assignment = self._assignment(Phase.RUN, session.done, after, params, ())
        await runtime.run(self.module, assignment, session, stop or Stop())
        return session.done

    def settle(self, after: Done, keys: Sequence[str] | None = None, *, stop: Stop | None = None) -> Done:
        """Ask `find` for what `after` left INTENDED or UNCERTAIN, and `exists` for what it left UNDOING, or for `keys`.

        Time has passed: what is not there now counts as not there. Returns the ledger as it is then.
        """
        if keys is None:
            keys = [key for key, entry in after.ledger.items() if entry.state in ("INTENDED", "UNCERTAIN", "UNDOING")]
        session = MemorySession(Done())
        assignment = self._assignment(Phase.SETTLE, session.done, after, None, keys)
        return self._work(assignment, session, stop or Stop())

    def undo(self, after: Done, only: Sequence[str] = (), *, stop: Stop | None = None) -> Done:
        """Roll back what `after` made, or `only` those keys: call the script's `undo`, in the server's order.

        What depends on a thing by `after=` goes before it, of the rest the newest first. First it is looked for what is
        uncertain, and at what an earlier undo may have taken away. Returns the ledger as it is then: what was undone is
        UNDONE, what could not be is UNDO_FAILED with why in `errors`, and what the cloud merely accepted stays UNDOING
        until `settle` or the next `undo` asks `exists`. A parent whose child is left is not touched. Raises KeyError
        for a key that the ledger does not have.
        """
        if missing := [key for key in only if key not in after.ledger]:
            raise KeyError(f"the ledger has no {missing[0]}")
        before = after
        looked = self._order(after, only)
        if keys := [entry.key for entry in (*looked.sought(), *looked.looked_at())]:
            after = self.settle(after, keys, stop=stop)
        session = MemorySession(Done())
        waves = self._order(after, only).waves()
        assignment = self._assignment(
            Phase.UNDO, session.done, after, None, [key for wave in waves for key in wave], only
        )
        done = self._work(assignment, session, stop or Stop())
        if after is not before:
            done.found, done.looked = [*after.found, *done.found], [*after.looked, *done.looked]
            done.history, done.log = [*after.history, *done.history], [*after.log, *done.log]
        return done

    @staticmethod
    def _order(after: Done, only: Sequence[str]) -> Order:
        """Return what a rollback that begins now would do: undos count anew, and all waiting is over."""
        done = Done()
        done.continue_from(after)
        ledger = ledger_of("test", done.records.values())
        ledger.begin_round()
        return Order(ledger, only)

    def _assignment(
        self,
        phase: Phase,
        done: Done,
        after: Done | None,
        params: Mapping[str, Any] | None,
        targets: Sequence[str],
        only: Sequence[str] = (),
    ) -> Assignment:
        script = self.name or self.module.__name__
        if after is not None:
            done.continue_from(after)
        done.phase, done.only = phase, tuple(only)
        if params is not None:
            done.params = dict(params)
        if phase is Phase.RUN:
            done.attempt += 1
        return Assignment(
            task="projects/test/tasks/t1",
            uid="test",
            epoch=done.epoch,
            phase=phase,
            script=script,
            attempt=done.attempt,
            params=dict(done.params),
            context=self.context,
            ledger=tuple(done.ledger.values()),
            memos=dict(done.memos),
            targets=tuple(targets),
            environment=Environment(self.stores, self.profiles, {script.partition(".")[0]: self.settings}),
        )

    def _work(self, assignment: Assignment, session: MemorySession, stop: Stop) -> Done:
        if inspect(self.module).colour == "async":
            asyncio.run(runtime.run(self.module, assignment, session, stop))
        else:
            runtime.run_blocking(self.module, assignment, session, stop)
        return session.done


def run(
    module: ModuleType, params: Mapping[str, Any] | None = None, *, after: Done | None = None, **configured: Any
) -> Done:
    """Run the `main` of `module` once and return what it did; `configured` are the fields of Trial."""
    return Trial(module, **configured).run(params, after=after)
