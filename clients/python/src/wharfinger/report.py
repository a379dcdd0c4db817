"""A half-done task in words: what exists, what is uncertain, what was never begun, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import Protocol

from wharfinger.models import Failure, LedgerEntry, LedgerEntryState, LeftoverCost, Task
from wharfinger.prices import Money

_WIDE = Context(prec=100)
_FINE = Decimal(1).scaleb(-12)
_ACTIONS = {
    "RESUME": "resume it: what exists is used again and only the rest is done",
    "ROLL_BACK": "roll it back: what it made is undone, children first",
    "RESOLVE": "resolve single entries: say what exists, keep it or forget it",
}
_BY_HAND = "this server offers no way to go on with it: check what may exist, and remove by hand what must not stay"


class HalfDone(Protocol):
    """What is known of a half-done task: `wharfinger.PartialFailure` is it."""

    task: Task
    failure: Failure | None
    failed_step: str
    not_attempted: tuple[str, ...]
    cost: LeftoverCost | None
    allowed_actions: tuple[str, ...]
    resume_version: str

    @property
    def rollback_failure(self) -> Failure | None:
        """Why the latest rollback stopped."""
        ...

    @property
    def created(self) -> tuple[LedgerEntry, ...]:
        """The leftovers that exist."""
        ...

    @property
    def uncertain(self) -> tuple[LedgerEntry, ...]:
        """The leftovers of which nobody can tell whether they exist."""
        ...


def partial_failure_report(error: HalfDone, ways: Sequence[str] = ()) -> str:
    """Return the report of `error`, several lines without a final line end; `ways` say what can be done, if given."""
    return "\n".join(_lines(error, ways))


def _lines(error: HalfDone, ways: Sequence[str]) -> Iterator[str]:
    task = error.task
    why = str(error.failure or "no reason was given")
    where = f" in step {error.failed_step}" if error.failed_step else ""
    yield f"{task.name} ({task.script}) is {task.state}{where}: {why}"
    if error.rollback_failure is not None:
        yield f"  its rollback stopped: {error.rollback_failure}"
    yield from _section("created", error.created)
    yield from _section("uncertain, may or may not exist", error.uncertain)
    if error.not_attempted:
        yield f"  not attempted ({len(error.not_attempted)}):"
        yield from (f"    {key}" for key in error.not_attempted)
    if error.cost is not None and (cost := cost_words(error.cost)):
        yield f"  cost while they live: {cost}"
    known = [_ACTIONS[action] for action in error.allowed_actions if action in _ACTIONS]
    if error.resume_version:
        by = f"resume it with script_version {error.resume_version}:"
        known = [action.replace("resume it:", by) for action in known]
    yield "  what can be done:"
    yield from (f"    {way}" for way in ways or known or [_BY_HAND])


def _section(title: str, resources: Sequence[LedgerEntry]) -> Iterator[str]:
    if not resources:
        return
    yield f"  {title} ({len(resources)}):"
    for resource in resources:
        yield "    " + describe_resource(resource)


def describe_resource(resource: LedgerEntry) -> str:
    """Return one line about a ledger entry: type, id, key, where it is, and what is wrong with it."""
    told = [resource.type, resource.external_id or "(id unknown)", f"key {resource.key}", place_of(resource)]
    notes = notes_on(resource)
    if resource.state not in (LedgerEntryState.CREATED, LedgerEntryState.UNCERTAIN):
        notes.insert(0, resource.state.value)
    return "  ".join(part for part in (*told, f"({'; '.join(notes)})" if notes else "") if part)


def notes_on(resource: LedgerEntry) -> list[str]:
    """Return what is wrong with a ledger entry, and what blocks its undo."""
    blocked = f"blocked by {resource.blocked_by}" if resource.blocked_by else ""
    return [note for note in (str(resource.failure or ""), blocked) if note]


def place_of(resource: LedgerEntry) -> str:
    """Return where the thing is: its store, profile and region, as far as they are known."""
    named = (
        ("store", resource.attributes.get("store", "")),
        ("profile", resource.profile),
        ("region", resource.region),
    )
    return "  ".join(f"{kind} {value}" for kind, value in named if value)


def cost_words(cost: LeftoverCost) -> str:
    """Return what leftovers cost in words; what is unknown is told apart, and never counted as nothing."""
    parts = [f"{money_words(money)} an hour" for money in cost.known_hourly]
    if cost.unpriced:
        parts.append(f"{cost.unpriced} without a known price")
    if cost.uncertain:
        parts.append(f"{cost.uncertain} uncertain")
    return ", ".join(parts)


def money_words(money: Money) -> str:
    """Return an amount for people: to 12 decimals, unless nothing would be left of it. Programs get the exact one."""
    rounded = _WIDE.quantize(money.amount, _FINE)
    return f"{_WIDE.normalize(rounded) if rounded else money.amount:f} {money.currency}"
