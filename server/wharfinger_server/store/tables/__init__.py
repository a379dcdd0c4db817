"""The tables, and tasks and ledger entries as their rows.

Read `schema` first; `codec` makes rows of tasks and entries and back, `documents` the JSON documents in them.
"""
