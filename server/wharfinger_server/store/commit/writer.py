"""The writer: takes everything that is queued, commits it as one, answers everybody."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from wharfinger.ledger.ids import TaskIds
from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.store.commit.batch import Batch
from wharfinger_server.store.commit.books import Books
from wharfinger_server.store.commit.commands import Create, Operation, Purge
from wharfinger_server.store.commit.commit_time import BOUNDS, CommitTimes
from wharfinger_server.store.commit.replies import deliver
from wharfinger_server.store.commit.runner import Runner
from wharfinger_server.store.commit.unit_of_work import Encode
from wharfinger_server.store.databases.base import CommitUnknown, Database, Verdict, driver_says
from wharfinger_server.store.databases.spending import Budgets
from wharfinger_server.store.errors import MaybeWritten, WriteFailed, unavailable
from wharfinger_server.store.values import Committed

log = logging.getLogger(__name__)

LARGEST = 1000
"""A batch takes no more operations than this, nor more tasks to be created."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0

OnCommit = Callable[[Sequence[Committed]], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How the writer waits, in seconds. `linger`: at most, for a group to fill up, and only if the last batch was one.

    `patience`: how long callers wait for a database that is gone before they are told so. While more than `backlog`
    operations are queued, no tasks are created. `deadline`: how long a remote database may leave a transaction, or a
    query, without an answer.
    """

    linger: float = 0.02
    patience: float = 10.0
    deadline: float = 20.0
    backlog: int = 10_000


class Writer:
    """Owns the writing connection. Only `queue` and `close` are called from other threads than the runner's."""

    def __init__(self, database: Database, encode: Encode, runner: Runner, pace: Pace) -> None:
        self.on_commit: OnCommit | None = None
        self.budgets: Budgets = {}
        self._database = database
        self._encode = encode
        self._runner = runner
        self._pace = pace
        self._ids = TaskIds()
        self._queue: deque[Operation] = deque()
        self.closed = False
        self._finished = False
        self._last = self._expected = 1
        self._down_since = 0.0
        self._unsettled: Batch | None = None
        self._busy_since = 0.0
        self._books = Books()
        self.times = CommitTimes()
        runner.start(self.turn, self._queue.__len__)

    def queue(self, operation: Operation) -> None:
        """Queue an operation; its waiter hears.

        Raises Unavailable when the store is closed, and DATABASE_BUSY for a creation while too much is queued.
        """
        if self.closed:
            raise unavailable("the server is shutting down")
        if isinstance(operation, Create) and self._database.damaged:
            raise unavailable(self._database.damaged)
        if isinstance(operation, Create) and len(self._queue) > self._pace.backlog:
            raise Unavailable(
                "DATABASE_BUSY", "more is waiting to be written than the database keeps up with; ask again"
            )
        self._queue.append(operation)
        self._runner.wake()
        if self._finished:
            self.finish()

    def close(self) -> None:
        """Take no more operations; what is queued is still written."""
        self.closed = True

    def finish(self) -> None:
        """Refuse what was queued behind the runner's last turn."""
        self._finished = True
        while self._queue:
            deliver([(self._queue.popleft().waiter, None, unavailable("the server is shutting down"))])

    @property
    def down(self) -> bool:
        """Whether the last batch found the database unreachable."""
        return self._down_since > 0

    @property
    def busy(self) -> float:
        """For how many seconds the present batch has been at work, 0 where there is none."""
        since = self._busy_since
        return time.monotonic() - since if since else 0.0

    def turn(self) -> None:
        """Write everything that is queued. Never raises."""
        while self._queue:
            if self._last > 1 and len(self._queue) < self._expected and not self.closed:
                self._runner.linger(self._expected, self._pace.linger)
            operations = self._take()
            self._last = len(operations)
            self._busy_since = time.monotonic()
            try:
                self._write(operations)
            except BaseException as error:  # the writer must outlive anything, and everybody must hear
                log.critical("the writer failed", exc_info=error)
                self._books.clear()
                self._database.rollback()
                deliver((operation.waiter, None, error) for operation in operations)
            finally:
                took = time.monotonic() - self._busy_since
                # Here and not in a method: it is done for each commit.
                self.times.counts[bisect_left(BOUNDS, took)] += 1
                self.times.seconds += took
                self._busy_since = 0.0
            # Those who were answered come back, and those who queued meanwhile are here. More are on their way unseen:
            # the largest group of late is a better guess than the last one.
            self._expected = max(self._last + len(self._queue), self._expected * 7 // 8)

    def _take(self) -> list[Operation]:
        """Take what is queued, in order, up to the largest batch. A purge is long, and goes alone."""
        taken: list[Operation] = []
        size = 0
        while self._queue and size < LARGEST:
            first = self._queue[0]
            if isinstance(first, Purge) and taken:
                break
            taken.append(self._queue.popleft())
            size += len(first.drafts) if isinstance(first, Create) else 1
            if isinstance(first, Purge):
                break
        return taken

    def _write(self, operations: Sequence[Operation]) -> None:
        """Commit the operations together or, where that fails by the fault of one, one by one."""
        try:
            batch = self._commit(operations)
        except Unavailable as error:
            deliver((operation.waiter, None, _again(error)) for operation in operations)
        except Exception as error:  # noqa: BLE001  # whichever it is: it is someone's, and nobody else must suffer
            if len(operations) > 1:
                for operation in operations:
                    self._write([operation])
                return
            deliver([(operations[0].waiter, None, self._refused(error))])
        else:
            self._tell(batch.committed)
            deliver((operation.waiter, operation.result, operation.error) for operation in operations)

    def _refused(self, error: Exception) -> WriteFailed:
        """Return what the guilty caller hears, and log it. A driver's error is put in our words: its own has values."""
        if isinstance(error, sa.exc.DBAPIError):
            failure = WriteFailed(f"the database refused a write: {self._database.judge(error).why}")
            log.error("%s (%s)", failure, error.statement)
        else:
            failure = WriteFailed(f"a write could not be made: {type(error).__name__}")
            failure.__cause__ = error
            log.error("%s", failure, exc_info=error)
        return failure

    def _tell(self, committed: Sequence[Committed]) -> None:
        if not committed or self.on_commit is None:
            return
        try:
            self.on_commit(committed)
        except Exception:
            log.exception("on_commit failed; the commit stands")

    # ------------------------------------------------------------------ one transaction

    def _commit(self, operations: Sequence[Operation]) -> Batch:
        """Run the operations in one transaction, again while that may help.

        Raises Unavailable, or the error of a refused write.
        """
        pause = _FIRST_PAUSE
        while True:
            batch: Batch | None = None
            try:
                self._settle_last()
                line, now = self._database.begin()
                batch = Batch(self._database, line, now, self._encode, self._ids, self.budgets, self._books)
                batch.run(operations)
                if batch.wrote:
                    self._database.commit()
                else:
                    self._database.rollback()
            except CommitUnknown as error:
                self._books.clear()
                self._unsettled = batch
                if self._settled(error):
                    assert batch is not None
                    return batch
            except Exception as error:  # noqa: BLE001  # judged, and raised again unless another try may help
                self._books.clear()
                self._database.rollback()
                self._judge(error)
                self._runner.pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if batch.wrote:  # what only reads goes through on a full disk too
                    self._up()
                batch.give_back()
                return batch

    def _up(self) -> None:
        if self._down_since:
            log.warning("the database can be written again")
            self._down_since = 0.0

    def _judge(self, error: Exception) -> None:
        """Return if another try may help; raise Unavailable if not now; raise the error itself if never."""
        trouble = self._database.judge(error)
        if trouble.verdict is Verdict.REFUSED:
            raise error
        now = time.monotonic()
        if not self._down_since:
            self._down_since = now
            log.warning("the database cannot be written: %s (%s)", trouble.why, driver_says(error))
        if trouble.verdict is Verdict.UNAVAILABLE or now - self._down_since > self._pace.patience or self.closed:
            raise unavailable(trouble.why) from error

    # ------------------------------------------------------------------ a COMMIT without an answer

    def _settled(self, lost: CommitUnknown) -> bool:
        """Find out whether the batch was committed; False: it was not, and may be run again.

        Raises Unavailable when the database stays away: then nobody knows yet.
        """
        pause = _FIRST_PAUSE
        log.warning("the connection was lost in a COMMIT (%s); finding out what came of it", lost)
        while True:
            try:
                happened = self._database.committed()
            except Exception as error:  # noqa: BLE001  # judged, and raised again unless another try may help
                self._database.rollback()
                try:
                    self._judge(error)
                except Unavailable as why:
                    told = unavailable("it went away while this was being written, which may or may not have happened")
                    raise MaybeWritten(told.reason, told.message) from why
                self._runner.pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._unsettled = None
                self._up()
                return happened

    def _settle_last(self) -> None:
        """Settle a batch whose callers were told that nobody knows: watchers must hear of it if it did happen."""
        if self._unsettled is not None:
            happened = self._database.committed()
            batch, self._unsettled = self._unsettled, None
            if happened:
                self._tell(batch.committed)


def _again(error: Unavailable) -> Unavailable:
    """Return the same refusal for one more caller: an exception that several raise gathers all of their tracebacks."""
    same = type(error)(error.reason, error.message)
    same.__cause__ = error.__cause__
    return same
