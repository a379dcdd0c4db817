"""The ledger of one task: everything it makes, changes or adopts, and what reports and findings do to that.

Every decision here is one over the entries of a task and nothing else; who may call it when (leases, epochs) is decided
in `task`. The rules were checked by exploring a model; comments name them by their numbers there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from wharfinger.ledger import evidence, finding, intents, looking, missing, removing
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Counts, Entry, Intent, Version
from wharfinger.ledger.failure import Failure
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import EntryState

__all__ = ["Counts", "Entry", "Intent", "Ledger", "Version"]


class Ledger(Entries):
    """Some or all entries of one task, and all that may happen to them.

    A method that returns None or an empty list changed nothing that is worth telling.
    """

    # ------------------------------------------------------------------ intents and reports of a live attempt

    def next_number(self, keys: Iterable[str]) -> int:
        """Return the number of a call that makes all these keys."""
        return intents.next_number(self, keys)

    def intend(self, intent: Intent, epoch: int, now: int, number: int = 0) -> Entry:
        """Write the intent and return its entry, INTENDED; or, when the key is CREATED already, that entry unchanged.

        `number` is that of the whole call, where it has more parts than this; 0: the entry's next. Raises
        FailedPrecondition: REQUEST_CHANGED (rule 4), KEY_REUSED where the key is in a state that forbids it or evidence
        of it is open (rule 9), KEY_UNKNOWN where it comes after itself.
        """
        return intents.intend(self, intent, epoch, now, number)

    def created(self, key: str, generation: int, external_id: str, epoch: int, now: int, *, live: bool) -> Entry | None:
        """Take a report that `key` was made as `external_id`; return the entry that changed, or None if nothing did.

        `live`: the reporting attempt holds the lease. Otherwise, or if the intent is not that attempt's, it is late
        evidence (rules 10 to 12), for which all entries must be loaded: `expects` tells.
        """
        entry = self.get(key)
        if entry is None:
            return None
        if live and self.expects(key, epoch):
            return intents.created(self, entry, external_id, now)
        return evidence.report(self, entry, generation, external_id, epoch, now)

    def expects(self, key: str, epoch: int) -> bool:
        """Whether `key` is INTENDED by the attempt `epoch`, so that its report is not late evidence."""
        return intents.awaits(self, key, epoch)

    def refused(self, key: str, epoch: int, error: Failure, now: int) -> Entry | None:
        """Take the cloud's own definite answer that it made nothing; None if the intent is no longer this attempt's."""
        return intents.refused(self, key, epoch, error, now)

    def not_sent(self, keys: Collection[str], epoch: int, number: int, error: Failure, now: int) -> list[Entry]:
        """Take the word of the one that would have sent the call of `keys` that it never will (rules 21 and 22).

        Raises FailedPrecondition STATE_FORBIDS where it is said of a part of a group. All entries must be loaded.
        """
        return intents.not_sent(self, keys, epoch, number, error, now)

    def free_again(self, keys: Collection[str], used: Collection[str], epoch: int, number: int) -> list[str]:
        """Return which of the keys `used` with `keys` the attempt may intend again after its NOT_SENT (rule 21)."""
        return intents.free_again(self, keys, used, epoch, number)

    def in_doubt(self, key: str, epoch: int, error: Failure, now: int, *, unnamed: bool = False) -> Entry | None:
        """Note why the answer of a call is not known; None if the intent is no longer this attempt's.

        The entry stays INTENDED, to be settled; a part of a group that the answer did not name (`unnamed`) is UNCERTAIN
        at once (rule 3).
        """
        return intents.in_doubt(self, key, epoch, error, now, unnamed=unnamed)

    def adopt(self, intent: Intent, external_id: str, epoch: int, now: int) -> Entry:
        """Write what was there before us: not owned, never undone by us. A key once intended stays owned (rule 5).

        Raises FailedPrecondition KEY_REUSED where that would lose sight of a thing that may be alive.
        """
        return intents.adopt(self, intent, external_id, epoch, now)

    # ------------------------------------------------------------------ taking away

    def undoing(self, key: str, window: int, now: int) -> Entry:
        """Write that `key` is about to be taken away, by a call that is over within `window` from now (rule 18).

        Raises FailedPrecondition: KEY_UNKNOWN, KEY_REUSED for what is not ours or not alive, or TASK_NOT_SETTLED while
        an earlier undo may take effect (rule 24).
        """
        return removing.undoing(self, key, window, now)

    def undone(
        self,
        key: str,
        how: Removal,
        error: Failure | None,
        now: int,
        version: Version | None = None,
        number: int = 0,
    ) -> Entry | None:
        """Take what came of taking `key` away: UNDONE, UNDO_FAILED with the error, or still UNDOING (rule 26).

        None if it is not UNDOING, or no longer what it was when that began (rule 8), where `version` tells; or if it is
        about another undo of it than the last, where `number` (Entry.undo_attempts) tells.
        """
        return removing.undone(self, key, how, error, now, version, number)

    def undo_interrupted(self, now: int) -> list[Entry]:
        """Write UNDO_FAILED for what was being taken away when its attempt ended; return those entries."""
        return removing.interrupted(self, now)

    # ------------------------------------------------------------------ looking by id

    def to_look(self) -> list[Entry]:
        """Return what is to be looked at by its id now."""
        return looking.to_look(self)

    def looked(
        self,
        key: str,
        version: Version,
        shown: bool | None,
        asked: int,
        now: int,
        state: str = "",
        error: Failure | None = None,
    ) -> list[Entry]:
        """Take what a look at `key` by its id said that was asked at `asked`; return what changed.

        `asked` is by the steady clock: when the order to look was given (rule 34). `shown`: it is there, in what the
        provider calls `state`; False: denied; None: cannot tell, because of `error`.
        """
        entry = looking.asked_about(self, key, version)
        if entry is None:
            return []
        judged, seen = looking.judge(entry, shown, asked, self.steady)
        if entry.state in (EntryState.CREATED, EntryState.MISSING):
            return missing.looked(self, judged, seen, now, error)
        return removing.looked(self, judged, seen, asked, now, state, error)

    # ------------------------------------------------------------------ settling

    def to_settle(self) -> list[Entry]:
        """Return what must be looked for before anything is tried again: INTENDED, and UNCERTAIN not looked for yet."""
        return finding.to_settle(self)

    def begin_round(self) -> None:
        """Forget what was tried in an earlier round: UNCERTAIN entries are looked for again, and undos count anew."""
        finding.begin_round(self)

    def cannot_tell(self, key: str, version: Version, error: Failure, now: int) -> Entry | None:
        """Take `find`'s failure: UNCERTAIN, and nobody guesses. None if the entry moved on since (rule 8)."""
        return finding.cannot_tell(self, key, version, error, now)

    def found(self, key: str, version: Version, found_ids: Sequence[str], asked: int, now: int) -> list[Entry]:
        """Take what `find` answered: all ids that carry the token or tag. Return what changed.

        `asked`: by the steady clock, when the order to look was given (rule 34).

        An empty list back means that the answer came too early to count, or that the entry moved on (rules 6 to 8). All
        entries must be loaded.
        """
        return finding.found(self, key, version, found_ids, asked, now)
