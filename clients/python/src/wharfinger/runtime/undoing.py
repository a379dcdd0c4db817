"""Undoing what a task made: children before what they depend on, past failures, and never half."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from wharfinger.runtime import reasons, removal
from wharfinger.runtime.calls import Calls
from wharfinger.runtime.endings import Stop, trace_of
from wharfinger.runtime.limits import check_whole
from wharfinger.runtime.making import as_resource
from wharfinger.runtime.protocol import (
    Assignment,
    Entry,
    Failure,
    LeaseLost,
    Outcome,
    Rejected,
    Removal,
    Session,
    Stopped,
    Succeeded,
)
from wharfinger.runtime.script_module import ScriptModule
from wharfinger.runtime.steady import steady
from wharfinger.script.errors import NotSent
from wharfinger.script.resource import ResourceType

WIDTH = 16
"""How many undos are called at once."""

GONE = frozenset({"NOT_CREATED", "UNDONE", "FORGOTTEN"})
"""States of a child that no longer stands in its parent's way."""


class Attempt(Protocol):
    """What undoing needs of the attempt that it is."""

    script: ScriptModule
    assignment: Assignment
    session: Session
    stop: Stop
    task: Any
    calls: Calls


async def undo_all(attempt: Attempt) -> Outcome:
    """UNDO: call the script's `undo` for every target, wave by wave; a failure stops only what depends on it."""
    states = {entry.key: entry for entry in attempt.assignment.ledger}
    left = {key: states[key] for key in attempt.assignment.targets if key in states}
    alive = _alive_children(states)
    gone: list[Entry] = []
    undo = attempt.script.undo
    if undo is None:
        why = f"{attempt.script.name} has no `undo`"
        return Failure(reasons.UNIMPLEMENTED, "NOT_SUPPORTED", why, metadata={"feature": "undo"})

    async def one(entry: Entry) -> None:
        """Undo one thing, to its end, though the attempt is cancelled meanwhile."""
        if not attempt.stop.requested and await attempt.calls.unbroken(_undo(attempt, undo, entry)):
            gone.append(entry)

    wave = [entry for entry in left.values() if not alive.get(entry.key)]
    order = {key: place for place, key in enumerate(left)}
    while left and not attempt.stop.requested:
        # The targets come in the order of undo: of things that wait for each other, the first goes first.
        wave = wave or [entry for entry in left.values() if _waits_for_itself(entry, states)][:1]
        if not wave:
            break  # what is left waits for children that stay; the ledger says which
        gone.clear()
        for entry in wave:
            del left[entry.key]
        await attempt.calls.each(one, wave, WIDTH)
        freed = _freed(gone, alive)
        wave = sorted((left[key] for key in freed if key in left), key=lambda entry: order[entry.key])
    return Stopped() if attempt.stop.requested else Succeeded(b"{}")


def _alive_children(entries: Mapping[str, Entry]) -> dict[str, int]:
    """Return how many children of each key are not gone."""
    alive: dict[str, int] = {}
    for child in entries.values():
        if child.state not in GONE:
            for parent in _parents(child):
                alive[parent] = alive.get(parent, 0) + 1
    return alive


def _freed(gone: Iterable[Entry], alive: dict[str, int]) -> list[str]:
    """Count what is gone out; return the keys that wait for nothing any more."""
    freed = []
    for child in gone:
        for parent in _parents(child):
            alive[parent] -= 1
            if not alive[parent]:
                freed.append(parent)
    return freed


def _parents(child: Entry) -> set[str]:
    return {parent for parent in child.depends_on if parent != child.key}


def _waits_for_itself(entry: Entry, entries: Mapping[str, Entry]) -> bool:
    """Whether the entry depends on itself, by way of others."""
    seen: set[str] = set()
    todo = list(entry.depends_on)
    while todo:
        key = todo.pop()
        if key == entry.key:
            return True
        if key not in seen:
            seen.add(key)
            todo += entries[key].depends_on if key in entries else ()
    return False


async def _undo(attempt: Attempt, undo: Callable[..., Awaitable[Any]], entry: Entry) -> bool:
    """Undo one thing and report how that went; return whether the provider says that it is gone for good."""
    window = attempt.script.resource_types.get(entry.type, ResourceType()).call_timeout
    begun = steady()  # before the report: the ledger's window is never shorter than ours
    try:
        present = await attempt.session.removing(entry.key, window)
    except Rejected as refused:
        attempt.session.log(3, f"{entry.key} is not undone: {refused.failure.message}")
        return False
    failure: Failure | None = None
    left = window - (steady() - begun)
    try:
        if left <= 0:
            raise NotSent(f"the call to undo {entry.key} would have come too late, and was not sent")
        check_whole(entry.key, present.external_id)
        how = removal.of_answer(await attempt.calls.call(undo, attempt.task, as_resource(present), timeout=left))
    except (LeaseLost, asyncio.CancelledError):
        raise
    # Whatever else an undo raises is that undo's failure; SystemExit would leave its task and end the loop.
    except BaseException as error:  # noqa: BLE001
        how, failure = removal.of_error(error, attempt.script.module)
        if how is Removal.LOST:
            for line in trace_of(error):
                attempt.session.log(1, line)
    await attempt.session.removed(entry.key, present.undo, how, failure)
    return how is Removal.COMPLETE
