"""The database interface that SQLite and PostgreSQL implement, and what both are made of.

Read `base` first, then `sqlite` or `postgres`. `reads` is all that is asked beside the writer. `connection` is what
statements run on; `writes`, `bulk` and `prepared` are the statements; `migrate`, `lock` and `soundness` belong to the
opening; `catalogs` and `spending` keep what prices and budgets need. `forked` and `deadline` guard connections,
`steady_clock` names the clock of this process.
"""
