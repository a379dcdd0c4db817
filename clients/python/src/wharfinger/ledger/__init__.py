"""The ledger of one task: pure decisions over its entries, on the standard library alone.

The server, workers and `wharfinger.testing` run this same code. Read in this order: `states`; `entry` (one entry, an
intent of one) and `entries` (those that a decision works on); `intents` (rules 1 to 5, 21 and 22), `evidence` (7 to
12), `finding` (6 to 8), `looking` and `missing` (27 to 29), `removing` (18, 24 and 26), `replacing` (30 and 32),
`verdict` (20), `undo` (16, 17 and 25); `ledger` is the class that has them all. docs/design/ledger-rules.md has the
rules.
"""
