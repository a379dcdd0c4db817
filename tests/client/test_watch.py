"""A watch tells each event once and in order, whatever happens to its connection."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from google.rpc import code_pb2
from tests.client.conftest import until
from tests.client.loopback import Loopback
from tests.client.world import Record, Refusal, World
from tests.servers.cutting_proxy import CuttingProxy

import wharfinger
from wharfinger import Event, ProgressUpdate, Snapshot, TaskState, aio
from wharfinger.v1 import event_pb2, task_pb2

pytestmark = pytest.mark.lengthy


@pytest.fixture
def proxy(loopback: Loopback) -> Iterator[CuttingProxy]:
    with CuttingProxy(loopback.address) as made:
        yield made


@pytest.fixture
def through(proxy: CuttingProxy) -> Iterator[wharfinger.Client]:
    with wharfinger.Client(proxy.address) as made:
        yield made


def numbers(events: list[Event]) -> list[int]:
    return [event.sequence for event in events if not isinstance(event, Snapshot | ProgressUpdate)]


def check_whole(events: list[Event], count: int) -> None:
    assert numbers(events) == list(range(1, count + 1))
    first, last = events[0], events[-1]
    assert isinstance(first, Snapshot)
    assert isinstance(last, Snapshot)
    assert last.final
    assert last.task.state is TaskState.SUCCEEDED
    assert sum(isinstance(event, Snapshot) for event in events) == 2


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_watch_tells_snapshot_events_progress_and_the_end(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        events = list(client.submit("demo.count", {"lines": 4, "pause": 0.01}).watch())
    check_whole(events, 7)
    progress = [event.progress for event in events if isinstance(event, ProgressUpdate)]
    assert (progress[-1].done, progress[-1].total, progress[-1].fraction) == (4, 4, 1.0)


def test_a_watcher_cut_off_100_times_sees_each_event_once_and_in_order(
    through: wharfinger.Client, proxy: CuttingProxy, world: World
) -> None:
    seen: list[Event] = []

    def talk(record: Record, params: dict[str, Any]) -> None:
        while proxy.cuts < 100 and not record.stop.wait(0.002):
            record.log("on and on")
        record.succeed()

    def cut() -> None:
        told = 0
        while proxy.cuts < 100:
            if len(seen) > told:
                told = len(seen)
                proxy.cut()
            time.sleep(0.002)

    world.programs["demo.talk"] = talk
    handle = through.submit("demo.talk")
    cutter = in_background(cut)
    for event in handle.watch():
        seen.append(event)  # noqa: PERF402  # the cutter looks at it meanwhile
    cutter.join(5)
    assert proxy.cuts >= 100
    check_whole(seen, handle.refresh().last_sequence)


async def test_an_asyncio_watcher_cut_off_inside_of_messages_misses_nothing(loopback: Loopback) -> None:
    with CuttingProxy(loopback.address) as proxy:
        async with aio.Client(proxy.address) as client:
            handle = await client.submit("demo.count", {"lines": 400, "pause": 0.002})
            seen: list[Event] = []
            async for event in handle.watch():
                seen.append(event)
                if len(seen) % 20 == 0:
                    # Anywhere: in headers, in the middle of a message, between two.
                    proxy.cut_after(37 * len(seen) % 900)
            check_whole(seen, 403)
            assert proxy.cuts > 5


def test_a_watch_outlives_a_restart_of_the_server(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 60, "pause": 0.02})

        def restart() -> None:
            for _ in range(2):
                time.sleep(0.15)
                loopback.stop()
                time.sleep(0.2)
                loopback.start()

        restarting = in_background(restart)
        check_whole(list(handle.watch()), 63)
        restarting.join(5)


def test_a_watch_that_a_draining_server_ends_goes_on(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 40, "pause": 0.02})

        def drain() -> None:
            time.sleep(0.2)
            loopback.stop(grace=1)
            loopback.start()

        draining = in_background(drain)
        check_whole(list(handle.watch()), 43)
        draining.join(5)


def test_silence_of_three_heartbeats_counts_as_a_dead_connection(
    through: wharfinger.Client, proxy: CuttingProxy
) -> None:
    handle = through.submit("demo.count", {"lines": 30, "pause": 0.02})
    seen: list[Event] = []
    for event in handle.watch(heartbeat=0.2, timeout=20):
        seen.append(event)
        if len(seen) == 8:
            # The old connection is silent for ever; only a new one helps.
            proxy.blackhole()
            threading.Timer(0.4, proxy.blackhole, [False]).start()
    check_whole(seen, 33)
    assert proxy.accepted >= 2


async def test_silence_counts_as_a_dead_connection_in_asyncio(loopback: Loopback) -> None:
    with CuttingProxy(loopback.address) as proxy:
        async with aio.Client(proxy.address) as client:
            handle = await client.submit("demo.count", {"lines": 30, "pause": 0.02})
            seen: list[Event] = []
            async for event in handle.watch(heartbeat=0.2, timeout=20):
                seen.append(event)
                if len(seen) == 8:
                    proxy.blackhole()
                    asyncio.get_running_loop().call_later(0.4, proxy.blackhole, False)
            check_whole(seen, 33)


async def test_many_watches_on_a_dead_connection_share_one_new_one(loopback: Loopback) -> None:
    with CuttingProxy(loopback.address) as proxy:
        async with aio.Client(proxy.address) as client:
            handle = await client.submit("demo.count", {"lines": 60, "pause": 0.02})

            async def watch() -> list[Event]:
                return [event async for event in handle.watch(heartbeat=0.2, timeout=20)]

            watches = [asyncio.create_task(watch()) for _ in range(5)]
            await asyncio.sleep(0.3)
            proxy.blackhole()
            await asyncio.sleep(0.1)
            proxy.blackhole(False)
            for events in await asyncio.gather(*watches):
                check_whole(events, 63)
            assert proxy.accepted == 2


def test_heartbeats_keep_a_quiet_watch_alive(loopback: Loopback, world: World) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 1, "pause": 1.2})
        check_whole(list(handle.watch(heartbeat=0.2)), 4)
    assert world.calls.count("WatchTask") == 1


def test_a_watch_goes_on_after_the_event_that_is_named(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 5})
        assert numbers(list(handle.watch(after=3))) == [4, 5, 6, 7, 8]
        handle.wait(5)
        after_all = list(handle.watch(after=8))
        assert [type(event) for event in after_all if not isinstance(event, ProgressUpdate)] == [Snapshot, Snapshot]


def test_a_watch_gives_up_when_its_time_is_over(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.sleep")
        began = time.monotonic()
        with pytest.raises(wharfinger.TimedOut):
            list(handle.watch(timeout=0.3))
        assert time.monotonic() - began < 2
        loopback.stop()
        with pytest.raises(wharfinger.TimedOut):
            list(handle.watch(timeout=0.3))


def test_a_watch_of_nothing_is_refused_at_once(loopback: Loopback, world: World) -> None:
    with wharfinger.Client(loopback.address) as client, pytest.raises(wharfinger.NotFound):
        list(client.watch("nothing"))
    assert world.calls.count("WatchTask") == 1


def test_a_full_server_refuses_a_first_watch_but_not_one_that_was_cut_off(
    through: wharfinger.Client, proxy: CuttingProxy, world: World
) -> None:
    handle = through.submit("demo.count", {"lines": 30, "pause": 0.02})
    full = iter([True, True, False])

    def before(name: str, request: Any) -> None:
        if name == "WatchTask" and proxy.cuts and next(full):
            raise Refusal(code_pb2.RESOURCE_EXHAUSTED, "WATCH_LIMIT", "too many watches", {"limit": "1"})

    world.before = before
    seen: list[Event] = []
    for event in handle.watch():
        seen.append(event)
        if len(seen) == 5:
            proxy.cut()
    check_whole(seen, 33)
    full = iter([True])
    with pytest.raises(wharfinger.ResourceExhausted):
        list(handle.watch())


def test_an_unfinished_watch_can_be_left_and_ends_on_the_server(loopback: Loopback, world: World) -> None:
    before = set(threading.enumerate())
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.sleep")
        watch = handle.watch()
        next(watch)
        watch.close()
        until(lambda: not [t for t in set(threading.enumerate()) - before if t.name == "wharfinger-watch"])
        assert handle.refresh().state is TaskState.RUNNING


def test_events_that_the_server_leaves_out_are_asked_for_again(loopback: Loopback, world: World) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 5})
        handle.wait(5)
        record = world.find(handle.name)
        whole, record.events = record.events, [*record.events[:3], *record.events[5:]]

        def before(name: str, request: Any) -> None:
            if world.calls.count("WatchTask") == 3:
                record.events = whole

        world.before = before
        check_whole(list(handle.watch()), 8)


def test_a_server_that_always_leaves_out_events_is_at_fault(loopback: Loopback, world: World) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 5})
        handle.wait(5)
        record = world.find(handle.name)
        record.events = [*record.events[:3], *record.events[5:]]
        with pytest.raises(wharfinger.InternalError, match="event 6 after 3"):
            list(handle.watch(timeout=20))


def test_an_event_of_an_unknown_kind_is_told_as_such(loopback: Loopback, world: World) -> None:
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.count", {"lines": 1})
        handle.wait(5)
        record = world.find(handle.name)
        record.events[1] = event_pb2.TaskEvent(task=handle.name, sequence=2)
        record.task.state = 99  # type: ignore[assignment]
        events = list(islice(handle.watch(), 3))
        assert isinstance(events[0], Snapshot)
        assert events[0].task.state is TaskState.UNKNOWN
        assert isinstance(events[2], wharfinger.UnknownEvent)
        record.task.state = task_pb2.TASK_STATE_SUCCEEDED


# ---------------------------------------------------------------- projects


def test_a_project_watch_goes_on_where_its_token_says(through: wharfinger.Client, proxy: CuttingProxy) -> None:
    first = through.submit("demo.count", {"lines": 50, "pause": 0.01})
    second = through.submit("demo.count", {"lines": 50, "pause": 0.01})
    seen: list[Event] = []
    for event in through.watch_project(timeout=20):
        seen.append(event)
        if len(seen) in (20, 40, 60):
            proxy.cut()
        if len(seen) == 2 * 53:
            break
    for name in (first.name, second.name):
        assert [event.sequence for event in seen if event.name == name] == list(range(1, 54))
    assert proxy.cuts >= 3
    token = seen[40].resume_token
    again = list(islice(through.watch_project(resume_token=token), 106 - 41))
    repeated = again.index(seen[41])
    assert again[repeated:] == seen[41 : 41 + len(again) - repeated]
    assert all(event in seen[:41] for event in again[:repeated])


def test_a_token_that_is_too_old_is_out_of_range(loopback: Loopback) -> None:
    with wharfinger.Client(loopback.address) as client, pytest.raises(wharfinger.OutOfRange) as caught:
        next(client.watch_project(resume_token=b"too old"))
    assert caught.value.reason == "RESUME_TOKEN_TOO_OLD"
