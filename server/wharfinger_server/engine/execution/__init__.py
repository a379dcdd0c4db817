"""The execution of tasks: which one runs next, and what happens to it until its attempt has ended.

Read `dispatcher` first: it takes tasks from `queue` (whose head, `window`, is in memory) and begins attempts.
`attempts` holds those that run, `attempt` one of them, and `session` is where a running script reports to;
`progress_writer` writes what it says in passing. `recovery` finds what an earlier server left behind and what has
expired. `timers` and `waits` say when a task goes on, `concurrency_keys` and `suspects` which ones run alone.
"""
