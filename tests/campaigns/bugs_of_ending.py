"""Bugs in how tasks end, how things are undone, and what people may say: rules 13 to 20."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import removing, undo, verdict
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import CLOSED, Cause, EntryState, Phase, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger.runtime import undoing
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.attempt import Attempt

BUGS = Catalogue()


@BUGS.bug("13")
def result_taken_while_uncertain(ground: Ground) -> None:
    """A script that swallowed a timeout has succeeded."""

    def spoiled(self: Task, result: bytes, now: int) -> None:
        if self.state is not TaskState.RUNNING:
            right(self, result, now)
            return
        self._end_lease(now)
        self.result, self.state = result, TaskState.SUCCEEDED
        self._rest(Cause.SUCCESS, now)

    right = ground.put(Task, "finished", spoiled)


@BUGS.bug("14")
def success_forgotten(ground: Ground) -> None:
    """A success whose evidence is resolved is not a success any more."""

    def spoiled(self: Task) -> TaskState:
        cause = self.cause
        self.cause = Cause.FAIL if cause is Cause.SUCCESS else cause
        try:
            return right(self)  # type: ignore[no-any-return]
        finally:
            self.cause = cause

    right = ground.put(Task, "rest_state", spoiled)


@BUGS.bug("15")
def cancel_loses_against_a_result(ground: Ground) -> None:
    """A result that comes while the task is being cancelled counts."""

    def spoiled(self: Task, result: bytes, now: int) -> None:
        if self.state is TaskState.CANCELLING:
            self.state = TaskState.RUNNING
        right(self, result, now)

    right = ground.put(Task, "finished", spoiled)


@BUGS.bug("15")
def epoch_kept_at_the_end_of_a_lease(ground: Ground) -> None:
    """Only a new lease raises the epoch."""

    def spoiled(self: Task, now: int, error: Any = None) -> None:
        epoch = self.epoch
        right(self, now, error)
        self.epoch = epoch

    right = ground.put(Task, "_end_lease", spoiled)


@BUGS.bug("16")
def undo_stops_at_the_first_failure(ground: Ground) -> None:
    """What one undo could not take away keeps all others from being tried."""

    def spoiled(self: undo.Order, busy: Any = ()) -> list[Entry]:
        if any(entry.state is EntryState.UNDO_FAILED for entry in self._entries):
            return []
        return right(self, busy)  # type: ignore[no-any-return]

    right = ground.put(undo.Order, "ready", spoiled)
    for colour in undoing.Calls.__subclasses__():
        _one_by_one(ground, colour)


def _one_by_one(ground: Ground, colour: Any) -> None:
    async def first_only(self: Any, work: Any, items: Any, width: int) -> None:
        await each(self, work, list(items)[:1] if work.__name__ == "one" else items, width)

    each = ground.put(colour, "each", first_only)


@BUGS.bug("16")
def parents_first(ground: Ground) -> None:
    """What other things stand on is undone before them."""
    ground.put(undo.Order, "blocker", lambda self, entry, gone=(): "")
    ground.put(undo, "_newest_first", lambda entries: sorted(entries, key=lambda entry: entry.ordinal))
    ground.put(undoing, "_alive_children", lambda entries: defaultdict(int))


@BUGS.bug("17")
def retain_keeps_only_what_is_named(ground: Ground) -> None:
    """What a kept thing stands on is not kept with it."""

    def spoiled(ledger: Any, retain: Any, now: int) -> list[Entry]:
        return [entry for entry in right(ledger, retain, now) if entry.key in retain]

    right = ground.put(undo, "retention", spoiled)


@BUGS.bug("17")
def unknown_keys_ignored(ground: Ground) -> None:
    """A key that the ledger does not have is passed over."""

    def spoiled(ledger: Any, retain: Any, now: int) -> list[Entry]:
        return right(ledger, [key for key in retain if ledger.get(key)], now)  # type: ignore[no-any-return]

    ground.put(undo, "check_keys", lambda ledger, only: None)
    right = ground.put(undo, "retention", spoiled)


@BUGS.bug("17")
def only_fails_while_others_are_open(ground: Ground) -> None:
    """A rollback of some things is called a failure for what it was not about."""

    def spoiled(self: Task, now: int, *, halted: bool, done: bool, error: Any = None) -> None:
        right(self, now, halted=halted, done=done and not self.counts.open, error=error)

    right = ground.put(Task, "undo_ended", spoiled)


@BUGS.bug("18")
def retained_inside_the_undo_window(ground: Ground) -> None:
    """A thing is handed over while a call that deletes it may be on its way."""

    def spoiled(entry: Entry, said: Verdict, *times: int) -> Any:
        return objection(replace(entry, undo_deadline=0), said, *times)

    objection = ground.put(verdict, "objection", spoiled)
    ground.put(undo, "objection", spoiled)


@BUGS.bug("18")
def uncertain_with_an_id_not_undone(ground: Ground) -> None:
    """What has an id and is uncertain is left alone."""

    def spoiled(entry: Entry) -> bool:
        return entry.state is not EntryState.UNCERTAIN and bool(right(entry))

    right = ground.put(removing, "removable", spoiled)
    ground.put(undo, "removable", spoiled)


@BUGS.bug("19")
def remove_counts_as_undo(ground: Ground) -> None:
    """What a script takes away itself forbids to resume its task."""

    async def spoiled(self: Attempt, key: str, window: float) -> Any:
        entry = await removing_(self, key, window)
        if self.phase is Phase.RUN:
            await self._write(lambda work: setattr(work.task, "undo_begun", True))
        return entry

    removing_ = ground.put(Attempt, "removing", spoiled)


@BUGS.bug("19")
def resumed_after_undo(ground: Ground) -> None:
    """A task may run again though its things have begun to be undone."""

    def spoiled(self: Task) -> None:
        self.undo_begun = False
        right(self)

    right = ground.put(Task, "resume", spoiled)


@BUGS.bug("20")
def verdict_before_settling(ground: Ground) -> None:
    """People may say that nothing is there while a call is on its way."""

    def spoiled(entry: Entry, said: Verdict, *times: int) -> Any:
        return objection(replace(entry, settle_time=0), said, *times)

    objection = ground.put(verdict, "objection", spoiled)


@BUGS.bug("20")
def retained_without_an_id(ground: Ground) -> None:
    """A person takes over what nobody knows the id of."""

    def spoiled(entry: Entry, said: Verdict, *times: int) -> Any:
        return objection(entry if entry.external_id else replace(entry, external_id="?"), said, *times)

    objection = ground.put(verdict, "objection", spoiled)


@BUGS.bug("20")
def one_id_in_two_entries(ground: Ground) -> None:
    """A person may give an id to an entry that another one has."""
    ground.put(verdict.Ledger, "holder", lambda self, entry, external_id: None)


@BUGS.bug("20")
def handed_over_and_kept(ground: Ground) -> None:
    """What a person took over is still ours."""

    def spoiled(entry: Entry, state: EntryState, now: int) -> Entry:
        return replace(right(entry, state, now), owned=True)

    right = ground.put(verdict, "hand_over", spoiled)
    ground.put(undo, "hand_over", spoiled)


@BUGS.bug("invariant 7")
def first_error_overwritten(ground: Ground) -> None:
    """A rollback that fails tells its own error as why the task failed."""

    def spoiled(self: Task, now: int, *, halted: bool, done: bool, error: Any = None) -> None:
        right(self, now, halted=halted, done=done, error=error)
        self.error = error or self.error

    right = ground.put(Task, "undo_ended", spoiled)


@BUGS.bug("invariant 11")
def deleted_with_something_open(ground: Ground) -> None:
    """A task is deleted though something that it made may be alive."""

    def spoiled(self: Task, now: int) -> None:
        counts, self.counts = self.counts, type(self.counts)()
        try:
            right(self, now)
        finally:
            self.counts = counts

    right = ground.put(Task, "delete", spoiled)


@BUGS.bug("3 of the house")
def failed_with_something_open(ground: Ground) -> None:
    """A task that failed forgets what it made."""

    def spoiled(self: Task, now: int) -> None:
        owned = self.counts.owned
        self.counts.owned = {state: n for state, n in owned.items() if state in CLOSED}
        try:
            right(self, now)
        finally:
            self.counts.owned = owned

    right = ground.put(Task, "conclude", spoiled)
