"""The group commit: what is queued is written as one transaction, and everybody is answered.

Read `commands` first (what callers ask the writer to do), then `writer`, which takes the queue, and `batch`, which
turns it into statements. `unit_of_work` is a task in the transaction that changes it, `entries` what was loaded of its
ledger, `books` the ledgers kept from one batch to the next; `replies` brings an answer to the one who waits, and
`runner` runs the threads.
"""
