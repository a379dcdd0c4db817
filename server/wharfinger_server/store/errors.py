"""The store's own errors. Refusals that go to callers as they are come from `domain.errors`."""

from __future__ import annotations

from typing import Literal

from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.domain.task import Task


class Existing(Exception):
    """There is a task with the draft's `request_id`, or else with its `task_id`: `by` says which. Tombstones count."""

    def __init__(self, task: Task, by: Literal["request_id", "task_id"]) -> None:
        super().__init__(f"{task.name} has that {by} already")
        self.task = task
        self.by = by


class Gone(KeyError):
    """No task has that id: it was purged, or never was."""


class WriteFailed(Exception):
    """The database refused what one caller asked to be written: a value it cannot hold, or a broken rule of the schema.

    A fault of this program, or text that the database cannot hold. Nothing of it was written, and nobody else's write
    was affected.
    """


class OpenRefused(Exception):
    """The database is not one that this server will work with; the message says why, and what to do."""


class InUse(OpenRefused):
    """Another server has the database open."""


class SchemaTooNew(OpenRefused):
    """A newer server has migrated the database; nothing was touched."""


class NotDurable(OpenRefused):
    """The database does not wait for its disk: what was answered could be lost with the power."""


class NotWritable(OpenRefused):
    """The folder, the file or the database cannot be written or reached."""


class NotOurs(OpenRefused):
    """It is no database, one of another program, or of a kind or age that the server does not know."""


class Damaged(OpenRefused):
    """The database's file is not whole, or gone though there was one."""


class FileMoved(Exception):
    """The file of an open database is not where it was: what is written goes to one that nobody finds again."""


class MaybeWritten(Unavailable):
    """Nobody knows yet whether it was written: the connection was lost in the COMMIT, and stays away."""


def unavailable(why: str) -> Unavailable:
    """Return the refusal of a request while the database cannot be written."""
    return Unavailable("DATABASE_UNAVAILABLE", f"the server's database cannot take this now: {why}; ask again later")
