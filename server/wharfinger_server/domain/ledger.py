"""The ledger's rules: when an intent may be written, what a report, a late report and a finding do to it.

Every function here is a decision over the entries of one task and nothing else; who may call it when (leases, epochs)
is decided in `task`. The rules were checked by exploring a model; the numbers in comments are the rules' numbers there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from wharfinger_server.domain import ids
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.failure import Failure
from wharfinger_server.domain.states import CLOSED, UNSETTLED_AT_SUCCESS, EntryState


@dataclass(slots=True)
class Entry:
    """One thing that a task makes, changes or adopts. `base` is the key, or for evidence `KEY~n` the key it belongs to.

    `burnt`: the cloud itself answered that it will not (or no longer) make this generation. `tried`: `find` was asked in
    this round of settling, `asked_time` when it last was asked too early to conclude. `settle_time`: from then on "not there" counts. `undo_deadline`: the end of the undo's own call window.
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
    update_time: int = 0
    undo_attempts: int = 0
    undo_deadline: int = 0
    asked_time: int = 0
    blocked_by: str = ""

    @property
    def open(self) -> bool:
        """Whether it is ours and may be alive or pending."""
        return self.owned and self.state not in CLOSED

    @property
    def is_evidence(self) -> bool:
        """Whether it is a `KEY~n`: a late or extra thing of the key `base`."""
        return self.key != self.base

    @property
    def version(self) -> tuple[int, int, str, int]:
        """What a finding or an undo was asked about; its result counts only if this is unchanged (rule 8)."""
        return (self.state, self.generation, self.external_id, self.epoch)


