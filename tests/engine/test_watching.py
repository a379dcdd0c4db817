"""Watchers see each event once, in order, and the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wharfinger.ledger.states import TaskState
from wharfinger.v1 import event_pb2
from wharfinger_server.domain.errors import InvalidArgument, NotFound, OutOfRange, Unavailable
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.watching.watch import Events, Heartbeat, ProgressChanged, Snapshot


async def follow(pier: Any, task_id: str, after: int = 0, heartbeat: int = 0) -> list[Any]:
    watch = pier.engine.watches.watch_task(pier.caller, "default", task_id, after, heartbeat)
    return [update async for update in watch]


def sequences(updates: list[Any]) -> list[int]:
    return [
        event_pb2.TaskEvent.FromString(frame).sequence
        for update in updates
        if isinstance(update, Events)
        for frame in update.frames
    ]


async def test_a_watch_begins_and_ends_with_a_snapshot(pier: Any) -> None:
    shown = await pier.create("harbour.count", params={"steps": 5})
    updates = await follow(pier, shown.task.task_id)
    assert isinstance(updates[0], Snapshot)
    assert isinstance(updates[-1], Snapshot)
    assert updates[-1].shown.task.state is TaskState.SUCCEEDED
    last = updates[-1].shown.task.last_sequence
    assert sequences(updates) == list(range(1, last + 1))


async def test_a_watch_of_an_ended_task_tells_all_of_it(pier: Any) -> None:
    shown = await pier.run("harbour.count", params={"steps": 700, "pause": 0})
    assert sequences(await follow(pier, shown.task.task_id)) == list(range(1, shown.task.last_sequence + 1))


async def test_a_watch_goes_on_after_a_sequence(pier: Any) -> None:
    shown = await pier.run("harbour.count", params={"steps": 5})
    assert sequences(await follow(pier, shown.task.task_id, 4)) == list(range(5, shown.task.last_sequence + 1))


async def test_a_watch_ahead_of_the_task_is_refused(pier: Any) -> None:
    shown = await pier.run("harbour.noop")
    with pytest.raises(OutOfRange, match="none of the number 99"):
        await follow(pier, shown.task.task_id, 99)


async def test_a_task_watch_goes_on_after_its_token_and_no_other(pier: Any) -> None:
    shown, other = await pier.run("harbour.count", params={"steps": 5}), await pier.run("harbour.noop")
    watches, name = pier.engine.watches, shown.task.task_id
    told = [update async for update in watches.watch_task(pier.caller, "default", name, 0, 0)]
    [token] = {update.token for update in told[1:]}
    again = [update async for update in watches.watch_task(pier.caller, "default", name, 0, 0, token)]
    assert sequences(again) == []
    assert [update.token for update in again] == [token, token]
    for wrong in (b"nonsense", token[:-1], b"\x02" + token[1:]):
        with pytest.raises(InvalidArgument, match="resume_token"):
            await anext(watches.watch_task(pier.caller, "default", name, 0, 0, wrong))
    with pytest.raises(InvalidArgument, match="another task"):
        await anext(watches.watch_task(pier.caller, "default", other.task.task_id, 0, 0, token))
    with pytest.raises(InvalidArgument, match="after_sequence"):
        await anext(watches.watch_task(pier.caller, "default", name, 2, 0, token))
    forged = token[:-1] + bytes([token[-1] ^ 1])
    with pytest.raises(OutOfRange, match="another one than was told"):
        await anext(watches.watch_task(pier.caller, "default", name, 0, 0, forged))


async def test_a_feeds_token_names_the_event_that_it_was_given_out_with(pier: Any) -> None:
    await pier.run("harbour.noop")
    watch = pier.engine.watches.watch_project(pier.caller, "default", "", b"", 100_000)
    token = (await anext(watch)).token
    await pier.run("harbour.noop")
    later = await anext(watch)
    for good in (token, later.token):
        assert await anext(pier.engine.watches.watch_project(pier.caller, "default", "", good, 100_000))
        forged = good[:-1] + bytes([good[-1] ^ 1])
        with pytest.raises(OutOfRange, match="not there any more") as caught:
            await anext(pier.engine.watches.watch_project(pier.caller, "default", "", forged, 0))
        assert caught.value.reason == "RESUME_TOKEN_TOO_OLD"
    # One that an earlier release gave out has no mark: it goes on by its number.
    before = b"\x01" + token[1:25]
    assert await anext(pier.engine.watches.watch_project(pier.caller, "default", "", before, 100_000))


async def test_progress_is_shown_while_a_script_runs(pier: Any) -> None:
    shown = await pier.create("harbour.count", params={"steps": 10, "pause": 0.05, "lines": False})
    told = [u.progress.done for u in await follow(pier, shown.task.task_id) if isinstance(u, ProgressChanged)]
    assert told == sorted(told)
    assert len(told) >= 2


async def test_heartbeats_come_while_nothing_happens(pier: Any) -> None:
    shown = await pier.create("harbour.once", params={"seconds": 0.7})
    updates = await follow(pier, shown.task.task_id, heartbeat=100_000)
    assert sum(isinstance(update, Heartbeat) for update in updates) >= 3


async def test_a_drain_ends_watches_with_their_position(pier: Any) -> None:
    shown = await pier.create("harbour.once", params={"seconds": 30})
    updates: list[Any] = []

    async def watch() -> None:
        async for update in pier.engine.watches.watch_task(pier.caller, "default", shown.task.task_id, 0, 0):
            updates.append(update)  # noqa: PERF401 - what came before the end is wanted too

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.2)
    await pier.engine.watches.close()
    with pytest.raises(Unavailable) as caught:
        await watching
    assert caught.value.reason == "SERVER_DRAINING"
    assert isinstance(updates[-1], Heartbeat)
    assert updates[-1].position == 2


async def test_a_feed_tells_every_event_of_a_project_once_and_in_order(pier: Any) -> None:
    seen: list[tuple[str, int]] = []
    token = b""
    enough = asyncio.Event()

    async def watch() -> None:
        nonlocal token
        async for update in pier.engine.watches.watch_project(pier.caller, "default", "", b"", 0):
            token = update.token
            if isinstance(update, Events):
                for frame in update.frames:
                    event = event_pb2.TaskEvent.FromString(frame)
                    seen.append((event.task, event.sequence))
            if len(seen) >= 30:
                enough.set()

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.1)
    for _ in range(10):
        await pier.run("harbour.noop")
    await asyncio.wait_for(enough.wait(), 10)
    watching.cancel()
    assert len(seen) == len(set(seen)) == 30
    for name in {name for name, _ in seen}:
        assert [sequence for other, sequence in seen if other == name] == [1, 2, 3]


async def test_a_feed_resumes_after_its_token(pier: Any) -> None:
    watch = pier.engine.watches.watch_project(pier.caller, "default", "", b"", 100_000)
    first = await anext(watch)
    await watch.aclose()
    await pier.run("harbour.noop", labels={"tide": "high"})
    await pier.run("harbour.noop", labels={"tide": "low"})
    watch = pier.engine.watches.watch_project(pier.caller, "default", "", first.token, 100_000)
    events = await anext(watch)
    assert len(events.frames) == 6
    await watch.aclose()
    with pytest.raises(InvalidArgument) as caught:
        await anext(pier.engine.watches.watch_project(pier.caller, "default", 'labels.tide = "low"', first.token, 0))
    assert caught.value.reason == "RESUME_TOKEN_INVALID"


async def test_a_feed_begins_with_what_is_unfinished(pier: Any) -> None:
    shown = await pier.create("harbour.once", params={"seconds": 3}, labels={"tide": "high"})
    await pier.create("harbour.once", params={"seconds": 3})
    watch = pier.engine.watches.watch_project(pier.caller, "default", 'labels.tide = "high"', b"", 100_000)
    first = await anext(watch)
    assert isinstance(first, Snapshot)
    assert first.shown.task.id == shown.task.id
    second = await anext(watch)
    assert not isinstance(second, Snapshot)
    await watch.aclose()


async def test_a_feed_that_breaks_off_among_its_snapshots_goes_on_with_the_others(pier: Any) -> None:
    made = [await pier.create("harbour.once", params={"seconds": 30}) for _ in range(4)]
    names = [shown.task.task_id for shown in made]
    watch = pier.engine.watches.watch_project(pier.caller, "default", "", b"", 100_000)
    first = await anext(watch)
    await watch.aclose()
    await pier.engine.tasks.cancel(pier.caller, "default", names[2])
    await pier.rest(names[2], 10)  # it ends before it was shown
    told, token = [first.shown.task.task_id], first.token
    while True:  # it breaks off each time
        watch = pier.engine.watches.watch_project(pier.caller, "default", "", token, 100_000)
        update = await anext(watch)
        if update.shown.task.task_id in told:
            break
        told.append(update.shown.task.task_id)
        token = update.token
        await watch.aclose()
    events = await anext(watch)
    await watch.aclose()
    assert sorted(told) == sorted(names)
    assert isinstance(events, Events)  # what happened since the watch began
    assert {event_pb2.TaskEvent.FromString(frame).task.rpartition("/")[2] for frame in events.frames} == {names[2]}


async def test_a_foreign_task_answers_like_one_that_does_not_exist(pier: Any) -> None:
    shown = await pier.run("harbour.noop")
    stranger = Caller("stranger", frozenset({"elsewhere"}))
    said = []
    for name in (shown.task.task_id, "nothing-there"):
        with pytest.raises(NotFound) as caught:
            await pier.engine.tasks.get(stranger, "default", name)
        said.append(caught.value.message.replace(name, "X"))
    assert said[0] == said[1]
