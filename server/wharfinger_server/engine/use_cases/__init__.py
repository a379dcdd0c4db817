"""The use cases: what callers can have the engine do, one method a call.

Read `tasks` first (create, get, list, wait, cancel, delete), then `admission`, which says what a new task must fulfil,
and `remediation` for half-done tasks (resume, roll back, resolve). `estimates` and `price_queries` answer about money,
`listing` about executors and scripts; `views` makes of a stored task what callers see.
"""
