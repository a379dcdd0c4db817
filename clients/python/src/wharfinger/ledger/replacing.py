"""Making a key again, and taking it away inside a run: what stands on the thing that is gone, or goes, comes first.

The numbers in comments are those of the rules as they were model-checked.
"""

from __future__ import annotations

from wharfinger.ledger.entry import Entry, Intent
from wharfinger.ledger.intents import FREE
from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import FailedPrecondition
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.undo import GONE, Order

_NAMED = 5
"""How many children a refusal names."""


def lost_its_own(ledger: Ledger, key: str) -> bool:
    """Whether `key` has nothing because the provider said that its thing is gone: `intend` needs the whole ledger."""
    entry = ledger.get(key)
    return entry is not None and entry.state in FREE and any(other.was_own for other in ledger.family(key))


def intend(ledger: Ledger, intent: Intent, epoch: int, now: int, number: int = 0) -> Entry:
    """Write the intent as `Ledger.intend` does, for a key whose own thing is gone only if nothing stands on that.

    Raises FailedPrecondition as `Ledger.intend`, and KEY_REUSED naming the children that are alive, adopted or retained
    (rule 30).
    """
    if lost_its_own(ledger, intent.key):
        entry = ledger.named(intent.key)
        standing = [
            child.key
            for child in Order(ledger).children(entry)
            if child.state not in GONE and child.state is not EntryState.MISSING
        ]
        if standing:
            more = f" and {len(standing) - _NAMED} more" if len(standing) > _NAMED else ""
            raise FailedPrecondition(
                "KEY_REUSED",
                f"the thing of {intent.key} is gone, and {', '.join(standing[:_NAMED])}{more} was built on it: "
                f"roll back only what depends on {intent.key}, then resume",
                {"key": intent.key, "children": ",".join(standing[:_NAMED])},
            )
    return ledger.intend(intent, epoch, now, number)


def remove(ledger: Ledger, key: str, window: int, now: int) -> Entry:
    """Write that the script is about to take `key` away, as `Ledger.undoing` does; `ledger` must hold all entries.

    Raises FailedPrecondition as `Ledger.undoing`, and UNDO_FAILED where a child is alive, adopted or retained (rules 16
    and 32).
    """
    if why := Order(ledger).blocker(ledger.named(key)):
        raise FailedPrecondition("UNDO_FAILED", f"{key} cannot be removed: {why}; remove that first", {"key": key})
    return ledger.undoing(key, window, now)
