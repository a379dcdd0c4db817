"""Decisions on tasks: together in a transaction, each for itself."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.store.making import created, decode, draft, held, intend, lease, say

from wharfinger.ledger.ledger import Intent
from wharfinger.ledger.states import EntryState
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.event import LogLine
from wharfinger_server.store.store import Gone, Store, UnitOfWork


async def test_what_a_decision_does_is_kept_whole(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)

    def decide(work: UnitOfWork) -> str:
        work.ledger("a", "b").intend(Intent("a", "thing"), 1, work.now)
        work.put_memo("answer", b"42")
        work.event(LogLine(2, "hello"), 1)
        work.task.plan = ("a", "b")
        work.touch()
        return "returned"

    assert await store.change(task.id, decide) == "returned"
    found = await store.task_by_id(task.id)
    assert found.plan == ("a", "b")
    assert found.revision == 3
    assert found.counts.of(EntryState.INTENDED) == 1
    assert [entry.key for entry in await store.entries(task.id, 0, 10)] == ["a"]
    assert await store.memos(task.id) == {"answer": b"42"}
    assert [decode(e.body).sequence for e in await store.events(task.id, 0, 10)] == [1, 2, 3]


async def test_a_decision_that_raises_leaves_nothing_behind(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, intend("a"))
    before = await store.task_by_id(task.id)

    def decide(work: UnitOfWork) -> None:
        ledger = work.ledger()
        ledger.created("a", 1, "id-1", 0, work.now, live=True)
        ledger.intend(Intent("b", "thing"), 1, work.now)
        work.put_memo("answer", b"42")
        work.event(LogLine(2, "hello"))
        work.touch()
        work.task.logs = 7
        raise FailedPrecondition("STATE_FORBIDS", "no")

    with pytest.raises(FailedPrecondition):
        await store.change(task.id, decide)
    assert await store.task_by_id(task.id) == before
    assert [(e.key, e.state) for e in await store.entries(task.id, 0, 10)] == [("a", EntryState.INTENDED)]
    assert await store.memos(task.id) == {}
    assert len(await store.events(task.id, 0, 10)) == 1


async def test_decisions_in_one_batch_see_each_other_but_not_those_that_failed(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    seen: list[tuple[list[str], dict[str, bytes], int]] = []

    def look(work: UnitOfWork) -> None:
        seen.append((sorted(e.key for e in work.ledger()), work.memos(), work.task.revision))

    def fail(work: UnitOfWork) -> None:
        work.ledger("a").created("a", 1, "id-1", 1, work.now, live=True)
        work.put_memo("n", b"2")
        work.touch()
        raise ValueError("no")

    def one(work: UnitOfWork) -> None:
        intend("a")(work)
        work.put_memo("n", b"1")

    async with held(store, task.id):
        futures = [
            asyncio.ensure_future(store.change(task.id, d)) for d in (one, look, fail, look, created("a", "i"), look)
        ]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(r).__name__ for r in results] == ["NoneType", "NoneType", "ValueError", "NoneType", "Task", "NoneType"]
    assert seen == [(["a"], {"n": b"1"}, 3), (["a"], {"n": b"1"}, 3), (["a"], {"n": b"1"}, 4)]
    (entry,) = await store.entries(task.id, 0, 10)
    assert (entry.state, entry.external_id) == (EntryState.CREATED, "i")


async def test_what_one_decision_returns_is_not_changed_by_the_next(store: Store) -> None:
    task = await store.create(draft())
    async with held(store, task.id):
        first = asyncio.ensure_future(store.change(task.id, lease))
        second = asyncio.ensure_future(store.change(task.id, lambda work: (work.touch(), work.task)[1]))
    one, two = await first, await second
    assert (one.revision, two.revision) == (2, 3)
    assert one.etag != two.etag


async def test_the_version_rises_once_for_a_decision(store: Store) -> None:
    task = await store.create(draft())
    changed = await store.change(task.id, lambda work: (work.touch(), work.touch(), work.task)[2])
    assert changed.revision == 2
    assert changed.update_time >= task.update_time


async def test_a_ledger_opened_for_some_keys_holds_them_with_their_evidence(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, intend("a", "b", "c"))
    # A report of an attempt that is none of the intent's own is late evidence.
    await store.change(
        task.id, lambda work: work.ledger("a").created("a", 1, "other", 7, work.now, live=False) and None
    )

    def look(work: UnitOfWork) -> tuple[list[str], list[str], list[str]]:
        ledger = work.ledger("a")
        some = sorted(ledger.entries)
        assert ledger.counts is work.task.counts
        assert work.ledger("c") is ledger
        more = sorted(ledger.entries)
        return some, more, sorted(work.ledger().entries)

    assert await store.change(task.id, look) == (["a", "a~1"], ["a", "a~1", "c"], ["a", "a~1", "b", "c"])


async def test_entries_loaded_later_do_not_undo_what_the_decision_did(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, intend("a", "b"))

    def decide(work: UnitOfWork) -> EntryState:
        work.ledger("a").created("a", 1, "id-1", 0, work.now, live=True)
        entry = work.ledger().get("a")
        assert entry is not None
        return entry.state

    assert await store.change(task.id, decide) is EntryState.CREATED


async def test_evidence_that_was_dropped_is_gone(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, intend("a"))
    await store.change(task.id, lambda work: work.ledger("a").created("a", 1, "id-1", 7, work.now, live=False) and None)
    assert [e.key for e in await store.entries(task.id, 0, 10)] == ["a", "a~1"]
    await store.change(task.id, created("a", "id-1"))
    assert [(e.key, e.external_id) for e in await store.entries(task.id, 0, 10)] == [("a", "id-1")]
    assert (await store.task_by_id(task.id)).counts.total == 1


async def test_an_unknown_task_is_gone(store: Store) -> None:
    with pytest.raises(Gone):
        await store.change(12345, lease)


async def test_a_decision_that_wants_to_end_the_program_ends_only_its_caller(store: Store) -> None:
    task = await store.create(draft())

    def leave(_work: UnitOfWork) -> None:
        raise SystemExit(3)

    def call() -> None:
        with pytest.raises(SystemExit):
            store.change_blocking(task.id, leave)

    await asyncio.to_thread(call)
    assert (await store.change(task.id, lease)).epoch == 1


async def test_a_thread_without_a_loop_can_change_tasks(store: Store) -> None:
    task = await store.create(draft())
    assert await asyncio.to_thread(store.change_blocking, task.id, say("hello")) == 2
    with pytest.raises(Gone):
        await asyncio.to_thread(store.change_blocking, 1, say("hello"))


async def test_any_loop_in_any_thread_can_await_the_store(store: Store) -> None:
    task = await store.create(draft())
    sequences: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        async def changes() -> None:
            for _ in range(10):
                got = await asyncio.gather(*(store.change(task.id, say("x")) for _ in range(5)))
                with lock:
                    sequences.extend(got)
            assert await store.task_by_id(task.id) is not None

        asyncio.run(changes())

    await asyncio.gather(*(asyncio.to_thread(work) for _ in range(4)))
    assert sorted(sequences) == list(range(2, 202))
    assert [e.sequence for e in await store.events(task.id, 0, 1000)] == list(range(1, 202))


async def test_every_commit_is_told_before_its_callers_are_answered(store: Store) -> None:
    told: list[tuple[int, list[int]]] = []
    store.on_commit = lambda batch: told.extend((c.task.id, [e.sequence for e in c.events]) for c in batch)
    task = await store.create(draft())
    assert told == [(task.id, [1])]
    await store.change(task.id, lease)
    assert told[1:] == [(task.id, [2])]
    assert await store.change(task.id, lambda work: work.task.epoch) == 1
    assert len(told) == 2, "nothing was written, so nothing is told"


async def test_a_listener_that_fails_harms_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_batch: object) -> None:
        raise ValueError("deaf")

    store.on_commit = fail
    assert (await store.create(draft())).last_sequence == 1
    assert "on_commit failed" in caplog.text
