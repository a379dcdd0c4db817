"""Trying a script without a server: `run` runs its `main` over a small ledger in memory and shows all it did.

The ledger here keeps the rules that a script meets: intents before calls, keys, generations and tokens, memos, what a
resumed attempt finds. It knows no leases, windows or states of tasks; for those there is the server.

    import my_scripts.deploy
    import wharfinger.testing

    def test_deploys_two_nodes():
        done = wharfinger.testing.run(my_scripts.deploy, {"count": 2})
        assert done.result == {"nodes": 2}
        assert [entry.state for entry in done.ledger.values()] == ["CREATED", "CREATED"]

`Trial` does the same with configured stores, profiles and settings, runs a script again after a failure, and asks its
`find` what it knows. `estimate` returns the items that a script's `estimate` asks to be priced.

To read in this order: `trial` (one script with all that it is given), `done` (what it did), `session` (the ledger in
memory), `pricing` (estimates).
"""

from wharfinger.testing.done import Done, Finding, Look
from wharfinger.testing.pricing import PricedItem, estimate
from wharfinger.testing.session import MemorySession
from wharfinger.testing.trial import Stop, Trial, run

__all__ = ["Done", "Finding", "Look", "MemorySession", "PricedItem", "Stop", "Trial", "estimate", "run"]
