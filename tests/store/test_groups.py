"""How a group commit fills up, and how many rows go into one statement."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa
from tests.store.conftest import OpenStore
from tests.store.making import draft, held, say

from wharfinger_server.store.commit.runner import ThreadRunner
from wharfinger_server.store.databases.bulk import SqliteBulks, pieces
from wharfinger_server.store.databases.connection import SqliteLine
from wharfinger_server.store.databases.writes import statements
from wharfinger_server.store.store import Existing, Pace, Store


class Group:
    """A runner whose turns note how much was queued."""

    def __init__(self, linger: float, target: int) -> None:
        self.queue: list[int] = []
        self.turns: list[tuple[int, float]] = []
        self._linger = linger
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        self._target = target
        self.runner = ThreadRunner(1)
        self.runner.start(self._turn, lambda: len(self.queue))

    def _turn(self) -> None:
        while self.queue:
            began = time.monotonic()
            self.runner.linger(self._target, self._linger)
            self.turns.append((len(self.queue), time.monotonic() - began))
            self.queue.clear()
            self._loop.call_soon_threadsafe(self._done.set)

    def add(self) -> None:
        """Queue something."""
        self.queue.append(1)
        self.runner.wake()

    async def settled(self) -> tuple[int, float]:
        """Return what the first turn wrote, and how long it lingered."""
        await self._done.wait()
        await self.runner.stop()
        return self.turns[0]


async def test_a_lingering_writer_goes_ahead_when_the_group_is_complete() -> None:
    group = Group(30, 5)
    for _ in range(5):
        group.add()
    written, lingered = await group.settled()
    assert written == 5
    assert lingered < 5


async def test_a_lingering_writer_goes_ahead_when_nobody_comes_any_more() -> None:
    group = Group(30, 1000)
    for _ in range(5):
        group.add()
    written, lingered = await group.settled()
    assert written == 5
    assert lingered < 5


async def test_a_lingering_writer_goes_ahead_though_somebody_always_comes() -> None:
    group = Group(0.05, 1_000_000)
    until = time.monotonic() + 10
    while not group.turns and time.monotonic() < until:
        group.add()
        await asyncio.sleep(0)
    assert (await group.settled())[0] > 1


async def test_a_writer_that_hears_from_threads_alone_lingers_for_a_moment_only() -> None:
    group = Group(30, 1000)
    thread = threading.Thread(target=group.add)
    thread.start()
    assert (await group.settled())[1] < 5
    thread.join()


async def test_a_lingering_writer_does_not_wait_for_a_loop_that_has_ended() -> None:
    group = Group(30, 1000)

    async def come() -> None:
        group.runner.wake()

    thread = threading.Thread(target=lambda: asyncio.run(come()))
    thread.start()
    thread.join()
    group.queue.append(1)
    group.runner._signal.set()  # as a thread does, whose loop nobody watches
    assert (await group.settled())[1] < 5


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 127, 128, 129, 500])
def test_rows_go_in_pieces_that_lose_none(count: int) -> None:
    rows = list(range(count))
    parts = list(pieces(rows))
    assert [row for part in parts for row in part] == rows
    assert all(len(part).bit_count() == 1 for part in parts)
    assert len(parts) <= count // 128 + 7


async def test_of_a_large_group_only_those_that_clash_are_left_out(open_store: OpenStore) -> None:
    store = open_store(pace=Pace(linger=0.2))
    first = await store.create(draft(request_id="r-20", task_id="old"))
    waiting = await store.create(draft())
    async with held(store, waiting.id):
        made = [
            asyncio.ensure_future(store.create_many([draft(request_id=f"r-{i}", task_id=f"t-{i % 90}")]))
            for i in range(100)
        ]
    outcomes = [one[0] for one in await asyncio.gather(*made)]
    clashes = {i: outcome for i, outcome in enumerate(outcomes) if isinstance(outcome, Existing)}
    assert sorted(clashes) == [20, *range(90, 100)]
    assert clashes[20].task.id == first.id
    assert {clash.by for i, clash in clashes.items() if i >= 90} == {"task_id"}
    for i, outcome in enumerate(outcomes):
        if not isinstance(outcome, Existing):
            found = await store.task("harbour", f"t-{i}")
            assert found is not None
            assert found.id == outcome.id


async def test_many_tasks_change_in_one_commit_and_no_other_does(store: Store) -> None:
    tasks = [await store.create(draft()) for _ in range(37)]
    async with held(store, tasks[0].id):
        said = [asyncio.ensure_future(store.change(task.id, say("x"))) for task in tasks[1:]]
    await asyncio.gather(*said)
    left = await store.task_by_id(tasks[0].id)
    assert left is not None
    assert left.last_sequence == 1
    for task in tasks[1:]:
        changed = await store.task_by_id(task.id)
        assert changed is not None
        assert (changed.last_sequence, changed.spec) == (2, task.spec)


def test_an_error_of_sqlites_own_line_tells_no_values() -> None:
    driver = sqlite3.connect(":memory:")
    line = SqliteLine(driver)
    line.exec_driver_sql("CREATE TABLE t (v TEXT PRIMARY KEY)")
    line.exec_driver_sql("INSERT INTO t VALUES (?)", ("secret",))
    with pytest.raises(sa.exc.IntegrityError) as failed:
        line.exec_driver_sql("INSERT INTO t VALUES (?)", ("secret",))
    assert "secret" not in str(failed.value)
    assert line.exec_driver_sql("SELECT v FROM t").first() == ("secret",)
    driver.close()


@pytest.mark.parametrize("name", ["update_tasks", "update_progress", "renew"])
def test_sqlite_finds_the_rows_to_change_by_their_key(name: str, sqlite_template: object) -> None:
    driver = sqlite3.connect(f"file:{sqlite_template}?mode=ro", uri=True)
    for text in getattr(statements(SqliteBulks), name)._texts.values():
        plan = driver.execute(f"EXPLAIN QUERY PLAN {text}", (0,) * text.count("?")).fetchall()
        assert [step[3] for step in plan if "tasks" in step[3]] == ["SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)"]
    driver.close()
