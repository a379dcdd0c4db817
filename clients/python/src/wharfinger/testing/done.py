"""The record of a trial: all that a script did, for a test to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from wharfinger.runtime.protocol import Entry, Failure, Intent, Outcome, Progress, Stopped, Succeeded


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
    (verb, key).
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
    digests: dict[str, str] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0

    def continue_from(self, before: Done) -> None:
        """Take over params, ledger and memos of an earlier attempt, and count on from it."""
        self.params = dict(before.params)
        self.ledger = dict(before.ledger)
        self.memos = dict(before.memos)
        self.digests = dict(before.digests)
        self.errors = dict(before.errors)
        self.attempt = before.attempt

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
