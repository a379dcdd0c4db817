"""A project's feed: the order of positions is the order of commits, without a gap."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from tests.postgres import Cluster
from tests.store.making import IDS, bury, draft, encode, ended, say

from wharfinger_server.store.commit.batch import Batch
from wharfinger_server.store.commit.commands import Change
from wharfinger_server.store.commit.replies import Blocked
from wharfinger_server.store.databases.postgres import PostgresDatabase
from wharfinger_server.store.store import FeedEvent, Store


async def test_a_feed_has_every_event_of_its_project_in_the_order_of_commits(store: Store) -> None:
    first, second = await store.create(draft()), await store.create(draft())
    elsewhere = await store.create(draft("elsewhere"))
    await store.change(second.id, say("x"))
    await store.change(first.id, say("x"))
    feed = await store.feed("harbour", 0, 10)
    assert [(e.position, e.task, e.sequence) for e in feed] == [
        (1, first.id, 1),
        (2, second.id, 1),
        (3, second.id, 2),
        (4, first.id, 2),
    ]
    assert await store.feed("harbour", 2, 1) == feed[2:3]
    assert [e.task for e in await store.feed("elsewhere", 0, 10)] == [elsewhere.id]
    assert [e.position for e in await store.events(first.id, 0, 10)] == [1, 4]
    assert await store.feed_bounds("harbour") == (1, 4)
    assert await store.feed_bounds("nowhere") == (1, 0)


async def test_listeners_hear_the_positions_that_the_database_has(store: Store) -> None:
    heard: list[FeedEvent] = []
    store.on_commit = lambda batch: heard.extend(event for commit in batch for event in commit.events)
    tasks = await store.create_many([draft() for _ in range(5)])
    await asyncio.gather(*(store.change(task.id, say("x")) for task in tasks for _ in range(20)))
    assert sorted(heard, key=lambda e: e.position) == await store.feed("harbour", 0, 1000)


async def test_a_reader_of_the_feed_misses_nothing_while_loops_write(store: Store) -> None:
    tasks = [await store.create(draft()) for _ in range(3)]

    def write(task: int) -> None:
        async def all_of_it() -> None:
            for _ in range(20):
                await asyncio.gather(*(store.change(task, say("x")) for _ in range(5)))

        asyncio.run(all_of_it())

    writers = [asyncio.ensure_future(asyncio.to_thread(write, task.id)) for task in tasks]
    seen: list[FeedEvent] = []
    while len(seen) < 303:
        seen += await store.feed("harbour", seen[-1].position if seen else 0, 7)
    await asyncio.gather(*writers)
    assert [e.position for e in seen] == list(range(1, 304))
    for task in tasks:
        assert [e.sequence for e in seen if e.task == task.id] == list(range(1, 102))


class Replica(PostgresDatabase):
    """A writer beside others, as a server with replicas will have them: without the lock that keeps them out today."""

    def _take_lock(self, _connection: sa.Connection) -> None:
        pass


def _replicate(url: str, incarnation: str, projects: Sequence[tuple[int, int]], batches: int) -> None:
    """Commit batches that touch two tasks of two projects each."""
    replica = Replica(sa.make_url(url).set(drivername="postgresql+psycopg"))
    replica.incarnation = incarnation
    try:
        for n in range(batches):
            connection, now = replica.begin()
            order = projects if n % 2 else projects[::-1]
            batch = Batch(replica, connection, now, encode, IDS)
            changes = [Change(Blocked(), task, say("x")) for pair in order for task in pair]
            batch.run(changes)
            assert [change.error for change in changes] == [None] * len(changes)
            replica.commit()
    finally:
        replica.close()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_three_writers_keep_the_order_and_never_deadlock(store: Store, url: str, postgres: Cluster) -> None:
    pairs = [[(await store.create(draft(project))).id for _ in range(2)] for project in ("one", "two")]
    threads = [
        threading.Thread(target=_replicate, args=(url, store.incarnation, [tuple(pair) for pair in pairs], 30))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    seen: dict[str, list[FeedEvent]] = {"one": [], "two": []}
    while any(thread.is_alive() for thread in threads) or any(len(events) < 182 for events in seen.values()):
        for project, events in seen.items():
            events.extend(await store.feed(project, events[-1].position if events else 0, 5))
        assert any(thread.is_alive() for thread in threads) or await store.feed_bounds("one") == (1, 182)
    for project, pair in zip(("one", "two"), pairs, strict=True):
        assert [e.position for e in seen[project]] == list(range(1, 183))
        for task in pair:
            assert [e.sequence for e in seen[project] if e.task == task] == list(range(1, 92))


async def test_a_purge_raises_the_oldest_position_that_is_whole(store: Store) -> None:
    stays = await store.create(draft())
    goes = await ended(store)
    await store.change(goes.id, bury)
    await store.change(stays.id, say("x"))
    assert await store.feed_bounds("harbour") == (1, 5)
    assert await store.purge(goes.create_time + 10**12, 10) == 1
    assert await store.feed_bounds("harbour") == (5, 5)
    assert [(e.position, e.task) for e in await store.feed("harbour", 0, 10)] == [(1, stays.id), (5, stays.id)]
