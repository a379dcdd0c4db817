"""The store: one group commit for everything that is written, and readers beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from wharfinger.ledger import ids
from wharfinger.ledger.progress import Progress
from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_server.domain.errors import Refused
from wharfinger_server.domain.schedule import Schedule
from wharfinger_server.domain.task import Task
from wharfinger_server.store.commit.commands import (
    Change,
    Create,
    Note,
    Operation,
    Ping,
    Probe,
    Purge,
    Recount,
    Renew,
    SaveProgress,
    WriteCatalogs,
    WriteSchedules,
)
from wharfinger_server.store.commit.commit_time import CommitTimes
from wharfinger_server.store.commit.replies import Awaiting, Blocked
from wharfinger_server.store.commit.runner import InlineRunner, Runner, ThreadRunner
from wharfinger_server.store.commit.unit_of_work import Encode, UnitOfWork
from wharfinger_server.store.commit.writer import OnCommit, Pace, Writer
from wharfinger_server.store.databases.base import Database
from wharfinger_server.store.databases.reads import Reads
from wharfinger_server.store.databases.spending import Budgets
from wharfinger_server.store.databases.steady_clock import SteadyClock
from wharfinger_server.store.databases.totals import Totals
from wharfinger_server.store.errors import (
    Existing,
    FileMoved,
    Gone,
    MaybeWritten,
    NotOurs,
    OpenRefused,
    WriteFailed,
    unavailable,
)
from wharfinger_server.store.tables import schema
from wharfinger_server.store.values import Committed, Condition, Draft, FeedEvent, Sealed, StoredEvent, TaskQuery

__all__ = [
    "Committed",
    "Condition",
    "Draft",
    "Existing",
    "FeedEvent",
    "Gone",
    "InlineRunner",
    "MaybeWritten",
    "OpenRefused",
    "Pace",
    "Runner",
    "Sealed",
    "SteadyClock",
    "Store",
    "StoredEvent",
    "TaskQuery",
    "ThreadRunner",
    "Totals",
    "UnitOfWork",
    "WriteFailed",
]

T = TypeVar("T")

READERS = 4
"""How many queries run at once."""


class Store(Reads):
    """The database of one server: what is written, beside what `Reads` reads. Any event loop may await its methods.

    Writes raise Unavailable DATABASE_UNAVAILABLE while the database cannot be written (full disk, connection lost for
    longer than the writer's patience), creations DATABASE_BUSY while too much is queued. What the database refuses of
    one caller raises WriteFailed. Reads raise Unavailable too.
    """

    def __init__(self, database: Database, runner: Runner, writer: Writer) -> None:
        super().__init__(database, runner.read)
        self.incarnation = database.incarnation
        self.schema_version = schema.REVISION
        self.steady = database.steady
        self._runner = runner
        self._writer = writer
        self._ping: asyncio.Future[Any] | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        encode: Encode,
        runner: Runner | None = None,
        pace: Pace | None = None,
        clock: Callable[[], int] | None = None,
        steady: SteadyClock | None = None,
    ) -> Store:
        """Open the database at `url`, bring its schema up to date, and start the writer. Blocks.

        `url` is "sqlite:////path/to/file" or "postgresql://…". `encode` serialises an event. `clock` replaces the
        database's clock (microseconds), and `steady` the clock that windows are counted by, for simulations. Raises
        OpenRefused, by its kinds: InUse, SchemaTooNew, NotDurable, NotWritable, NotOurs.
        """
        database = _database(url, clock, steady)
        database.open()
        pace = pace or Pace()
        database.limit(0 if isinstance(runner, InlineRunner) else pace.deadline)  # that one has no threads
        runner = runner or ThreadRunner(READERS)
        return cls(database, runner, Writer(database, encode, runner, pace))

    @property
    def on_commit(self) -> OnCommit | None:
        """What hears of every commit's tasks and events.

        Called on the writer's thread, right after the COMMIT and before the callers get their answers. It must be quick
        and must not wait for the store.
        """
        return self._writer.on_commit

    @on_commit.setter
    def on_commit(self, hear: OnCommit | None) -> None:
        """Let `hear` hear from the next commit on."""
        self._writer.on_commit = hear

    @property
    def commit_times(self) -> CommitTimes:
        """How long its commits took."""
        return self._writer.times

    @property
    def closed(self) -> bool:
        """Whether it takes nothing any more, for good."""
        return self._writer.closed

    def uid(self, task_id: int) -> str:
        """Return the uid of the task with that id."""
        return ids.uid(self.incarnation, task_id)

    async def close(self) -> None:
        """Write what is queued, refuse what comes after, and give the database back."""
        self._writer.close()
        await self._runner.stop()
        self._writer.finish()
        self._database.close()

    # ------------------------------------------------------------------ writing

    def _write(self, make: Callable[[Awaiting], Operation]) -> asyncio.Future[Any]:
        """Queue an operation and return what is to be awaited: its result, once that is durable."""
        waiter = Awaiting()
        self._writer.queue(make(waiter))
        return waiter.future

    async def create(self, draft: Draft) -> Task:
        """Create a task, with its first events and perhaps its first lease, in one commit; return it.

        Raises Existing where the project has a task of that request_id or, failing that, of that task_id, and
        ResourceExhausted BUDGET_EXCEEDED where its budget does not allow the task.
        """
        made: Task | Existing | Refused
        (made,) = await self._write(lambda waiter: Create(waiter, (draft,)))
        if isinstance(made, Existing | Refused):
            raise made
        return made

    async def create_many(self, drafts: Sequence[Draft]) -> list[Task | Existing | Refused]:
        """Create tasks in one commit. Each answers for itself, in the order asked; of two alike the first is made."""
        result: list[Task | Existing | Refused] = await self._write(lambda waiter: Create(waiter, drafts))
        return result

    async def change(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Run `decide` on a task in a transaction and return what it returns, once that is durable.

        `decide` runs on the writer's thread together with others and must be quick; it may be run again. What it raises
        reaches this caller, and nothing of what it did is kept. Raises Gone where there is no such task.
        """
        result: T = await self._write(lambda waiter: Change(waiter, task_id, decide))
        return result

    def change_blocking(self, task_id: int, decide: Callable[[UnitOfWork], T]) -> T:
        """Do as `change`, blocking the calling thread. Raises RuntimeError on the writer's own thread."""
        waiter = Blocked()
        self._writer.queue(Change(waiter, task_id, decide))
        self._runner.block(waiter.done)
        if waiter.error is not None:
            raise waiter.error
        result: T = waiter.result
        return result

    async def save_progress(self, items: Sequence[tuple[int, int, Progress]]) -> None:
        """Save the progress of (task, epoch) where that is still the task's epoch."""
        await self._write(lambda waiter: SaveProgress(waiter, items))

    async def renew(self, leases: Sequence[tuple[int, int]], ttl: int) -> set[int]:
        """Renew the leases (task, epoch) for `ttl` microseconds by the database's clock; return the tasks held."""
        result: set[int] = await self._write(lambda waiter: Renew(waiter, leases, ttl))
        return result

    async def note(self, name: str, value: str) -> None:
        """Write a fact about the server down under `name`, for the server after it."""
        await self._write(lambda waiter: Note(waiter, name, value))

    async def keep_budgets(self, budgets: Budgets) -> None:
        """Allow these projects no tasks beyond their budgets from now on; count what they spend already."""
        self._writer.budgets = budgets
        await self._write(Recount)

    async def purge(self, before: int, limit: int) -> int:
        """Delete up to `limit` tombstones older than `before` for good, with all that is theirs; return how many."""
        result: int = await self._write(lambda waiter: Purge(waiter, before, limit))
        return result

    async def keep_catalog(self, catalog: Catalog, activation: Activation | None, over: str | None) -> Catalog:
        """Write a catalogue down and perhaps make it its source's active one, in one transaction; return it.

        `over` is the digest of the catalogue of its source that it was checked against, None where there was none.
        Raises Aborted PRICES_BUSY where another one has become active since.
        """
        result: Catalog = await self._write(
            lambda waiter: WriteCatalogs(waiter, lambda writes: writes.keep(catalog, activation, over))
        )
        return result

    async def activate_catalog(self, activation: Activation) -> Catalog:
        """Make a known catalogue the active one of its source.

        Raises NotFound UNKNOWN_CATALOG, and FailedPrecondition PRICES_QUARANTINED without an override.
        """
        result: Catalog = await self._write(
            lambda waiter: WriteCatalogs(waiter, lambda writes: writes.activate(activation))
        )
        return result

    async def catalog_checked(self, digest: str) -> Catalog | None:
        """Note that the origin of a catalogue has nothing newer; return the catalogue, None where there is none."""
        result: Catalog | None = await self._write(
            lambda waiter: WriteCatalogs(waiter, lambda writes: writes.checked(digest))
        )
        return result

    async def create_schedule(self, schedule: Schedule) -> Schedule:
        """Write a schedule down, and return it; or the one that has its name."""
        result: Schedule = await self._write(
            lambda waiter: WriteSchedules(waiter, lambda writes: writes.create(schedule))
        )
        return result

    async def change_schedule(
        self, project: str, schedule_id: str, decide: Callable[[Schedule], None]
    ) -> Schedule | None:
        """Run a decision on a schedule, in the writer's transaction; return it as it stands, None where it is gone."""
        result: Schedule | None = await self._write(
            lambda waiter: WriteSchedules(waiter, lambda writes: writes.change(project, schedule_id, decide))
        )
        return result

    async def delete_schedule(self, project: str, schedule_id: str) -> bool:
        """Delete a schedule for good; return whether there was one."""
        result: bool = await self._write(
            lambda waiter: WriteSchedules(waiter, lambda writes: writes.delete(project, schedule_id))
        )
        return result

    # ------------------------------------------------------------------ health

    async def health(self, within: float = 5.0) -> None:
        """Raise Unavailable when the database does not answer readers and the writer within some seconds.

        Also when it could not be written last and still cannot be.
        """
        if self._database.damaged:
            raise unavailable(self._database.damaged)
        busy = self._writer.busy
        if busy > within:
            raise unavailable(f"a write has been under way for {busy:.0f} s")
        try:
            async with asyncio.timeout(within):
                await self._asked()
        except FileMoved as error:
            raise unavailable(str(error)) from None
        except TimeoutError:
            raise unavailable(f"it has not answered for {within:g} s") from None

    async def _asked(self) -> None:
        await self._read(self._database.look)
        if self._writer.down:
            await self._write(Probe)
        elif self._database.remote:
            await self._pinged()

    async def _pinged(self) -> None:
        """Wait for the writer to have asked; one that does not answer is not asked again before it does."""
        if self._ping is None or self._ping.done():
            self._ping = asyncio.ensure_future(self._write(Ping))
            self._ping.add_done_callback(_heard)
        await asyncio.shield(self._ping)


def _heard(ping: asyncio.Future[Any]) -> None:
    if not ping.cancelled():
        ping.exception()  # perhaps nobody waits any more


def _database(url: str, clock: Callable[[], int] | None, steady: SteadyClock | None) -> Database:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise NotOurs(
            "the database URL cannot be read; write sqlite:////path/to/file or postgresql://user@host/name"
        ) from None
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        from wharfinger_server.store.databases.sqlite import SqliteDatabase

        return SqliteDatabase(parsed.set(drivername="sqlite"), clock, steady)
    if kind in ("postgres", "postgresql"):
        from wharfinger_server.store.databases.postgres import PostgresDatabase

        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), clock, steady)
    raise NotOurs(f"the server knows sqlite:// and postgresql:// databases, not {parsed.drivername}://")
