"""Whole ledgers are kept from batch to batch, and are what the database has whatever became of a batch."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.store.making import created, draft, intend, lease

from wharfinger.ledger.states import EntryState
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.store.commit.books import LEAST
from wharfinger_server.store.store import Store

MANY = LEAST + 10


async def a_ledger(store: Store, entries: int = MANY) -> int:
    task = await store.create(draft())
    await store.change(task.id, lease)
    await store.change(task.id, intend(*(f"k{n}" for n in range(entries))))
    return task.id


def keys(work: Any) -> list[str]:
    return [entry.key for entry in work.ledger()]


async def reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each read of entries."""
    seen: list[int] = []
    read = store._database.entries

    def counted(line: Any, task: int, bases: Any) -> Any:
        seen.append(task)
        return read(line, task, bases)

    monkeypatch.setattr(store._database, "entries", counted)
    return seen


async def test_a_long_ledger_is_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await a_ledger(store)
    seen = await reads(store, monkeypatch)
    for n in range(5):
        await store.change(task, created(f"k{n}", f"id-{n}"))
    assert await store.change(task, keys) == [f"k{n}" for n in range(MANY)]
    assert seen == []
    states = [entry.state for entry in await store.entries(task, 0, MANY)]
    assert states == [EntryState.CREATED] * 5 + [EntryState.INTENDED] * (MANY - 5)


async def test_a_decision_that_raises_leaves_no_trace_in_it(store: Store) -> None:
    task = await a_ledger(store)

    def spoil(work: Any) -> None:
        """Change it, and then fail."""
        created("k1", "wrong")(work)
        work.ledger().drop(work.ledger().named("k2"))
        raise FailedPrecondition("STATE_FORBIDS", "not now", {})

    with pytest.raises(FailedPrecondition):
        await store.change(task, spoil)
    assert await store.change(task, keys) == [f"k{n}" for n in range(MANY)]
    assert await store.change(task, lambda work: work.ledger().named("k1").external_id) == ""
    assert await store.change(task, lambda work: work.ledger().holder(work.ledger().named("k3"), "wrong")) is None


async def test_it_is_read_anew_where_somebody_else_has_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await a_ledger(store)
    seen = await reads(store, monkeypatch)
    # The same task, as another server would leave it: another revision.
    database = store._database
    line, _ = database.begin()
    line.exec_driver_sql(f"UPDATE tasks SET revision = revision + 1 WHERE id = {task}")
    line.exec_driver_sql(f"DELETE FROM entries WHERE task = {task} AND base = 'k0'")
    database.commit()
    assert (await store.change(task, keys))[0] == "k1"
    assert seen


async def test_it_is_read_anew_after_a_batch_that_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await a_ledger(store)
    seen = await reads(store, monkeypatch)
    commit = store._database.commit

    def fail() -> None:
        """Fail once."""
        monkeypatch.setattr(store._database, "commit", commit)
        raise ValueError("not this time")

    monkeypatch.setattr(store._database, "commit", fail)
    with pytest.raises(Exception, match="a write could not be made"):
        await store.change(task, created("k1", "id-1"))
    assert await store.change(task, lambda work: work.ledger().named("k1").external_id) == ""
    assert seen


async def test_each_report_costs_the_same_however_long_the_ledger(store: Store) -> None:
    """Four times as many things cost four times as much, not sixteen: by the processor time of this process."""
    spent = []
    for size in (150, 600):
        task = await a_ledger(store, size)
        await store.change(task, created("k0", "warm"))
        begun = time.process_time()
        for n in range(1, 80):
            await store.change(task, created(f"k{n}", f"id-{n}"))
            await store.change(task, lambda work: work.ledger().children_of("k7"))
        spent.append(time.process_time() - begun)
    assert spent[1] < 2 * spent[0], spent
