"""Disks that fill up and connections that break: callers hear the truth, and the store recovers by itself."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import Cluster
from tests.store.conftest import OpenStore
from tests.store.making import decode, draft, held, lease, say
from tests.store.proxy import Moment, Proxy

from wharfinger_server.domain.errors import Unavailable
from wharfinger_server.store.store import Committed, Pace, Store


def _driver(store: Store) -> Any:
    """Return the writer's own connection."""
    return store._database._connection.connection.driver_connection


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_full_disk_is_told_and_got_over(store: Store) -> None:
    task = await store.create(draft())
    driver = _driver(store)
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages + 3}")
    async with held(store, task.id):
        callers = [asyncio.ensure_future(store.create(draft(params=b"x" * 60_000))) for _ in range(3)]
    for caller in callers:
        with pytest.raises(Unavailable, match="its disk is full") as refused:
            await caller
        assert refused.value.reason == "DATABASE_UNAVAILABLE"
    with pytest.raises(Unavailable):
        await store.health()
    assert len(await store.unfinished(0, 10)) == 1
    driver.execute("PRAGMA max_page_count = 1000000")
    assert await store.change(task.id, say("x")) == 2
    await store.health()
    assert [e.position for e in await store.feed("harbour", 0, 10)] == [1, 2]


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_full_disk_of_the_database_server_is_told_and_got_over(
    store: Store, url: str, postgres: Cluster
) -> None:
    task = await store.create(draft())
    name = re.search(r"/(test\d+)\?", url)
    assert name
    raises = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
    postgres.run(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${raises}$$", name[1])
    postgres.run("CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()", name[1])
    with pytest.raises(Unavailable, match="its disk is full"):
        await store.change(task.id, say("x"))
    postgres.run("DROP TRIGGER full_disk ON events", name[1])
    assert await store.change(task.id, say("x")) == 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_lost_connection_is_replaced_without_the_callers_noticing(store: Store, postgres: Cluster) -> None:
    task = await store.create(draft())
    assert await store.task_by_id(task.id) == task
    for n in range(3):
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wharfinger %'",
        )
        assert await store.change(task.id, say("x")) == n + 2
        assert (await store.task_by_id(task.id)).last_sequence == n + 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_connection_lost_within_a_transaction_loses_nothing(store: Store, postgres: Cluster) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        callers = [asyncio.ensure_future(store.change(task.id, say("x"))) for _ in range(5)]
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wharfinger %'",
        )
    assert await asyncio.gather(*callers) == [2, 3, 4, 5, 6]
    assert [e.sequence for e in await store.events(task.id, 0, 10)] == [1, 2, 3, 4, 5, 6]


@pytest.fixture
def proxy(kind: str, postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("p"), postgres.folder)
    yield proxy
    proxy.close()


@pytest.fixture
def through(url: str, proxy: Proxy, postgres: Cluster) -> str:
    """The URL of the test's database, by way of the proxy."""
    return url.replace(str(postgres.folder), str(proxy.folder))


@pytest.mark.parametrize("kind", ["postgres"])
@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT"])
async def test_a_commit_whose_answer_is_lost_is_settled(
    open_store: OpenStore, through: str, proxy: Proxy, moment: Moment
) -> None:
    store = open_store(through)
    told: list[Committed] = []
    task = await store.create(draft())
    store.on_commit = told.extend
    for n in range(3):
        proxy.cut = moment
        made, said = await asyncio.gather(store.create(draft()), store.change(task.id, say("x")))
        assert proxy.cuts >= n + 1
        assert said == n + 2
        assert await store.task_by_id(made.id) == made
    assert [e.sequence for e in await store.events(task.id, 0, 10)] == [1, 2, 3, 4]
    feed = await store.feed("harbour", 0, 100)
    assert [e.position for e in feed] == list(range(1, 8)), "written exactly once"
    assert sorted(e.position for c in told for e in c.events) == list(range(2, 8)), "told exactly once"


