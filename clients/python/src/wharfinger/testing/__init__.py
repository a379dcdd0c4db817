"""Trying a script without a server: `run` runs its `main` over a ledger in memory and shows all it did.

The ledger is the server's own code (`wharfinger.ledger`), so it refuses what the server refuses, in its words, and has
its order of undo. No time is waited for: whatever an earlier attempt began is over when the next one begins. There are
no leases and no states of tasks here; for those there is the server.

    import my_scripts.deploy
    import wharfinger.testing

    def test_deploys_two_nodes():
        done = wharfinger.testing.run(my_scripts.deploy, {"count": 2})
        assert done.result == {"nodes": 2}
        assert [entry.state for entry in done.ledger.values()] == ["CREATED", "CREATED"]

`Trial` does the same with configured stores, profiles and settings, runs a script again after a failure, asks its
`find` what it knows, and has it undo what it made. `estimate` returns the items that a script's `estimate` asks to be
priced.

To read in this order: `trial` (one script with all that it is given), `done` (what it did), `session` (the ledger in
memory), `pricing` (estimates).
"""

from wharfinger.testing.done import Done, Finding, Look
from wharfinger.testing.pricing import PricedItem, estimate
from wharfinger.testing.session import MemorySession
from wharfinger.testing.trial import Stop, Trial, run

__all__ = ["Done", "Finding", "Look", "MemorySession", "PricedItem", "Stop", "Trial", "estimate", "run"]
