"""Lists of tasks, events and ledger entries: filters, pages, and the indexes that answer them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from tests.store.making import bury, created, draft, ended, intend, lease

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.policy import Policy
from wharfinger_server.store.store import Condition, Store, TaskQuery


async def test_pages_follow_each_other_without_overlap_in_both_directions(store: Store) -> None:
    made = [task.id for task in await store.create_many([draft() for _ in range(25)])]
    await store.create(draft("elsewhere"))
    for descending in (False, True):
        seen: list[int] = []
        while page := await store.tasks(
            TaskQuery("harbour", descending=descending, after=seen[-1] if seen else 0, limit=4)
        ):
            seen += [task.id for task in page]
        assert seen == (made[::-1] if descending else made)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("projects", [None, {"a", "b", "never"}, {"b"}, set()])
async def test_the_pages_of_several_projects_are_in_one_order(
    store: Store, projects: set[str] | None, descending: bool
) -> None:
    made = [await store.create(draft("abc"[n % 3])) for n in range(20)]
    gone = await ended(store, project="a")
    await store.change(gone.id, bury)
    wanted = [task.id for task in made if projects is None or task.project in projects]
    which = None if projects is None else frozenset(projects)
    seen: list[int] = []
    while page := await store.tasks(TaskQuery(which, descending=descending, after=seen[-1] if seen else 0, limit=3)):
        assert len(page) <= 3
        seen += [task.id for task in page]
    assert seen == (wanted[::-1] if descending else wanted)


@pytest.mark.parametrize("which", [None, frozenset({"a", "b"})])
async def test_conditions_hold_over_projects(store: Store, which: frozenset[str] | None) -> None:
    one = await store.create(draft("a", script="s", labels={"team": "dock"}))
    two = await store.create(draft("b", creator="ann", labels={"team": "dock"}))
    three = await store.create(draft("b", script="s"))
    await store.change(three.id, lease)

    async def found(*conditions: tuple[Any, Any, Any]) -> list[int]:
        query = TaskQuery(which, tuple(Condition(*condition) for condition in conditions))
        return [task.id for task in await store.tasks(query)]

    assert await found(("label", "=", ("team", "dock"))) == [one.id, two.id]
    assert await found(("label", "!=", ("team", "dock"))) == [three.id]
    assert await found(("label", "=", ("team", "dock")), ("creator", "=", "ann")) == [two.id]
    assert await found(("script", "=", "s")) == [one.id, three.id]
    assert await found(("state", "=", TaskState.RUNNING)) == [three.id]
    assert await found(("state", "=", TaskState.FAILED)) == []


async def test_conditions_are_all_fulfilled(store: Store) -> None:
    a = await store.create(draft(script="a", executor="thread", creator="ann", labels={"team": "dock", "zone": "1"}))
    b = await store.create(draft(script="b", creator="bob", labels={"team": "crane"}))
    c = await store.create(draft(script="c", creator="ann"))
    await store.change(c.id, lease)

    async def found(*conditions: tuple[Any, Any, Any]) -> list[int]:
        query = TaskQuery("harbour", tuple(Condition(*condition) for condition in conditions))
        return [task.id for task in await store.tasks(query)]

    assert await found(("state", "=", TaskState.RUNNING)) == [c.id]
    assert await found(("state", "!=", TaskState.RUNNING)) == [a.id, b.id]
    assert await found(("state", "=", 1), ("creator", "=", "ann")) == [a.id]
    assert await found(("script", ">=", "b")) == [b.id, c.id]
    assert await found(("script", "<", "b")) == [a.id]
    assert await found(("executor", "!=", "thread")) == [b.id, c.id]
    assert await found(("create_time", ">", a.create_time), ("create_time", "<=", b.create_time)) == [b.id]
    assert await found(("label", "=", ("team", "dock"))) == [a.id]
    assert await found(("label", "!=", ("team", "dock"))) == [b.id, c.id]
    assert await found(("label", ">=", ("team", "crane"))) == [a.id, b.id]
    assert await found(("label", "=", ("team", "dock")), ("label", "=", ("zone", "2"))) == []


async def test_text_compares_by_its_code_points_on_every_database(store: Store) -> None:
    made = [await store.create(draft(creator=creator)) for creator in ("Zoe", "anna", "ärger")]
    query = TaskQuery("harbour", (Condition("creator", ">", "a"),))
    assert [task.id for task in await store.tasks(query)] == [task.id for task in made[1:]]


async def test_a_light_list_leaves_out_what_may_be_long(store: Store) -> None:
    task = await ended(store, params=b'{"a":1}', labels={"a": "b"})
    (light,) = await store.tasks(TaskQuery("harbour", light=True))
    assert (light.spec.params, light.result) == (b"{}", b"")
    assert (light.id, light.state, light.spec.labels) == (task.id, task.state, task.spec.labels)
    (full,) = await store.tasks(TaskQuery("harbour"))
    assert full == task


async def test_the_queue_is_ordered_by_priority_and_then_by_age(store: Store) -> None:
    low, high, old = [await store.create(draft(policy=Policy(priority=p))) for p in (0, 9, 0)]
    await store.create(draft(executor="thread"))
    leased = await store.create(draft(policy=Policy(priority=10)))
    await store.change(leased.id, lease)
    later = await store.create(draft(wake_time=2**60))
    assert [t.id for t in await store.queued("asyncio", 10)] == [high.id, low.id, old.id, later.id]
    assert [t.id for t in await store.queued("asyncio", 2)] == [high.id, low.id]
    foreign = await store.create(draft("quay", policy=Policy(priority=-1)))
    assert [await store.queue_place(t) for t in (high, low, old, foreign)] == [0, 1, 2, 0]
    await store.change(foreign.id, lease)
    assert [t.id for t in await store.queued("asyncio", 2, (-9, high.id))] == [low.id, old.id]
    assert [t.id for t in await store.queued("asyncio", 9, (0, low.id))] == [old.id, later.id]
    assert await store.queued("asyncio", 9, (0, later.id)) == []


async def test_a_queue_is_read_without_what_may_be_long(store: Store) -> None:
    await store.create(draft(params=b'{"a":1}'))
    (task,) = await store.queued("asyncio", 2)
    assert task.spec.params == b"{}"


async def test_unfinished_tasks_come_in_pages(store: Store) -> None:
    queued = await store.create(draft())
    await ended(store)
    running = await store.create(draft())
    await store.change(running.id, lease)
    assert [t.id for t in await store.unfinished(0, 1)] == [queued.id]
    assert [t.id for t in await store.unfinished(queued.id, 5)] == [running.id]
    other = await store.create(draft("elsewhere"))
    assert [t.id for t in await store.unfinished(0, 5, "elsewhere")] == [other.id]


async def test_a_tombstone_is_found_by_id_and_request_only(store: Store) -> None:
    task = await ended(store, task_id="mine", request_id="r")
    grave = await store.change(task.id, bury)
    assert await store.task("harbour", "mine") is None
    assert await store.tasks(TaskQuery("harbour")) == []
    assert await store.task_by_id(task.id) == await store.task_by_request("harbour", "r") == grave


async def test_a_ledger_is_paged_and_filtered(store: Store) -> None:
    task = await store.create(draft())
    await store.change(task.id, lease)
    await store.change(task.id, intend(*(f"k{n}" for n in range(9))))
    await store.change(task.id, created("k3", "id-3"))
    assert [e.key for e in await store.entries(task.id, 0, 4)] == ["k0", "k1", "k2", "k3"]
    assert [e.key for e in await store.entries(task.id, 4, 100)] == ["k4", "k5", "k6", "k7", "k8"]
    (only,) = await store.entries(task.id, 0, 100, frozenset({EntryState.CREATED}))
    assert (only.key, only.external_id) == ("k3", "id-3")
    await store.change(task.id, lambda work: _close(work.ledger("k5")))
    assert "k5" not in [e.key for e in await store.entries(task.id, 0, 100, only_open=True)]
    assert len(await store.entries(task.id, 0, 100, only_open=True)) == 8


def _close(ledger: Any) -> None:
    entry = ledger.get("k5")
    ledger.refused("k5", entry.epoch, None, 1)


async def test_events_are_read_from_where_one_stopped(store: Store) -> None:
    task = await ended(store)
    assert [e.sequence for e in await store.events(task.id, 0, 2)] == [1, 2]
    assert [e.sequence for e in await store.events(task.id, 2, 10)] == [3]


def owing(store: Store, state: TaskState | None) -> Any:
    """Read the tasks whose things are counted: unfinished ones, or those of a half-done state."""
    statements = store._statements
    if state is None:
        return store._read(lambda c: statements.owing_unfinished(c, after=5, limit=10))
    return store._read(lambda c: statements.owing_half_done(c, state=int(state), after=5, limit=10))


INDEXED: dict[str, tuple[str, Callable[[Store], Any]]] = {
    "queue": ("ix_tasks_queue", lambda store: store.queued("asyncio", 10)),
    "queue from somewhere on": ("ix_tasks_queue", lambda store: store.queued("asyncio", 10, (-3, 9))),
    "unfinished": ("ix_tasks_unfinished", lambda store: store.unfinished(5, 10)),
    "expired": ("ix_tasks_expire", lambda store: store.expired(5, 10)),
    "list": ("ix_tasks_project", lambda store: store.tasks(TaskQuery("p", descending=True, after=9))),
    "failed": (
        "ix_tasks_troubled",
        lambda store: store.tasks(TaskQuery("p", (Condition("state", "=", TaskState.FAILED),))),
    ),
    "failed of all projects": (
        "ix_tasks_troubled_all",
        lambda store: store.tasks(TaskQuery(None, (Condition("state", "=", TaskState.FAILED),), descending=True)),
    ),
    "failed of some projects": (
        "ix_tasks_troubled",
        lambda store: store.tasks(TaskQuery(frozenset({"p", "q"}), (Condition("state", "=", TaskState.FAILED),))),
    ),
    "running of all projects": (
        "ix_tasks_unfinished",
        lambda store: store.tasks(TaskQuery(None, (Condition("state", "=", TaskState.RUNNING),))),
    ),
    "list of all projects": (
        "INTEGER PRIMARY KEY",
        lambda store: store.tasks(TaskQuery(None, descending=True, after=9)),
    ),
    "label of all projects": (
        "ix_task_labels_value",
        lambda store: store.tasks(TaskQuery(None, (Condition("label", "=", ("k", "v")),), descending=True)),
    ),
    "unfinished of a project": ("ix_tasks_unfinished_project", lambda store: store.unfinished(5, 10, "p")),
    "running": (
        "ix_tasks_unfinished_project",
        lambda store: store.tasks(TaskQuery("p", (Condition("state", "=", TaskState.RUNNING),))),
    ),
    "states of all projects": ("ix_tasks_unfinished", lambda store: store._read(store._statements.states)),
    "owing of all projects": ("ix_tasks_unfinished", lambda store: owing(store, None)),
    "half-done of all projects": ("ix_tasks_troubled_all", lambda store: owing(store, TaskState.PARTIALLY_FAILED)),
    "request": ("uq_tasks_request_id", lambda store: store.task_by_request("p", "r")),
    "feed": ("ix_events_feed", lambda store: store.feed("p", 7, 10)),
    "ledger": ("ix_entries_ordinal", lambda store: store.entries(1, 7, 10)),
}


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("query", INDEXED)
async def test_a_query_is_answered_from_its_index_and_never_sorts(store: Store, query: str) -> None:
    index, ask = INDEXED[query]
    statements: list[tuple[str, Any]] = []
    engine = store._database._readers._engine
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, values, *_: statements.append((sql, values)))
    # Many tasks that are over, and a few that are not: what the planner must not walk through.
    await store.create_many([draft("p") for _ in range(20)])
    await ask(store)
    sql, values = statements[-1]
    plan = store._database.read(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
    text = " | ".join(row[3] for row in plan)
    assert re.search(rf"USING (COVERING )?(INDEX )?{index} ", f"{text} "), text
    # To group by a state is no sorting: there are a handful of groups.
    assert "TEMP B-TREE" not in text.replace("USE TEMP B-TREE FOR GROUP BY", ""), text