@dataclass(slots=True)
class Counts:
    """How many entries a task has: owned ones by state, and those that are not owned."""

    owned: dict[EntryState, int] = field(default_factory=dict)
    foreign: int = 0
    last_ordinal: int = 0

    def of(self, *states: EntryState) -> int:
        """Return how many owned entries are in one of `states`."""
        return sum(self.owned.get(state, 0) for state in states)

    @property
    def open(self) -> int:
        """Return how many entries are open."""
        return sum(n for state, n in self.owned.items() if state not in CLOSED)

    @property
    def unsettled(self) -> int:
        """Return how many owned entries forbid SUCCEEDED."""
        return self.of(*UNSETTLED_AT_SUCCESS)

    @property
    def total(self) -> int:
        """Return how many entries there are."""
        return self.foreign + sum(self.owned.values())

    def add(self, entry: Entry, sign: int) -> None:
        """Count `entry` in (`sign` 1) or out (`sign` -1)."""
        if entry.owned:
            self.owned[entry.state] = self.owned.get(entry.state, 0) + sign
        else:
            self.foreign += sign
        self.last_ordinal = max(self.last_ordinal, entry.ordinal)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a script is about to make: all that `find` and `undo` will need. Windows are microseconds."""

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
    idempotent: bool = False
    send_window: int = 10_000_000
    call_timeout: int = 120_000_000
    settling: int = 30_000_000


class Ledger:
    """Some or all entries of one task, with the changes made to them since they were loaded.

    A ledger loaded for some keys holds those keys with their evidence; `counts` is always of the whole task.
    """

    def __init__(self, uid: str, counts: Counts, entries: Iterable[Entry] = ()) -> None:
        self.uid = uid
        self.counts = counts
        self.entries: dict[str, Entry] = {entry.key: entry for entry in entries}
        self.changed: dict[str, Entry] = {}
        self.removed: set[str] = set()

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries.values()))

    def get(self, key: str) -> Entry | None:
        """Return the entry `key`, or None."""
        return self.entries.get(key)

    def put(self, entry: Entry) -> Entry:
        """Write `entry`, new or changed, and return it."""
        before = self.entries.get(entry.key)
        if before is not None:
            self.counts.add(before, -1)
        self.counts.add(entry, 1)
        self.entries[entry.key] = entry
        self.changed[entry.key] = entry
        self.removed.discard(entry.key)
        return entry

    def drop(self, entry: Entry) -> None:
        """Take out an evidence entry that turned out to be the key's own thing."""
        self.counts.add(self.entries.pop(entry.key), -1)
        self.changed.pop(entry.key, None)
        self.removed.add(entry.key)

    def family(self, base: str) -> list[Entry]:
        """Return the entry `base` and its evidence."""
        return [entry for entry in self if entry.base == base]

    # ------------------------------------------------------------------ intents and reports of a live attempt

    def intend(self, intent: Intent, epoch: int, now: int) -> Entry:
        """Write the intent and return its entry, INTENDED — or, when the key is CREATED already, that entry unchanged.

        Raises FailedPrecondition: REQUEST_CHANGED (rule 4), KEY_REUSED where the key is in a state that forbids it or
        evidence of it is open (rule 9).
        """
        entry = self.get(intent.key)
        if entry is None:
            return self._write_intent(intent, None, 1, epoch, now)
        if entry.request_digest and intent.request_digest != entry.request_digest:
            raise FailedPrecondition(
                "REQUEST_CHANGED",
                f"{intent.key} was intended before with other arguments; an attempt must ask for the same thing under the same key",
                {"key": intent.key},
            )
        if entry.state is EntryState.CREATED:
            return entry
        if entry.state not in (EntryState.NOT_CREATED, EntryState.UNDONE):
            raise FailedPrecondition(
                "KEY_REUSED",
                f"{intent.key} is {entry.state.name}; it cannot be made again before that is settled",
                {"key": intent.key},
            )
        if any(other.is_evidence and other.open for other in self.family(intent.key)):
            raise FailedPrecondition(
                "KEY_REUSED",
                f"something made under {intent.key} by an earlier attempt may be alive; resolve it first",
                {"key": intent.key},
            )
        # Rule 2: only what the cloud itself said, or an undo, frees the token. What `find` concluded does not.
        risen = entry.state is EntryState.UNDONE or entry.burnt
        return self._write_intent(intent, entry, entry.generation + risen, epoch, now)

    def _write_intent(self, intent: Intent, before: Entry | None, generation: int, epoch: int, now: int) -> Entry:
        send_by = now + intent.send_window
        return self.put(
            Entry(
                key=intent.key,
                base=intent.key,
                type=intent.type,
                state=EntryState.INTENDED,
                ordinal=before.ordinal if before else self.counts.last_ordinal + 1,
                generation=generation,
                token=ids.token(self.uid, intent.group or intent.key, generation),
                group=intent.group,
                epoch=epoch,
                step=intent.step,
                depends_on=intent.depends_on,
                request_digest=intent.request_digest,
                profile=intent.profile,
                region=intent.region,
                attributes=dict(intent.attributes),
                undo_data=intent.undo_data,
                idempotent=intent.idempotent,
                intent_time=now,
                send_by=send_by,
                settle_time=send_by + intent.call_timeout + intent.settling,
                update_time=now,
            )
        )

    def created(self, key: str, generation: int, external_id: str, epoch: int, now: int, *, live: bool) -> Entry | None:
        """Take a report that `key` was made as `external_id`; return the entry that changed, or None if nothing did.

        `live`: the reporting attempt holds the lease. Otherwise, or if the intent is not that attempt's, it is late
        evidence (rules 10–12).
        """
        entry = self.get(key)
        if live and entry and entry.state is EntryState.INTENDED and entry.epoch == epoch:
            for other in self.family(entry.base):
                if other.is_evidence and other.external_id == external_id:
                    self.drop(other)
            return self.put(
                replace(entry, state=EntryState.CREATED, external_id=external_id, error=None, update_time=now)
            )
        return self._late(entry, generation, external_id, epoch, now)

    def _late(self, entry: Entry | None, generation: int, external_id: str, epoch: int, now: int) -> Entry | None:
        if entry is None or any(
            e.external_id == external_id and (e.base == entry.base or e.type == entry.type) for e in self
        ):
            return None
        own = entry.epoch == epoch and entry.generation == generation and not entry.external_id
        if own and entry.state in (EntryState.INTENDED, EntryState.UNCERTAIN):
            return self.put(
                replace(entry, state=EntryState.CREATED, external_id=external_id, error=None, update_time=now)
            )
        if own and entry.state is EntryState.NOT_CREATED:
            return self.put(
                replace(entry, state=EntryState.UNCERTAIN, external_id=external_id, tried=False, update_time=now)
            )
        return self._evidence(entry, EntryState.UNCERTAIN, external_id, now, epoch=epoch, generation=generation)

    def _evidence(
        self, entry: Entry, state: EntryState, external_id: str, now: int, *, epoch: int, generation: int
    ) -> Entry:
        taken = {other.key for other in self.family(entry.base)}
        n = next(i for i in range(1, len(taken) + 2) if f"{entry.base}~{i}" not in taken)
        return self.put(
            replace(
                entry,
                key=f"{entry.base}~{n}",
                state=state,
                ordinal=self.counts.last_ordinal + 1,
                generation=generation,
                external_id=external_id,
                owned=True,
                epoch=epoch,
                error=None,
                asked_time=0,
                tried=False,
                burnt=False,
                undo_attempts=0,
                undo_deadline=0,
                blocked_by="",
                settle_time=min(entry.settle_time, now),
                update_time=now,
            )
        )

    def refused(self, key: str, epoch: int, error: Failure, now: int) -> Entry | None:
        """Take the cloud's own definite answer that it made nothing; None if the intent is no longer this attempt's."""
        entry = self.get(key)
        if entry is None or entry.state is not EntryState.INTENDED or entry.epoch != epoch:
            return None
        return self.put(replace(entry, state=EntryState.NOT_CREATED, burnt=True, error=error, update_time=now))

    def in_doubt(self, key: str, epoch: int, error: Failure, now: int, *, unnamed: bool = False) -> Entry | None:
        """Note why the answer of a call is not known. The entry stays INTENDED, to be settled; a part of a group that
        the answer did not name is UNCERTAIN at once (rule 3).
        """
        entry = self.get(key)
        if entry is None or entry.state is not EntryState.INTENDED or entry.epoch != epoch:
            return None
        state = EntryState.UNCERTAIN if unnamed else EntryState.INTENDED
        return self.put(replace(entry, state=state, error=error, update_time=now))

    def adopt(self, intent: Intent, external_id: str, epoch: int, now: int) -> Entry:
        """Write what was there before us: not owned, never undone by us. A key once intended stays owned (rule 5)."""
        entry = self.get(intent.key)
        if entry is not None and entry.state is EntryState.CREATED and entry.external_id == external_id:
            return entry
        owned = entry is not None and entry.owned
        ordinal = entry.ordinal if entry else self.counts.last_ordinal + 1
        return self.put(
            Entry(
                key=intent.key,
                base=intent.key,
                type=intent.type,
                state=EntryState.CREATED,
                ordinal=ordinal,
                generation=entry.generation if entry else 1,
                token=entry.token if entry else "",
                external_id=external_id,
                owned=owned,
                epoch=epoch,
                step=intent.step,
                depends_on=intent.depends_on,
                request_digest=intent.request_digest,
                profile=intent.profile,
                region=intent.region,
                attributes=dict(intent.attributes),
                intent_time=now,
                update_time=now,
            )
        )

    # ------------------------------------------------------------------ taking away

    def undoing(self, key: str, deadline: int, now: int) -> Entry:
        """Write that `key` is about to be taken away; refuse what is not ours or not alive."""
        entry = self.get(key)
        if entry is None:
            raise FailedPrecondition("KEY_UNKNOWN", f"the ledger has no {key}", {"key": key})
        alive = entry.state in (EntryState.CREATED, EntryState.UNDOING, EntryState.UNDO_FAILED) or (
            entry.state is EntryState.UNCERTAIN and entry.external_id != ""  # rule 18
        )
        if not entry.owned or not alive:
            raise FailedPrecondition(
                "KEY_REUSED",
                f"{key} is {entry.state.name}{'' if entry.owned else ', not owned'}; it cannot be removed",
                {"key": key},
            )
        return self.put(
            replace(
                entry,
                state=EntryState.UNDOING,
                undo_deadline=deadline,
                undo_attempts=entry.undo_attempts + 1,
                update_time=now,
            )
        )

    def undone(self, key: str, error: Failure | None, now: int) -> Entry | None:
        """Take the result of taking `key` away: UNDONE, or UNDO_FAILED with the error. None if it is not UNDOING."""
        entry = self.get(key)
        if entry is None or entry.state is not EntryState.UNDOING:
            return None
        state = EntryState.UNDO_FAILED if error else EntryState.UNDONE
        return self.put(replace(entry, state=state, error=error, tried=error is not None, update_time=now))

    def undo_interrupted(self, now: int) -> list[Entry]:
        """Write UNDO_FAILED for what was being taken away when its attempt ended; return those entries."""
        halted = [entry for entry in self if entry.state is EntryState.UNDOING]
        return [self.put(replace(entry, state=EntryState.UNDO_FAILED, update_time=now)) for entry in halted]

    # ------------------------------------------------------------------ settling

    def to_settle(self) -> list[Entry]:
        """Return what must be looked for before anything is tried again: INTENDED, and UNCERTAIN not looked for yet."""
        return [
            e
            for e in self
            if e.state is EntryState.INTENDED or (e.state is EntryState.UNCERTAIN and e.owned and not e.tried)
        ]

    def begin_round(self) -> None:
        """Forget what was looked for in an earlier round, so that UNCERTAIN entries are looked for once more."""
        for entry in self:
            if entry.tried:
                self.put(replace(entry, tried=False))

    def cannot_tell(self, key: str, version: tuple[int, int, str, int], error: Failure, now: int) -> Entry | None:
        """Take `find`'s failure: UNCERTAIN, and nobody guesses. None if the entry moved on since it was asked (rule 8)."""
        entry = self.get(key)
        if entry is None or entry.version != version:
            return None
        return self.put(replace(entry, state=EntryState.UNCERTAIN, tried=True, error=error, update_time=now))

    def found(
        self, key: str, version: tuple[int, int, str, int], found_ids: Sequence[str], asked: int, now: int
    ) -> list[Entry]:
        """Take what `find` answered when asked at `asked`: all ids that carry the token or tag. Return the changed entries.

        An empty list back means that the answer came too early to count, or that the entry moved on (rules 6–8).
        """
        entry = self.get(key)
        if entry is None or entry.version != version or entry.state not in (EntryState.INTENDED, EntryState.UNCERTAIN):
            return []
        settled = asked >= entry.settle_time
        if found_ids and not entry.idempotent and not settled:
            self.put(replace(entry, asked_time=asked))
            return []  # rule 6: without tokens a second one may still land
        if entry.external_id and entry.external_id not in found_ids:
            return [self.put(replace(entry, state=EntryState.UNCERTAIN, tried=True, update_time=now))]
        if entry.is_evidence:
            return self._found_evidence(entry, now)
        mine = [i for i in dict.fromkeys(found_ids) if not self._held_by_another(entry, i)]
        if entry.external_id:
            mine = [entry.external_id, *(i for i in mine if i != entry.external_id)]
        if not mine:
            if not settled:
                self.put(replace(entry, asked_time=asked))
                return []
            return [self.put(replace(entry, state=EntryState.NOT_CREATED, external_id="", error=None, update_time=now))]
        changed = [self.put(replace(entry, state=EntryState.CREATED, external_id=mine[0], error=None, update_time=now))]
        if entry.group:
            return changed  # the other ids of a group token are other parts' (rule 3)
        for extra in mine[1:]:  # rule 7: two are alive; both are listed
            changed.append(
                self._evidence(entry, EntryState.UNCERTAIN, extra, now, epoch=entry.epoch, generation=entry.generation)
            )
        return changed

    def _held_by_another(self, entry: Entry, external_id: str) -> bool:
        return any(e.key != entry.key and e.type == entry.type and e.external_id == external_id for e in self)

    def _found_evidence(self, entry: Entry, now: int) -> list[Entry]:
        base = self.get(entry.base)
        if base is not None and base.state in (EntryState.NOT_CREATED, EntryState.UNDONE):
            self.drop(entry)  # the key has nothing else: the evidence is its thing
            taken = replace(
                base,
                state=EntryState.CREATED,
                external_id=entry.external_id,
                generation=max(base.generation, entry.generation),
                owned=True,
                error=None,
                update_time=now,
            )
            return [self.put(taken)]
        return [self.put(replace(entry, state=EntryState.CREATED, error=None, update_time=now))]
