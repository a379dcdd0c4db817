"""One entry of a task's ledger, what an intent of one holds, and how many entries a task has."""

from __future__ import annotations

from dataclasses import dataclass, field

from wharfinger.ledger.costs import Cost, Costs
from wharfinger.ledger.failure import Failure
from wharfinger.ledger.states import (
    CLOSED,
    DOUBTFUL,
    HANDED_OVER,
    LOOKED_AT,
    SOUGHT,
    UNSETTLED_AT_SUCCESS,
    EntryState,
)

Version = tuple[int, int, str, int]
"""An entry's state, generation, external id and intent epoch: what a finding or an undo was asked about (rule 8)."""


def base_of(key: str) -> str:
    """Return the key that `key` is, or that it is evidence of: `a` for `a` and for `a~1`."""
    return key.partition("~")[0]


@dataclass(slots=True)
class Entry:
    """One thing that a task makes, changes or adopts. Never changed in place: `Ledger.put` takes the changed copy.

    `base` is the key, or for evidence `KEY~n` the key it belongs to. `burnt`: the cloud itself answered that it will
    not (or no longer) make this generation. `tried`: this round of settling asked for it already. `asked_early`:
    `find` was asked too early to conclude. `settle_time`: from then on "not there" counts; it ends a window of
    `settle_window`, and `settling` is how long after a call what it did can be seen at the latest. `undo_deadline`:
    until then the last undo may take effect, which is a window of `undo_window`; `undo_begun` counts the undos that
    began in this rollback, the last of which failed at `undo_failed_time`. `look`: it waits to be looked at by its id,
    from `look_time` on, after `looks` that decided nothing; `denied_time` is when the last denial that counts was
    answered, 0 for none. All these are times of the steady clock (rule 33); the other times are the wall clock's, for
    showing. `cost`: the line of the task's estimate that tells what it costs, None where there is none.
    `was_own`: it was its key's own thing until the provider said that there is no such thing (rule 28).
    `number`: of its last intent; one attempt may have several of a key (rule 21).
    """

    key: str
    base: str
    type: str
    state: EntryState
    ordinal: int
    generation: int = 1
    token: str = ""
    group: str = ""
    external_id: str = ""
    owned: bool = True
    epoch: int = 0
    step: str = ""
    depends_on: tuple[str, ...] = ()
    request_digest: str = ""
    profile: str = ""
    region: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    undo_data: str = ""
    error: Failure | None = None
    burnt: bool = False
    tried: bool = False
    idempotent: bool = False
    intent_time: int = 0
    send_by: int = 0
    settle_time: int = 0
    settle_window: int = 0
    settling: int = 30_000_000
    temporary: bool = False
    update_time: int = 0
    undo_attempts: int = 0
    undo_deadline: int = 0
    undo_window: int = 0
    undo_begun: int = 0
    undo_failed_time: int = 0
    asked_early: bool = False
    look: bool = False
    look_time: int = 0
    looks: int = 0
    denied_time: int = 0
    blocked_by: str = ""
    cost: Cost | None = None
    was_own: bool = False
    number: int = 0

    @property
    def open(self) -> bool:
        """Whether it is ours and may be alive or pending."""
        return self.owned and self.state not in CLOSED

    @property
    def is_evidence(self) -> bool:
        """Whether it is a `KEY~n`: a late or extra thing of the key `base`."""
        return self.key != self.base

    @property
    def sought(self) -> bool:
        """Whether `find` may still say something about it."""
        return self.state in SOUGHT

    @property
    def doubtful(self) -> bool:
        """Whether its thing may not exist."""
        return self.state in DOUBTFUL

    @property
    def nameless(self) -> bool:
        """Whether something may exist under its token of which nobody knows the id yet."""
        return self.sought and not self.external_id

    @property
    def awaits_look(self) -> bool:
        """Whether it is to be looked at by its id."""
        return self.look and self.owned and self.external_id != "" and self.state in LOOKED_AT

    @property
    def version(self) -> Version:
        """What a finding or an undo was asked about; its result counts only if this is unchanged (rule 8)."""
        return (self.state, self.generation, self.external_id, self.epoch)

    def is_thing(self, other: Entry, external_id: str) -> bool:
        """Whether this entry holds the thing `external_id` of the kind and the place of `other`."""
        return self.external_id == external_id and (
            self.base == other.base
            or (self.type, self.profile, self.region) == (other.type, other.profile, other.region)
        )


@dataclass(slots=True)
class Counts:
    """How many entries a task has.

    `owned` counts by state those that are ours, and with them those that were ours until a person took them over
    (RETAINED, FORGOTTEN); `foreign` counts those that never were. `costs` are the sums of what is open and has a price,
    None while nothing ever had one. `looks` counts those that wait to be looked at by their id.
    """

    owned: dict[EntryState, int] = field(default_factory=dict)
    foreign: int = 0
    last_ordinal: int = 0
    costs: Costs | None = None
    looks: int = 0

    def of(self, *states: EntryState) -> int:
        """Return how many entries are in one of `states`, without those that were never ours."""
        return sum([self.owned.get(state, 0) for state in states]) if self.owned else 0

    @property
    def open(self) -> int:
        """Return how many entries are open."""
        return sum([n for state, n in self.owned.items() if state not in CLOSED]) if self.owned else 0

    @property
    def unsettled(self) -> int:
        """Return how many owned entries forbid SUCCEEDED."""
        return self.of(*UNSETTLED_AT_SUCCESS)

    @property
    def sought(self) -> int:
        """Return how many owned entries are INTENDED or UNCERTAIN."""
        return self.of(*SOUGHT)

    @property
    def doubtful(self) -> int:
        """Return how many owned entries are of things that may not exist."""
        return self.of(*DOUBTFUL)

    @property
    def total(self) -> int:
        """Return how many entries there are."""
        return self.foreign + sum(self.owned.values())

    def add(self, entry: Entry, sign: int) -> None:
        """Count `entry` in (`sign` 1) or out (`sign` -1)."""
        if entry.owned or entry.state in HANDED_OVER:
            self.owned[entry.state] = self.owned.get(entry.state, 0) + sign
        else:
            self.foreign += sign
        self.looks += sign if entry.awaits_look else 0
        if entry.cost is not None and entry.cost.hourly is not None and entry.open:
            self.costs = self.costs or Costs()
            self.costs.move(entry.cost.hourly, sign, alive=not entry.doubtful, evidence=entry.is_evidence)
        self.last_ordinal = max(self.last_ordinal, entry.ordinal)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a script is about to make: all that `find` and `undo` will need. Windows are microseconds.

    The call is sent within `send_window` after the intent was reported, takes at most `call_timeout`, and what it made
    can be listed `settling` later. `temporary`: it is undone when the task is cancelled, whatever the policy.
    """

    key: str
    type: str
    request_digest: str = ""
    step: str = ""
    group: str = ""
    profile: str = ""
    region: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    undo_data: str = ""
    cost: Cost | None = None
    idempotent: bool = False
    send_window: int = 10_000_000
    call_timeout: int = 120_000_000
    settling: int = 30_000_000
    temporary: bool = False
