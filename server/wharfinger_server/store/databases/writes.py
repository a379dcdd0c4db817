"""The writer's bulk statements, compiled once in a process for each kind of database."""

from __future__ import annotations

from functools import cache

from wharfinger_server.store.databases.bulk import Bulks
from wharfinger_server.store.tables import codec, schema


class Statements:
    """The statements that a group commit runs over all of its rows at once."""

    def __init__(self, bulks: Bulks) -> None:
        self.insert_tasks = bulks.insert(schema.tasks, codec.TASK_COLUMNS, ignore=True)
        self.insert_labels = bulks.insert(schema.task_labels, ["task", "key", "value", "project"])
        self.upsert_documents = bulks.upsert(schema.task_documents, ["task", "name", "body"])
        self.upsert_spending = bulks.upsert(schema.spending, ["project", "currency", "amount"])
        self.insert_sealed = bulks.insert(schema.sealed, ["task", "seal_key", "body"])
        self.delete_sealed = bulks.delete(schema.sealed, ["task"])
        self.update_tasks = bulks.update(schema.tasks, ["id"], codec.STATUS_COLUMNS)
        self.upsert_entries = bulks.upsert(schema.entries, codec.ENTRY_COLUMNS)
        self.delete_entries = bulks.delete(schema.entries, ["task", "base", "key"])
        self.upsert_memos = bulks.upsert(schema.memos, ["task", "key", "value"])
        self.insert_events = bulks.insert(schema.events, ["task", "sequence", "project", "position", "body"])
        self.update_progress = bulks.update(schema.tasks, ["id", "epoch"], ["progress"])
        self.renew = bulks.update(
            schema.tasks, ["id", "epoch"], ["lease_expire"], only="tasks.lease_expire > 0", returning="id"
        )


@cache
def statements(kind: type[Bulks]) -> Statements:
    """Return the statements of one kind of database."""
    return Statements(kind())
