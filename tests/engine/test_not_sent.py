"""Calls that were not sent, in a whole engine: rules 21 and 22 on real stores."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.engine.beside import CALLER, LOST, House
from tests.engine.conftest import StartPier, stop
from tests.postgres import Cluster, postgres  # noqa: F401  # the fixture
from tests.store.proxy import Proxy

from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger.runtime import protocol
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask

UNSENT = protocol.Failure(14, "NOT_SENT", "the door is shut")


class Slip:
    """One task on an engine whose every step is taken by hand."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.id = 0
        self.epoch = 0
        self.considered: list[Task] = []
        house.revived = self.considered.append  # type: ignore[method-assign,assignment]

    async def begin(self, **policy: Any) -> Attempt:
        """Create the task and run it; return its first attempt."""
        new = NewTask("beside.script", executor="asyncio", policy=Policy(**policy))
        shown = await self.house.engine.tasks.create(CALLER, CreateRequest("default", new, "t", "t"))
        self.id = shown.task.id
        return await self.lease(Phase.RUN)

    async def lease(self, phase: Phase) -> Attempt:
        """Begin an attempt."""
        await self.house.store.change(self.id, lambda work: self.house.life.lease(work, phase, "w"))
        task = await self.task()
        self.epoch = task.epoch
        return Attempt(self.house, task, phase)

    async def lose(self, *, resumable: bool) -> None:
        """Lose the worker."""
        life = self.house.life
        await self.house.store.change(self.id, lambda w: life.lost(w, self.epoch, LOST, resumable=resumable))

    async def cannot_tell(self, *keys: str) -> None:
        """Look for keys, in vain."""
        session = await self.lease(Phase.SETTLE)
        entries = {one.key: one for one in await self.entries()}
        for key in keys:
            await session.found(key, entries[key].version, None, UNSENT)
        await session.finish(protocol.Succeeded(b"{}"))

    async def task(self) -> Task:
        """Return the task as it is stored."""
        task = await self.house.store.task_by_id(self.id)
        assert task is not None
        return task

    async def entries(self) -> list[Any]:
        """Return its ledger."""
        return list(await self.house.store.entries(self.id, 0, 100))

    async def states(self) -> dict[str, str]:
        """Return the states of its ledger."""
        return {one.key: one.state.name for one in await self.entries()}


@pytest.fixture
def slip(tmp_path: Path) -> Any:
    return Slip(House(tmp_path))


def intent(key: str = "a", **more: Any) -> protocol.Intent:
    return protocol.Intent(key, "thing", **more)


