"""The record of a trial: all that a script did, for a test to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from wharfinger.ledger import entry as entries
from wharfinger.ledger.states import EntryState
from wharfinger.runtime.protocol import Entry, Failure, Intent, Outcome, Phase, Progress, Stopped, Succeeded
from wharfinger.runtime.script_values import entry_for_script


@dataclass(slots=True)
class Finding:
    """What `find` answered for a key: all ids, or None with the failure."""

    key: str
    ids: list[str] | None
    failure: Failure | None = None


@dataclass(slots=True)
class Look:
    """What `exists` answered for a key: whether it is there, or None with the failure; `state` is its cloud's word."""

    key: str
    shown: bool | None
    state: str = ""
    failure: Failure | None = None


@dataclass(slots=True)
class Done:
    """What a script did. `log` holds (level, line), with level 1 debug to 4 error; `errors` why an entry is what it is.

    `late` holds what was reported after the lease was lost, as (key, id); `history` the reports in their order, as
    (verb, key). `ledger` is what a script sees; `records` are the entries with all that the ledger keeps of them.
    A test may put another `Entry` into `ledger`, for the next attempt to begin with. `phase` is what the attempt was
    for, `epoch` counts all of them, `only` are the keys that a rollback is about, none: all.
    """

    outcome: Outcome | None = None
    ledger: dict[str, Entry] = field(default_factory=dict)
    errors: dict[str, Failure] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)
    log: list[tuple[int, str]] = field(default_factory=list)
    memos: dict[str, bytes] = field(default_factory=dict)
    plan: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    looked: list[Look] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    records: dict[str, entries.Entry] = field(default_factory=dict, repr=False)
    intents: dict[str, Intent] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    epoch: int = 1
    phase: Phase = Phase.RUN
    only: tuple[str, ...] = ()

    def continue_from(self, before: Done) -> None:
        """Take over params, ledger and memos of an earlier attempt, and count on from it."""
        self.params = dict(before.params)
        self.memos = dict(before.memos)
        self.errors = dict(before.errors)
        self.attempt = before.attempt
        self.epoch = before.epoch + 1
        self.records = {
            key: _record(before.records.get(key), entry, place)
            for place, (key, entry) in enumerate(before.ledger.items(), 1)
        }
        self.ledger = {key: entry_for_script(record) for key, record in self.records.items()}

    def note(self, verb: str, entry: entries.Entry) -> None:
        """Keep what became of an entry, under the verb of the report that changed it."""
        self.records[entry.key] = entry
        self.ledger[entry.key] = entry_for_script(entry)
        if entry.error is not None:
            self.errors[entry.key] = entry.error
        self.history.append((verb, entry.key))

    def forget(self, key: str) -> None:
        """Leave out an entry that turned out to be another one's thing."""
        self.records.pop(key, None)
        self.ledger.pop(key, None)

    @property
    def result(self) -> dict[str, Any]:
        """What `main` returned. Raises AssertionError, saying how it ended, if it did not return."""
        if not isinstance(self.outcome, Succeeded):
            raise AssertionError(f"the script did not return: {self.outcome}")  # noqa: TRY004
        value: dict[str, Any] = json.loads(self.outcome.result)
        return value

    @property
    def failure(self) -> Failure:
        """Why it failed. Raises AssertionError, saying how it ended, if it did not fail."""
        if not isinstance(self.outcome, Failure):
            raise AssertionError(f"the script did not fail: {self.outcome}")  # noqa: TRY004
        return self.outcome

    @property
    def stopped(self) -> bool:
        """Whether it ended because it was asked to stop."""
        return isinstance(self.outcome, Stopped)

    @property
    def lines(self) -> list[str]:
        """The lines of the log without their levels."""
        return [line for _, line in self.log]


def _record(known: entries.Entry | None, seen: Entry, place: int) -> entries.Entry:
    """Return an entry as it is kept: what is `known` of it, with what a test put in its place."""
    if known is not None and entry_for_script(known) == seen:
        return known
    state = EntryState[seen.state]
    base = entries.base_of(seen.key)
    kept = known or entries.Entry(key=seen.key, base=base, type=seen.type, state=state, ordinal=place)
    return replace(
        kept,
        type=seen.type,
        state=state,
        generation=seen.generation,
        token=seen.token,
        external_id=seen.external_id,
        owned=seen.owned,
        step=seen.step,
        group=seen.group,
        profile=seen.profile,
        region=seen.region,
        attributes=dict(seen.attributes),
        depends_on=seen.depends_on,
        undo_data=seen.undo_data,
        number=seen.number,
    )
