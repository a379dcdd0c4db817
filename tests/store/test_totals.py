"""What is left to do in all projects together."""

from __future__ import annotations

from tests.store.making import draft, ended, lease

from wharfinger.ledger.states import TaskState
from wharfinger_server.store.store import Store


async def test_an_empty_store_has_nothing_to_do(store: Store) -> None:
    totals = await store.totals()
    assert (totals.states, totals.uncertain, totals.leftovers) == ({}, 0, 0)


async def test_tasks_that_are_not_over_are_counted_by_state(store: Store) -> None:
    await ended(store)
    await store.create(draft("a"))
    await store.create_many([draft("b") for _ in range(3)])
    running = await store.create(draft("b"))
    await store.change(running.id, lease)
    totals = await store.totals()
    assert totals.states == {TaskState.QUEUED: 4, TaskState.RUNNING: 1}
    assert totals.leftovers == 0
