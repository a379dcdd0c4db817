"""What waits and what goes first, also where more waits than is held in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.engine.conftest import stop

from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.config import Settings
from wharfinger_server.domain.policy import Policy
from wharfinger_server.engine.execution import queue
from wharfinger_server.engine.execution.window import Waiting, Window
from wharfinger_server.engine.interface.requests import CreateRequest, NewTask

pytestmark = pytest.mark.lengthy

FEW = 10
"""How many waiting tasks are held in memory here, at most."""
MANY = 3 * FEW + 3


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "READY_LIMIT", FEW)


def with_slots(slots: int) -> Settings:
    settings = Settings()
    limits = replace(settings.limits, cancel_grace=100_000)
    return replace(settings, limits=limits, executors={"asyncio": {"slots": slots}, "thread": {"slots": slots}})


async def many(pier: Any, script: str, count: int, policy: Policy, **params: Any) -> list[str]:
    """Create tasks in one commit; return their ids."""
    new = NewTask(script, params=params, policy=policy)
    made = await pier.engine.tasks.batch_create(pier.caller, "default", [CreateRequest("default", new)] * count)
    return [shown.task.task_id for shown in made]


class Reads:
    """Counts what is read of the queue."""

    def __init__(self, pier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages: list[int] = []
        queued = pier.store.queued

        async def counted(*question: Any) -> Sequence[Any]:
            found: Sequence[Any] = await queued(*question)
            self.pages.append(len(found))
            return found

        monkeypatch.setattr(pier.store, "queued", counted)

    async def over(self) -> None:
        """Return once the queue was not read for a while."""
        seen = -1
        while seen != len(self.pages):
            seen = len(self.pages)
            await asyncio.sleep(0.1)
            assert len(self.pages) < 100, "the queue is read for ever"


async def in_order(pier: Any, task_ids: Sequence[str]) -> list[str]:
    """Wait until tasks rest; return them as they were begun."""
    ended = [(await pier.rest(task_id)).task for task_id in task_ids]
    return [task.task_id for task in sorted(ended, key=lambda task: task.start_time)]


async def finish(pier: Any, task_id: str) -> None:
    await pier.engine.tasks.cancel(pier.caller, "default", task_id)
    await pier.rest(task_id)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_task_without_a_key_runs_though_more_wait_for_a_key_than_memory_holds(
    start: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    pier = await start(with_slots(3))
    # The settings hold for tasks made before, so that those of the key are the first in the queue.
    [block] = await many(pier, "harbour.count", 1, Policy(priority=9), steps=1, pause=60, lines=False)
    [holder] = await many(pier, "harbour.count", 1, Policy(concurrency_key="k", priority=5), steps=1, pause=60)
    await many(pier, "harbour.noop", MANY, Policy(concurrency_key="k"))
    if restarted:
        await stop(pier)
        pier = await start(with_slots(3))
    reads = Reads(pier, monkeypatch)
    [free] = await many(pier, "harbour.noop", 1, Policy(priority=-5))
    assert (await pier.rest(free, seconds=5)).task.state is TaskState.SUCCEEDED
    await reads.over()
    assert sum(reads.pages) <= MANY + 3, "nothing is read twice"
    assert await _parked(pier) <= 2 * FEW, "what waits for a key has its bound too"
    await finish(pier, block)
    await finish(pier, holder)


async def _parked(pier: Any) -> int:
    keys = pier.engine.dispatcher.keys
    return sum(len(window) for windows in keys._parked.values() for window in windows.values())


async def test_all_that_share_a_key_run_one_at_a_time_and_to_the_last(
    start: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pier = await start(with_slots(4))
    reads = Reads(pier, monkeypatch)
    made: list[str] = []
    for _ in range(2):
        made += await many(pier, "harbour.noop", MANY, Policy(concurrency_key="k"))
    ended = [await pier.rest(task_id) for task_id in made]
    spans = sorted((shown.task.start_time, shown.task.end_time) for shown in ended)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    await reads.over()
    assert sum(reads.pages) < 10 * len(made)


async def test_a_higher_priority_goes_first_however_many_wait(start: Callable[..., Awaitable[Any]]) -> None:
    pier = await start(with_slots(1))
    [block] = await many(pier, "harbour.count", 1, Policy(priority=9), steps=1, pause=60, lines=False)
    low = await many(pier, "harbour.noop", MANY, Policy())
    middle = await many(pier, "harbour.noop", MANY, Policy(priority=5))
    [high] = await many(pier, "harbour.noop", 1, Policy(priority=100))
    await finish(pier, block)
    order = sorted(
        [await pier.rest(task_id) for task_id in [*low, *middle, high]], key=lambda shown: shown.task.start_time
    )
    assert [shown.task.task_id for shown in order] == [high, *middle, *low]


async def test_a_higher_priority_of_the_same_key_goes_first_however_many_wait(
    start: Callable[..., Awaitable[Any]],
) -> None:
    pier = await start(with_slots(2))
    [holder] = await many(pier, "harbour.count", 1, Policy(concurrency_key="k", priority=9), steps=1, pause=60)
    low = await many(pier, "harbour.noop", MANY, Policy(concurrency_key="k"))
    [high] = await many(pier, "harbour.noop", 1, Policy(concurrency_key="k", priority=100))
    await finish(pier, holder)
    assert await in_order(pier, [*low, high]) == [high, *low]


async def test_waiting_tasks_that_were_cancelled_keep_nobody_from_the_key(start: Callable[..., Awaitable[Any]]) -> None:
    pier = await start(with_slots(2))
    [holder] = await many(pier, "harbour.count", 1, Policy(concurrency_key="k"), steps=1, pause=60)
    gone = await many(pier, "harbour.noop", 5, Policy(concurrency_key="k"))
    [last] = await many(pier, "harbour.noop", 1, Policy(concurrency_key="k"))
    for task_id in gone:
        await finish(pier, task_id)
    await finish(pier, holder)
    assert (await pier.rest(last, seconds=5)).task.state is TaskState.SUCCEEDED


def test_the_room_in_memory_is_ten_thousand_tasks_and_for_a_while_twice_that() -> None:
    window = Window(10_000)
    for task_id in range(25_000):
        window.push(Waiting(0, task_id, Phase.RUN))
    window.push(Waiting(-100, 30_000, Phase.RUN))
    window.push(Waiting(-(1 << 40), 30_001, Phase.SETTLE))
    assert len(window) <= 20_000
    assert [window.pop().task_id for _ in range(3)] == [30_001, 30_000, 0]


# ---------------------------------------------------------------------- a key is held until nothing of the task runs


async def stubborn(pier: Any, seconds: float, **policy: Any) -> str:
    """Start a script that does not look whether it is asked to stop; return its task."""
    chosen = Policy(concurrency_key="k", **policy)
    shown = await pier.create("harbour.stubborn", params={"seconds": seconds}, policy=chosen, executor="thread")
    return str(shown.task.task_id)


async def test_a_key_is_not_handed_on_while_the_cancelled_script_still_works(
    start: Callable[..., Awaitable[Any]],
) -> None:
    pier = await start(with_slots(3))
    first = await stubborn(pier, 3.0)
    second = await pier.create("harbour.noop", policy=Policy(concurrency_key="k"))
    await finish(pier, first)
    queue = pier.engine.dispatcher.executors["thread"]
    assert queue.running == 1, "its thread works on"
    while (
        "still works"
        not in (waiting := await pier.engine.tasks.get(pier.caller, "default", second.task.task_id)).waiting_reason
    ):
        assert queue.running == 1, waiting.waiting_reason
        await asyncio.sleep(0.01)
    assert waiting.task.state is TaskState.QUEUED
    assert f"tasks/{first}" in waiting.waiting_reason
    assert "CANCELLED" in waiting.waiting_reason
    assert (await pier.rest(second.task.task_id, seconds=10)).task.state is TaskState.SUCCEEDED
    assert queue.running == 0, "it waited until the thread was gone"


async def test_a_task_waits_for_its_own_attempt_that_was_fenced_and_still_works(
    start: Callable[..., Awaitable[Any]],
) -> None:
    pier = await start(with_slots(3))
    first = await stubborn(pier, 1.2, attempt_timeout=200_000, max_attempts=2, retry_backoff=1)
    shown = await pier.engine.tasks.get(pier.caller, "default", first)
    while not shown.task.failures:
        await asyncio.sleep(0.05)
        shown = await pier.engine.tasks.get(pier.caller, "default", first)
    assert pier.engine.dispatcher.executors["thread"].running == 1
    while (shown := await pier.engine.tasks.get(pier.caller, "default", first)).task.runs == 1:
        running = pier.engine.dispatcher.executors["thread"].running
        await asyncio.sleep(0.02)
    assert running <= 1
    ended = await pier.rest(first)
    assert ended.task.runs == 2


@pytest.mark.parametrize("restarted", [False, True])
async def test_as_many_of_a_key_run_at_once_as_its_limit_says(
    start: Callable[..., Awaitable[Any]], restarted: bool
) -> None:
    pier = await start(with_slots(5))
    policy = Policy(concurrency_key="k", concurrency_limit=3)
    made = await many(pier, "harbour.count", MANY, policy, steps=1, pause=0.02, lines=False)
    if restarted:
        await stop(pier)
        pier = await start(with_slots(5))
    [free] = await many(pier, "harbour.noop", 1, Policy())
    assert (await pier.rest(free, seconds=5)).task.state is TaskState.SUCCEEDED
    ended = [(await pier.rest(task_id)).task for task_id in made]
    moments = sorted([(task.attempts[-1].start_time, 1) for task in ended] + [(task.end_time, -1) for task in ended])
    at_once = list(itertools.accumulate(step for _, step in moments))
    assert max(at_once) == 3
    assert at_once.count(3) >= MANY // 3, "the room is used"


async def test_why_a_task_waits_for_a_key_with_a_limit_is_told(start: Callable[..., Awaitable[Any]]) -> None:
    pier = await start(with_slots(4))
    policy = Policy(concurrency_key="k", concurrency_limit=2)
    holders = await many(pier, "harbour.count", 2, policy, steps=1, pause=60)
    [waits] = await many(pier, "harbour.noop", 1, policy)
    shown = await pier.engine.tasks.get(pier.caller, "default", waits)
    assert f"the concurrency key k is held by projects/default/tasks/{holders[0]}" in shown.waiting_reason
    assert "2 at once at most" in shown.waiting_reason
    await finish(pier, holders[1])
    assert (await pier.rest(waits)).task.state is TaskState.SUCCEEDED
    await finish(pier, holders[0])


async def test_a_limit_without_a_key_is_refused(start: Callable[..., Awaitable[Any]]) -> None:
    pier = await start(with_slots(1))
    [answer] = await pier.engine.tasks.batch_create(
        pier.caller, "default", [CreateRequest("default", NewTask("harbour.noop", policy=Policy(concurrency_limit=2)))]
    )
    assert "concurrency_limit" in answer.message
