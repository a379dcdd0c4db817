"""The store: one group commit for everything that is written, and readers beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from wharfinger_prices.catalog import Activation, Catalog
from wharfinger_server.domain import ids
from wharfinger_server.domain.costs import Sums
from wharfinger_server.domain.errors import Refused
from wharfinger_server.domain.ledger import Entry
from wharfinger_server.domain.progress import Progress
from wharfinger_server.domain.states import EntryState
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
)
from wharfinger_server.store.commit.replies import Awaiting, Blocked
from wharfinger_server.store.commit.runner import InlineRunner, Runner, ThreadRunner
from wharfinger_server.store.commit.unit_of_work import Encode, UnitOfWork
from wharfinger_server.store.commit.writer import OnCommit, Pace, Writer
from wharfinger_server.store.databases import catalogs
from wharfinger_server.store.databases.base import Database, Verdict
from wharfinger_server.store.databases.queries import Queries
from wharfinger_server.store.databases.spending import Budgets
from wharfinger_server.store.databases.steady_clock import SteadyClock
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
    "UnitOfWork",
    "WriteFailed",
]

T = TypeVar("T")

READERS = 4
"""How many queries run at once."""


class Store:
    """The database of one server. Every `async` method may be awaited on any event loop.

    Writes raise Unavailable DATABASE_UNAVAILABLE while the database cannot be written (full disk, connection lost for
    longer than the writer's patience), creations DATABASE_BUSY while too much is queued. What the database refuses of
    one caller raises WriteFailed. Reads raise Unavailable too.
    """

    def __init__(self, database: Database, runner: Runner, writer: Writer) -> None:
        self.incarnation = database.incarnation
        self.schema_version = schema.REVISION
        self.steady = database.steady
        self._database = database
        self._runner = runner
        self._writer = writer
        self._queries = Queries(database)
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

    async def _write(self, make: Callable[[Awaiting], Operation]) -> Any:
        waiter = Awaiting()
        self._writer.queue(make(waiter))
        return await waiter.future

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
        """Write a catalogue down and perhaps make it the active one, in one transaction; return it as it stands.

        `over` is the digest of the catalogue that it was checked against, None where none was active. Raises Aborted
        PRICES_BUSY where another one has become active since.
        """
        result: Catalog = await self._write(
            lambda waiter: WriteCatalogs(waiter, lambda writes: writes.keep(catalog, activation, over))
        )
        return result

    async def activate_catalog(self, activation: Activation) -> Catalog:
        """Make a known catalogue the active one.

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

    # ------------------------------------------------------------------ reading

    async def _read(self, query: Callable[[sa.Connection], T]) -> T:
        if self._writer.closed:
            raise unavailable("the server is shutting down")
        return await self._runner.read(lambda: self._run(query))

    def _run(self, query: Callable[[sa.Connection], T]) -> T:
        try:
            return self._database.read(query)
        except sa.exc.DBAPIError as error:
            trouble = self._database.judge(error)
            if trouble.verdict is Verdict.REFUSED:
                raise
            raise unavailable(trouble.why) from error

    async def task(self, project: str, task_id: str) -> Task | None:
        """Return a task by name; None if there is none, or only its tombstone."""
        return await self._read(lambda c: self._queries.task(c, project, task_id))

    async def task_by_request(self, project: str, request_id: str) -> Task | None:
        """Return the task that a request made, as a tombstone too."""
        return await self._read(lambda c: self._queries.task_by_request(c, project, request_id))

    async def task_by_id(self, id: int) -> Task | None:  # noqa: A002  # the task's own word
        """Return a task by its id, as a tombstone too."""
        return await self._read(lambda c: self._queries.task_by_id(c, id))

    async def tasks(self, query: TaskQuery) -> list[Task]:
        """Return a page of the tasks of a project, of several or of all."""
        return await self._read(lambda c: self._queries.tasks(c, query))

    async def events(self, task: int, after: int, limit: int) -> list[StoredEvent]:
        """Return up to `limit` events of a task after the sequence number `after`."""
        return await self._read(lambda c: self._queries.events(c, task, after, limit))

    async def feed(self, project: str, after: int, limit: int) -> list[FeedEvent]:
        """Return up to `limit` events of a project after the position `after`, in the order they were committed."""
        return await self._read(lambda c: self._queries.feed(c, project, after, limit))

    async def feed_bounds(self, project: str) -> tuple[int, int]:
        """Return (oldest, newest): from `oldest` on, every position's event is held; (1, 0) for a project without any.

        A reader that has seen everything up to `oldest - 1` or later misses nothing.
        """
        return await self._read(lambda c: self._queries.feed_bounds(c, project))

    async def entries(
        self,
        task: int,
        after_ordinal: int,
        limit: int,
        states: frozenset[EntryState] = frozenset(),
        only_open: bool = False,
    ) -> list[Entry]:
        """Return up to `limit` ledger entries after an ordinal, in the order of intent; `states` empty: of any."""
        return await self._read(
            lambda c: self._queries.entries(c, task, after_ordinal, limit, states, only_open=only_open)
        )

    async def estimate(self, task: int) -> bytes:
        """Return the document of what a task is expected to cost, b"" where nothing was estimated."""
        return await self._read(lambda c: self._queries.estimate(c, task))

    async def spending(self, project: str) -> Sums:
        """Return what a project with a budget spends by the hour, by currency."""
        return await self._read(lambda c: self._queries.spending(c, project))

    async def memos(self, task: int) -> dict[str, bytes]:
        """Return a task's saved answers by key."""
        return await self._read(lambda c: self._queries.memos(c, task))

    async def sealed(self, task: int) -> Sealed | None:
        """Return the encrypted values of a task's sealed params, None where it has none or they are erased."""
        return await self._read(lambda c: self._queries.sealed(c, task))

    async def seal_keys(self) -> dict[str, int]:
        """Return the ids of the keys that sealed params are under, each with the number of its tasks."""
        return await self._read(self._queries.seal_keys)

    async def queued(self, executor: str, limit: int, after: tuple[int, int] | None = None) -> list[Task]:
        """Return the queued tasks of an executor that no attempt holds, highest priority first, then oldest.

        `after` is where the page before ended: the priority of its last task, negated, and its id. Params and results
        are left out.
        """
        return await self._read(lambda c: self._queries.queued(c, executor, limit, after))

    async def queue_place(self, task: Task) -> int:
        """Return how many queued tasks of the same executor come before `task`."""
        return await self._read(lambda c: self._queries.queue_place(c, task))

    async def noted(self, name: str) -> str:
        """Return what was noted under `name`, "" if nothing was."""
        return await self._read(lambda c: self._queries.noted(c, name))

    async def unfinished(self, after: int, limit: int, project: str | None = None) -> list[Task]:
        """Return up to `limit` tasks not at rest, of ids above `after`, in their order; of one project, if given."""
        return await self._read(lambda c: self._queries.unfinished(c, after, limit, project))

    async def leased(self, after: int, limit: int) -> list[Task]:
        """Return up to `limit` tasks that an attempt holds, of ids above `after`, in their order."""
        return await self._read(lambda c: self._queries.leased(c, after, limit))

    async def expired(self, now: int, limit: int) -> list[Task]:
        """Return tasks at rest whose expire_time has come, that own nothing alive and are not tombstones yet."""
        return await self._read(lambda c: self._queries.expired(c, now, limit))

    async def active_catalog(self) -> Catalog | None:
        """Return the active catalogue, None before the first."""
        return await self._read(catalogs.active)

    async def catalog(self, digest: str) -> Catalog | None:
        """Return a catalogue, None where there is none of that digest."""
        return await self._read(lambda c: catalogs.catalog(c, digest))

    async def catalogs(self, after: str, limit: int) -> list[Catalog]:
        """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on ("": the first).

        Raises NotFound UNKNOWN_CATALOG for an `after` that does not exist.
        """
        return await self._read(lambda c: catalogs.page(c, after, limit))

    async def catalog_of(self, origin: str) -> Catalog | None:
        """Return the catalogue that was last fetched from, or found unchanged at, an origin."""
        return await self._read(lambda c: catalogs.latest_of(c, origin))

    async def activations(self, limit: int, before: int = 0) -> list[Activation]:
        """Return the last activations, the newest first: which catalogue became active, when, by whom and why.

        `before` is the number of the last one seen, 0 for none.
        """
        return await self._read(lambda c: catalogs.history(c, limit, before))

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
