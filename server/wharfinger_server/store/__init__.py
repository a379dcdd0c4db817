"""The store: where tasks, ledgers and events are durable, by SQLAlchemy Core on SQLite or PostgreSQL.

`store` is what the engine uses: one group commit for everything that is written, and readers beside it. Below it:

- `commit`: the writer, its batches, and a task in the transaction that changes it;
- `databases`: the interface that SQLite and PostgreSQL implement, all `reads`, statements, migrations and locks;
- `tables`: the schema, and rows made of tasks and back;
- `values` and `errors`: what goes in, comes out, and goes wrong; `migrations` has the schema's history.

Read `store` first, then `databases.reads`, `commit.writer` and `databases.base`.
"""
