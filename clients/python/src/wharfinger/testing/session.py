"""A session that keeps everything in memory, with the rules of the ledger that a script meets."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wharfinger.runtime.protocol import (
    Entry,
    Failure,
    Intent,
    LeaseLost,
    Outcome,
    Progress,
    Rejected,
    Removal,
    Session,
)
from wharfinger.testing.done import Done, Finding, Look

_PRECONDITION = 9
_REMOVED = {
    Removal.COMPLETE: "UNDONE",
    Removal.ACCEPTED: "UNDOING",
    Removal.NOT_FOUND: "UNDOING",
    Removal.REFUSED: "UNDO_FAILED",
    Removal.LOST: "UNDO_FAILED",
}


class MemorySession:
    """A Session that keeps everything in a `Done`. With `lease_lost` set every report raises LeaseLost."""

    def __init__(self, done: Done, uid: str = "test") -> None:
        self.done = done
        self.uid = uid
        self.lease_lost = False
        self._used: dict[str, tuple[str, ...]] = {}  # with which other keys each was intended
        self._lock = threading.RLock()

    def blocking(self) -> Session:
        """Return itself: nothing here ever waits."""
        return self

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Write the intents, all or none."""
        with self._lock:
            self._live()
            if len({intent.key for intent in intents}) < len(intents):
                raise _rejected("KEY_REUSED", "a key stands twice in one call", intents[0].key)
            for intent in intents:
                self._may_intend(intent)
            before = (self.done.ledger.get(intent.key) for intent in intents)
            number = 1 + max((entry.number for entry in before if entry), default=0)
            together = tuple(intent.key for intent in intents)
            self._used |= dict.fromkeys(together, together)
            return [self._intend(intent, number) for intent in intents]

    def _may_intend(self, intent: Intent) -> None:
        key, entry = intent.key, self.done.ledger.get(intent.key)
        if "~" in key or len(key) > 256:
            raise _rejected("KEY_INVALID", f"{key[:64]!r} is no key: 1 to 256 characters, no '~'", key[:64])
        if key in self._used:
            raise _rejected(
                "KEY_REUSED", f"{key} was used in this attempt already; each thing needs a key of its own", key
            )
        if entry is None:
            return
        before = self.done.digests.get(key, intent.request_digest)
        if before != intent.request_digest:
            raise _rejected("REQUEST_CHANGED", f"{key} was intended before with other arguments", key)
        if entry.state not in ("CREATED", "NOT_CREATED", "UNDONE"):
            raise _rejected("KEY_REUSED", f"{key} is {entry.state}; it can't be made again before that is settled", key)

    def _intend(self, intent: Intent, number: int) -> Entry:
        entry = self.done.ledger.get(intent.key)
        if entry is not None and entry.state == "CREATED":
            return entry
        burnt = entry is not None and (entry.state == "UNDONE" or entry.version == ("refused",))
        generation = entry.generation + burnt if entry else 1
        self.done.digests[intent.key] = intent.request_digest
        self.done.intents[intent.key] = intent
        return self._put("intend", replace(self._entry(intent, "INTENDED", generation), number=number))

    def _entry(self, intent: Intent, state: str, generation: int) -> Entry:
        name = f"{self.uid}\0{intent.group or intent.key}\0{generation}"
        return Entry(
            key=intent.key,
            type=intent.type,
            state=state,
            generation=generation,
            token="wf" + hashlib.sha256(name.encode()).hexdigest()[:40],
            step=intent.step,
            group=intent.group,
            profile=intent.profile,
            region=intent.region,
            attributes=dict(intent.attributes),
            depends_on=intent.depends_on,
            undo_data=intent.undo_data,
            version=(state, generation),
        )

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Write what was made; more than one id for a key becomes `KEY~1`, `KEY~2` ….

        After the lease was lost it is kept in `late`.
        """
        with self._lock:
            if self.lease_lost:
                self.done.late.append((key, external_id))
            self._live()
            entry = self.done.ledger[key]
            if entry.state in ("INTENDED", "UNCERTAIN") and entry.generation == generation:
                self._put("created", replace(entry, state="CREATED", external_id=external_id))
            elif entry.external_id != external_id:
                n = next(n for n in range(1, 1000) if f"{key}~{n}" not in self.done.ledger)
                self._put("created", replace(entry, key=f"{key}~{n}", state="UNCERTAIN", external_id=external_id))

    async def refused(self, key: str, failure: Failure) -> None:
        """Write that nothing was made: the next intent has a new token."""
        with self._lock:
            self._live()
            self.done.errors[key] = failure
            self._put("refused", replace(self.done.ledger[key], state="NOT_CREATED", version=("refused",)))

    async def not_sent(self, keys: Sequence[str], number: int, failure: Failure) -> None:
        """Write that the call was not sent: the keys may be intended again, under the same token.

        After the lease was lost it counts all the same; then LeaseLost is raised.
        """
        with self._lock:
            said = [entry for key in keys if (entry := self.done.ledger.get(key)) and entry.number == number]
            call = [e for e in self.done.ledger.values() if (e.token, e.number) in {(o.token, o.number) for o in said}]
            if said and said[0].group and not {entry.key for entry in call} <= set(keys):
                raise _rejected("STATE_FORBIDS", "that it was not sent can only be said of the whole call", said[0].key)
            for entry in said:
                if entry.state in ("INTENDED", "UNCERTAIN") and not entry.external_id:
                    self.done.errors[entry.key] = failure
                    self._put("not_sent", replace(entry, state="NOT_CREATED"))
            self._live()
            self._free_again([entry.key for entry in said])

    def _free_again(self, keys: Sequence[str]) -> None:
        """Let keys be intended again whose call was not sent, and with them what is there already."""
        entries = self.done.ledger
        unsent = {key for key in keys if entries[key].state == "NOT_CREATED" and entries[key].version != ("refused",)}
        for one in {beside for key in unsent for beside in self._used.get(key, ())}:
            if one in unsent or entries[one].external_id:
                self._used.pop(one, None)

    async def in_doubt(self, key: str, failure: Failure, *, unnamed: bool = False) -> None:
        """Write that nobody knows."""
        with self._lock:
            self._live()
            self.done.errors[key] = failure
            entry = self.done.ledger[key]
            self._put("in_doubt", replace(entry, state="UNCERTAIN") if unnamed else entry)

    async def adopt(self, intent: Intent, external_id: str) -> Entry:
        """Write what was there before; a key once intended stays owned."""
        with self._lock:
            self._live()
            before = self.done.ledger.get(intent.key)
            entry = self._entry(intent, "CREATED", before.generation if before else 1)
            owned, number = before is not None and before.owned, before.number if before else 0
            return self._put("adopt", replace(entry, external_id=external_id, owned=owned, number=number))

    async def removing(self, key: str, window: float) -> Entry:
        """Write that `key` is being taken away."""
        with self._lock:
            self._live()
            entry = self.done.ledger.get(key)
            if entry is None:
                raise _rejected("KEY_UNKNOWN", f"the ledger has no {key}", key)
            alive = entry.state in ("CREATED", "UNDOING", "UNDO_FAILED") or (
                entry.state == "UNCERTAIN" and entry.external_id
            )
            if not entry.owned or not alive:
                raise _rejected(
                    "KEY_REUSED",
                    f"{key} is {entry.state}{'' if entry.owned else ', not owned'}; it can't be removed",
                    key,
                )
            return self._put("removing", replace(entry, state="UNDOING"))

    async def removed(self, key: str, undo: int, how: Removal, failure: Failure | None = None) -> None:
        """Write how taking it away ended; what was merely accepted stays UNDOING."""
        with self._lock:
            self._live()
            if failure is not None:
                self.done.errors[key] = failure
            self._used.pop(key, None)
            self._put("removed", replace(self.done.ledger[key], state=_REMOVED[how]))

    async def found(
        self,
        key: str,
        version: tuple[Any, ...],
        ids: Sequence[str] | None,
        failure: Failure | None = None,
    ) -> None:
        """Take the answer as if settling had ended: one id or none settles the entry, None leaves it UNCERTAIN."""
        with self._lock:
            self._live()
            self.done.found.append(Finding(key, None if ids is None else list(ids), failure))
            entry = self.done.ledger[key]
            if entry.version != version:
                return
            state = "UNCERTAIN" if ids is None else "CREATED" if ids else "NOT_CREATED"
            held = {e.external_id for e in self.done.ledger.values() if e.key != key and e.type == entry.type}
            mine = next((one for one in ids or () if one not in held), "")
            self._put("found", replace(entry, state=state if mine or not ids else "NOT_CREATED", external_id=mine))

    async def looked(
        self,
        key: str,
        version: tuple[Any, ...],
        shown: bool | None,
        state: str = "",
        failure: Failure | None = None,
    ) -> None:
        """Take a look by id as if it were the one that decides: what is being undone and not there is UNDONE."""
        with self._lock:
            self._live()
            self.done.looked.append(Look(key, shown, state, failure))
            entry = self.done.ledger[key]
            if entry.version == version and shown is not None and entry.state in ("UNDOING", "UNDO_FAILED"):
                self._put("looked", replace(entry, state="UNDO_FAILED" if shown else "UNDONE"))

    async def memo(self, key: str, value: bytes) -> None:
        """Save it."""
        with self._lock:
            self._live()
            self.done.memos[key] = value
            self.done.history.append(("memo", key))

    async def plan(self, keys: Sequence[str]) -> None:
        """Keep the plan."""
        with self._lock:
            self._live()
            self.done.plan = list(keys)

    def progress(self, progress: Progress) -> None:
        """Keep every report."""
        self.done.progress.append(progress)

    def log(self, level: int, text: str) -> None:
        """Keep every line."""
        self.done.log.append((level, text))

    async def finish(self, outcome: Outcome) -> None:
        """Keep the outcome. Raises AssertionError the second time: an attempt ends once."""
        with self._lock:
            self._live()
            if self.done.outcome is not None:
                raise AssertionError(f"the attempt ended twice: {self.done.outcome}, then {outcome}")
            self.done.outcome = outcome

    def _live(self) -> None:
        if self.lease_lost:
            raise LeaseLost("the lease of this attempt was lost")

    def _put(self, verb: str, entry: Entry) -> Entry:
        self.done.ledger[entry.key] = entry
        self.done.history.append((verb, entry.key))
        return entry


def _rejected(reason: str, message: str, key: str) -> Rejected:
    return Rejected(Failure(_PRECONDITION, reason, message, metadata={"key": key}))