async def test_the_same_attempt_intends_it_again_and_the_event_says_why(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await session.not_sent(["a"], first.number, UNSENT)
    [entry] = await slip.entries()
    assert (entry.state, entry.error.reason, entry.error.message) == (
        EntryState.NOT_CREATED,
        "NOT_SENT",
        "the door is shut",
    )
    [again] = await session.intend([intent()])
    assert (again.state, again.number, again.token) == ("INTENDED", 2, first.token)


async def test_without_the_word_a_key_is_used_once_in_an_attempt(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await session.not_sent(["a"], first.number + 1, UNSENT)
    with pytest.raises(protocol.Rejected, match="used twice"):
        await session.intend([intent()])


async def test_a_report_that_comes_again_late_does_not_touch_the_next_intent_nor_free_its_key(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await session.not_sent(["a"], first.number, UNSENT)
    await session.intend([intent()])
    await session.not_sent(["a"], first.number, UNSENT)
    assert await slip.states() == {"a": "INTENDED"}
    with pytest.raises(protocol.Rejected, match="used twice"):
        await session.intend([intent()])


async def test_a_fenced_attempts_word_closes_the_intent_and_wakes_the_task(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await slip.lose(resumable=True)
    with pytest.raises(protocol.LeaseLost):
        await session.not_sent(["a"], first.number, UNSENT)
    assert await slip.states() == {"a": "NOT_CREATED"}
    assert [task.id for task in slip.considered] == [slip.id]
    assert await slip.house.store.change(slip.id, slip.house.life.next_phase) is Phase.RUN


async def test_a_fenced_attempts_word_moves_a_resting_task_as_a_verdict_does(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await slip.lose(resumable=False)
    await slip.cannot_tell("a")
    assert (await slip.task()).state is TaskState.PARTIALLY_FAILED
    with pytest.raises(protocol.LeaseLost):
        await session.not_sent(["a"], first.number, UNSENT)
    task = await slip.task()
    assert (task.state, task.error.reason if task.error else "") == (TaskState.FAILED, "EXECUTOR_LOST")
    assert task.expire_time > 0


async def test_a_fenced_attempts_word_about_an_older_intent_changes_nothing(slip: Slip) -> None:
    session = await slip.begin()
    [first] = await session.intend([intent()])
    await session.not_sent(["a"], first.number, UNSENT)
    await slip.lose(resumable=True)
    later = await slip.lease(Phase.RUN)
    await later.intend([intent()])
    with pytest.raises(protocol.LeaseLost):
        await session.not_sent(["a"], first.number, UNSENT)
    assert await slip.states() == {"a": "INTENDED"}


async def test_a_group_is_closed_in_one_commit_and_a_part_is_refused(slip: Slip) -> None:
    session = await slip.begin()
    entries = await session.intend([intent("a", group="g"), intent("b", group="g")])
    with pytest.raises(protocol.Rejected, match="whole call"):
        await session.not_sent(["a"], entries[0].number, UNSENT)
    assert await slip.states() == {"a": "INTENDED", "b": "INTENDED"}
    await session.not_sent(["a", "b"], entries[0].number, UNSENT)
    assert await slip.states() == {"a": "NOT_CREATED", "b": "NOT_CREATED"}
    again = await session.intend([intent("a", group="g"), intent("b", group="g")])
    assert {entry.number for entry in again} == {2}


async def test_a_call_of_several_may_be_asked_again_with_the_parts_that_are_there_already(slip: Slip) -> None:
    session = await slip.begin()
    parts = [intent("a", group="g"), intent("b", group="g")]
    await session.intend(parts)
    await session.created("b", 1, "i-1")
    await session.refused("a", protocol.Failure(8, "NO_ROOM", "no room"))
    await slip.lose(resumable=True)
    again = await slip.lease(Phase.RUN)
    first = await again.intend(parts)
    assert {one.key: one.state for one in first} == {"a": "INTENDED", "b": "CREATED"}
    await again.not_sent(["a"], first[0].number, UNSENT)
    second = await again.intend(parts)
    assert {one.key: (one.state, one.external_id) for one in second} == {"a": ("INTENDED", ""), "b": ("CREATED", "i-1")}
    with pytest.raises(protocol.Rejected, match="used twice"):
        await again.intend(parts)


async def test_of_two_calls_of_a_group_the_one_that_was_refused_frees_no_key(slip: Slip) -> None:
    session = await slip.begin()
    parts = [intent("a", group="g"), intent("b", group="g")]
    entries = await session.intend(parts)
    await session.refused("b", protocol.Failure(8, "NO_ROOM", "no room"))
    with pytest.raises(protocol.Rejected, match="whole call"):
        await session.not_sent(["a"], entries[0].number, UNSENT)
    await session.not_sent(["a", "b"], entries[0].number, UNSENT)
    with pytest.raises(protocol.Rejected, match="the key b is used twice"):
        await session.intend([intent("b", group="g")])


async def test_what_the_ledger_did_not_take_has_used_no_key(slip: Slip) -> None:
    session = await slip.begin()
    await session.intend([intent("a", request_digest="one")])
    await session.created("a", 1, "i-1")
    with pytest.raises(protocol.Rejected, match="cannot come after itself"):
        await session.intend([intent("b"), intent("c", depends_on=("c",))])
    await slip.lose(resumable=True)
    again = await slip.lease(Phase.RUN)
    with pytest.raises(protocol.Rejected, match="under a key of its own"):
        await again.adopt(intent("a", request_digest="one"), "i-2")
    with pytest.raises(protocol.Rejected, match="other arguments"):
        await again.intend([intent("a", request_digest="two"), intent("b")])
    assert [one.state for one in await again.intend([intent("b")])] == ["INTENDED"]
    assert [one.external_id for one in await again.intend([intent("a", request_digest="one")])] == ["i-1"]


async def go_on_when_it_is_back(pier: Any, away: Callable[[bool], None]) -> None:
    """Run twelve tasks, have the database away for longer than their send window of 2 s, and see all succeed."""
    yard = {"yard": str(pier.folder / "yard"), "keys": [f"k{n}" for n in range(4)], "pause": 0.05}
    made = [await pier.create("harbour.build", params=yard) for _ in range(12)]
    await asyncio.sleep(0.2)
    await asyncio.to_thread(away, True)
    await asyncio.sleep(2.4)
    await asyncio.to_thread(away, False)
    events = []
    for shown in made:
        ended = await pier.rest(shown.task.task_id, 60)
        assert ended.task.state is TaskState.SUCCEEDED, ended.task.error
        events += await pier.events(shown.task.task_id)
    unsent = [e.entry for e in events if e.entry.state == EntryState.NOT_CREATED]
    assert unsent
    assert all("was not sent" in one.failure.message for one in unsent)


@pytest.mark.timeout(120)
async def test_twelve_tasks_go_on_after_sqlite_was_locked_for_longer_than_their_send_window(pier: Any) -> None:
    lock = sqlite3.connect(pier.folder / "wharfinger.db", isolation_level=None, check_same_thread=False)

    def away(gone: bool) -> None:
        """Lock the file, or let it go."""
        lock.execute("BEGIN IMMEDIATE" if gone else "ROLLBACK")

    await go_on_when_it_is_back(pier, away)
    lock.close()


@pytest.mark.timeout(120)
async def test_twelve_tasks_go_on_after_postgresql_was_away_for_longer_than_their_send_window(
    start: StartPier,
    postgres: Cluster,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    proxy = Proxy(tmp_path_factory.mktemp("p"), postgres.folder)
    pier = await start(url=postgres.database().replace(str(postgres.folder), str(proxy.folder)))

    def away(gone: bool) -> None:
        """Cut all connections and take no more, or take them again."""
        if gone:
            proxy.sever()
        proxy.refusing = gone

    await go_on_when_it_is_back(pier, away)
    await stop(pier)
    proxy.close()