@pytest.mark.parametrize("kind", ["postgres"])
@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT"])
async def test_where_the_database_stays_away_callers_hear_that_nobody_knows(
    open_store: OpenStore, through: str, proxy: Proxy, moment: Moment
) -> None:
    store = open_store(through, pace=Pace(patience=0.2))
    told: list[Committed] = []
    task = await store.create(draft())
    store.on_commit = told.extend
    proxy.cut, proxy.refusing = moment, True
    with pytest.raises(Unavailable, match="may or may not have happened"):
        await store.change(task.id, say("x"))
    with pytest.raises(Unavailable, match="does not answer"):
        await store.change(task.id, lease)
    with pytest.raises(Unavailable):
        await store.health()
    proxy.refusing = False
    happened = moment == "after COMMIT"
    assert await store.change(task.id, say("y")) == (3 if happened else 2)
    assert [len(c.events) for c in told] == ([1, 1] if happened else [1]), "watchers hear of it late, but hear"
    texts = [decode(e.body).detail for e in await store.events(task.id, 1, 10)]
    assert [detail.text for detail in texts] == (["x", "y"] if happened else ["y"])
    await store.health()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_second_server_cannot_take_over_while_the_first_reconnects(
    open_store: OpenStore, url: str, through: str, proxy: Proxy
) -> None:
    first = open_store(through, pace=Pace(patience=0.2))
    task = await first.create(draft())
    proxy.cut, proxy.refusing = "before COMMIT", True
    with pytest.raises(Unavailable):
        await first.change(task.id, say("x"))
    # The database knows nothing of the cut, and keeps the first server's session with its lock.
    with pytest.raises(Exception, match="in use by another server"):
        open_store(url)
    proxy.refusing = False
    assert await first.change(task.id, say("x")) == 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_server_that_was_replaced_writes_nothing_more(
    open_store: OpenStore, url: str, through: str, proxy: Proxy, postgres: Cluster
) -> None:
    first = open_store(through, pace=Pace(patience=0.2))
    task = await first.create(draft())
    proxy.refusing = True
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'wharfinger %'")
    second = open_store(url)
    proxy.refusing = False
    with pytest.raises(Unavailable, match="another server has taken it over"):
        await first.change(task.id, say("first"))
    assert await second.change(task.id, say("second")) == 2


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_file_locked_by_a_shell_is_waited_for(store: Store, tmp_path: Path) -> None:
    import sqlite3

    task = await store.create(draft())
    shell = sqlite3.connect(tmp_path / "wharfinger.db", isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.change(task.id, say("x")))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert (await store.task_by_id(task.id)).last_sequence == 1, "readers go on"
    shell.execute("ROLLBACK")
    shell.close()
    assert await waiting == 2


# ---------------------------------------------------------------------- connections that stay open and say nothing


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_connection_that_is_open_and_silent_is_replaced(
    open_store: OpenStore, through: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(through, pace=Pace(deadline=0.4))
    task = await store.create(draft())
    for _ in range(2):
        proxy.freeze()
        async with asyncio.timeout(20):
            assert await store.change(task.id, say("x"))
            assert await store.task_by_id(task.id)
    assert [e.sequence for e in await store.events(task.id, 0, 10)] == [1, 2, 3]
    assert "has not answered for 0.4 s; the connection is dropped" in caplog.text
    assert "the database cannot be written" in caplog.text
    assert "the database can be written again" in caplog.text
    assert not any(record.exc_info for record in caplog.records), "a line tells an operator all there is to know"


@pytest.mark.parametrize("kind", ["postgres"])
@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT"])
async def test_a_commit_that_is_never_answered_is_asked_for(
    open_store: OpenStore, through: str, proxy: Proxy, moment: Moment
) -> None:
    store = open_store(through, pace=Pace(deadline=0.4))
    task = await store.create(draft())
    proxy.freeze_at = moment
    async with asyncio.timeout(20):
        made, said = await asyncio.gather(store.create(draft()), store.change(task.id, say("x")))
    assert (proxy.cuts, said) == (1, 2)
    assert await store.task_by_id(made.id) == made
    assert [e.position for e in await store.feed("harbour", 0, 100)] == [1, 2, 3], "written exactly once"


@pytest.mark.parametrize("kind", ["postgres"])
@pytest.mark.parametrize("busy", [False, True])
async def test_health_asks_the_writer_and_does_not_wait_for_ever(
    open_store: OpenStore, through: str, proxy: Proxy, busy: bool
) -> None:
    store = open_store(through, pace=Pace(deadline=2.0))
    task = await store.create(draft())
    proxy.frozen.update(map(id, proxy._open))  # the writer's: no reader has connected yet
    going = asyncio.create_task(store.change(task.id, say("x"))) if busy else None
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"has not answered for 0.2 s|a write has been under way"):
            await store.health(0.2)
    async with asyncio.timeout(20):
        while True:
            try:
                await store.health(2.0)
                break
            except Unavailable:
                continue
        if going is not None:
            assert await going == 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_session_that_is_stopped_is_waited_for_and_nothing_is_written_twice(
    open_store: OpenStore, url: str, postgres: Cluster
) -> None:
    store = open_store(pace=Pace(deadline=0.4, patience=60))
    task = await store.create(draft())
    pid = _driver(store).info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        going = asyncio.create_task(store.change(task.id, say("x")))
        with pytest.raises(Unavailable):
            await store.health(0.3)
        await asyncio.sleep(0.7)
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(30):
        assert await going == 2
        await store.health()
    assert [e.sequence for e in await store.events(task.id, 0, 10)] == [1, 2]
