"""Scripts that the conformance suite runs, one of each colour. They speak to it by params, log, ledger and files only.

So they can be run by executors whose scripts live in another process.
"""
