"""The execution of tasks: which one runs next, and what happens to it until its attempt has ended.

Read `dispatcher` first: it takes tasks from the `queue` of their executor (whose head, `window`, is in memory) and says
how things stand; `reservation` is the place of a new task, `leasing` begins attempts. `attempts` holds those that run,
`attempt` is one of them and what its running script reports to; `progress_writer` writes what it says in passing. Three
roles see to the rest: `heartbeat` renews leases, `rescuer` takes up what was lost with its server, `pruner` deletes
what has expired. `waits` says what a task waits for, `concurrency_keys` and `suspects` which ones run alone.
"""
