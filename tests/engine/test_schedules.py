"""Schedules fire as their policy says, through restarts, crashes, changes of clocks and downtime."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from tests.engine.house import House

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.errors import AlreadyExists, InvalidArgument, NotFound, ResourceExhausted
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.schedule import Overlap, Schedule
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.interface.requests import Caller, NewTask
from wharfinger_server.engine.scheduling.schedules import NewSchedule
from wharfinger_server.store.store import TaskQuery

MINUTE, HOUR, DAY = 60, 3600, 86_400
BERLIN = ZoneInfo("Europe/Berlin")
OPERATOR = Caller("operator")


class _Crash(BaseException):
    """The server ends here."""


class Port(House):
    """A house with schedules; its time of day begins at `begin`."""

    def __init__(self, folder: Path, begin: datetime) -> None:
        super().__init__(folder)
        self.ahead = int(begin.timestamp()) - self.now

    @property
    def time(self) -> int:
        """The time of day in whole seconds."""
        return self.wall() // SECOND

    async def create(self, schedule_id: str = "nightly", **wished: Any) -> Schedule:
        """Create a schedule."""
        policy = wished.pop("policy", Policy())
        new = NewSchedule("default", schedule_id, NewTask("beside.script", policy=policy), **wished)
        return await self.engine.schedules.create(OPERATOR, new)

    async def get(self, schedule_id: str = "nightly") -> Schedule:
        """Return a schedule."""
        return await self.engine.schedules.get(OPERATOR, "default", schedule_id)

    async def pass_by(self, seconds: int) -> bool:
        """Let time pass, and fire what is due then."""
        self.now += seconds
        return await self.engine.scheduler.fire(self.wall())

    async def restart(self) -> None:
        """End the server, and begin another one."""
        await self.store.close()
        self.open(0)

    async def made(self, schedule_id: str = "nightly") -> list[Task]:
        """Return all tasks of a schedule, the oldest first."""
        every = await self.store.tasks(TaskQuery("default", (), False, 0, 100_000))
        return [task for task in every if task.spec.labels.get("schedule") == schedule_id]

    async def fired(self, schedule_id: str = "nightly") -> list[int]:
        """Return the instants of its tasks in whole seconds, sorted."""
        told = [task.spec.request_id.split("-", 2)[2] for task in await self.made(schedule_id)]
        return sorted(int(datetime.fromisoformat(one).timestamp()) for one in told)

    async def end(self, task: Task) -> None:
        """Bring a queued task to its end."""
        await self.engine.tasks.cancel(OPERATOR, "default", task.task_id)


OpenPort = Callable[[datetime], Port]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: what is at stake here is what was committed, not how."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest_asyncio.fixture
async def open_port(memory: Path) -> AsyncIterator[OpenPort]:
    """Open ports, which are closed afterwards."""
    opened: list[Port] = []

    def open_one(begin: datetime = datetime(2026, 6, 1, tzinfo=UTC)) -> Port:
        """Open one."""
        opened.append(Port(memory, begin))
        return opened[-1]

    yield open_one
    for port in opened:
        await port.store.close()


def quarters(begin: int, end: int) -> Iterator[int]:
    """Tell the quarters of an hour that pass."""
    yield from range(-(-begin // 900) * 900, end + 1, 900)


def half_past_two(begin: int, end: int) -> Iterator[int]:
    """Tell half past two in Berlin of each day: once where it comes twice, and three o'clock where there is none."""
    day = datetime.fromtimestamp(begin, BERLIN).date()
    while (noon := datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN)).timestamp() - 12 * HOUR <= end:
        there = noon.replace(hour=2, minute=30)
        if datetime.fromtimestamp(there.timestamp(), UTC).astimezone(BERLIN).hour != 2:
            there = noon.replace(hour=3)
        if begin < there.timestamp() <= end:
            yield int(there.timestamp())
        day += timedelta(days=1)


def dying(port: Port, chance: random.Random) -> None:
    """Have the server die at one of the next writes of its schedules' firing: before it, or after it."""
    left, after = chance.randrange(6), chance.random() < 0.5

    def deadly(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def write(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left == -1 and not after:
                raise _Crash
            told = await act(*arguments)
            if left == -1:
                raise _Crash
            return told

        return write

    port.store.create = deadly(port.store.create)  # type: ignore[method-assign]
    port.store.change_schedule = deadly(port.store.change_schedule)  # type: ignore[method-assign]


@pytest.mark.lengthy
@pytest.mark.parametrize("change", [datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 3, 29, tzinfo=BERLIN)])
async def test_a_thousand_restarts_a_change_of_clocks_and_a_day_of_downtime(
    open_port: OpenPort, change: datetime
) -> None:
    """Each instant makes one task, where the server was up within its window; no crash doubles or loses one."""
    chance = random.Random(change.month)  # that it can be guessed is the point
    port = open_port(change - timedelta(days=2))
    begin = port.time
    window = 50 * MINUTE
    wished = {"overlap": Overlap.QUEUE, "catch_up": window * SECOND}
    await port.create("quarters", cron="*/15 * * * *", time_zone="Europe/Berlin", **wished)
    await port.create("half-past-two", cron="30 2 * * *", time_zone="Europe/Berlin", **wished)
    await port.create("seven", every=7 * MINUTE * SECOND, **wished)
    looked: list[int] = []
    crashes = 0
    for n in range(500):
        down = DAY if n == 250 else chance.choice((1, 60, 400, 900, 1800, 5400))
        port.now += down
        dying(port, chance)
        try:
            await port.engine.scheduler.fire(port.wall())
        except _Crash:
            crashes += 1
        await port.restart()
        await port.pass_by(0)
        looked.append(port.time)
    assert crashes > 100, "the server was to die in the midst of it"
    expected = {
        "quarters": quarters(begin + 1, port.time),
        "half-past-two": half_past_two(begin, port.time),
        "seven": range(begin + 7 * MINUTE, port.time + 1, 7 * MINUTE),
    }
    seen = {}
    for name, instants in expected.items():
        every = list(instants)
        first_look = _first_looks(every, looked)
        due = [one for one in every if first_look[one] - one <= window]
        seen[name] = (len(due), len(every))
        assert await port.fired(name) == due, name
        assert (await port.get(name)).fired == len(due)
    assert all(0 < fired < every for fired, every in seen.values()), seen


def _first_looks(instants: list[int], looked: list[int]) -> dict[int, int]:
    """Return when the server was first up after each instant."""
    told, place = {}, 0
    for instant in instants:
        while looked[place] < instant:
            place += 1
        told[instant] = looked[place]
    return told


async def test_a_firing_skips_while_the_task_before_runs(open_port: OpenPort) -> None:
    """The skipped instants make no task, and are counted."""
    port = open_port()
    await port.create(every=60 * SECOND)
    await port.pass_by(60)
    await port.pass_by(60)
    [task] = await port.made()
    shown = await port.get()
    assert (shown.fired, shown.skipped) == (1, 1)
    assert shown.last is not None
    assert shown.last.overlapped
    await port.end(task)
    await port.pass_by(60)
    assert len(await port.made()) == 2
    assert [task.spec.policy.concurrency_key for task in await port.made()] == ["", ""]


async def test_a_firing_queues_behind_the_task_before(open_port: OpenPort) -> None:
    """Both tasks share a key, so that one runs at a time."""
    port = open_port()
    await port.create(every=60 * SECOND, overlap=Overlap.QUEUE)
    await port.pass_by(120)
    assert [task.spec.policy.concurrency_key for task in await port.made()] == ["schedule-nightly"] * 2


async def test_a_firing_cancels_the_task_before(open_port: OpenPort) -> None:
    """The old one is cancelled, by the schedule's name, and the new one waits for its end."""
    port = open_port()
    await port.create(every=60 * SECOND, overlap=Overlap.CANCEL)
    await port.pass_by(60)
    await port.pass_by(60)
    old, new = await port.made()
    assert (old.state, new.state) == (TaskState.CANCELLED, TaskState.QUEUED)
    assert new.spec.policy.concurrency_key == "schedule-nightly"


async def test_jitter_delays_each_instant_by_a_fixed_part(open_port: OpenPort) -> None:
    """It fires late, once for each instant, and in their order."""
    port = open_port()
    made = await port.create(every=60 * SECOND, jitter=30 * SECOND, overlap=Overlap.QUEUE)
    start = port.time
    delays = [made.delay((start + 60 * n) * SECOND) for n in range(1, 11)]
    assert len(set(delays)) == 10
    assert all(0 <= delay < 30 * SECOND for delay in delays)
    for n in range(1, 11):
        port.now = start - port.ahead + 60 * n + delays[n - 1] // SECOND
        await port.pass_by(0)
        assert len(await port.made()) == n - 1
        await port.pass_by(1)
        assert len(await port.made()) == n
    assert await port.fired() == [start + 60 * n for n in range(1, 11)]


async def test_a_paused_schedule_leaves_out_what_it_missed(open_port: OpenPort) -> None:
    """Paused and resumed, twice each, it goes on with the next instant."""
    port = open_port()
    await port.create(every=60 * SECOND, overlap=Overlap.QUEUE)
    for _ in range(2):
        shown = await port.engine.schedules.pause(OPERATOR, "default", "nightly")
        assert (shown.paused, shown.next_instant) == (True, 0)
    await port.pass_by(600)
    assert not await port.made()
    for _ in range(2):
        shown = await port.engine.schedules.resume(OPERATOR, "default", "nightly")
        assert not shown.paused
    await port.pass_by(60)
    assert await port.fired() == [port.time]


async def test_a_task_asked_for_now_changes_no_instant(open_port: OpenPort) -> None:
    """Also while it is paused; the same request id makes no second one."""
    port = open_port()
    await port.create(cron="0 * * * *", paused=True)
    first = await port.engine.schedules.run(OPERATOR, "default", "nightly", "again")
    second = await port.engine.schedules.run(OPERATOR, "default", "nightly", "again")
    third = await port.engine.schedules.run(OPERATOR, "default", "nightly")
    assert first.task.task_id == second.task.task_id != third.task.task_id
    shown = await port.get()
    assert (shown.fired, shown.last, shown.next_instant) == (0, None, 0)


async def test_a_refused_task_is_told_and_the_next_instant_fires(open_port: OpenPort) -> None:
    """What is refused for a while, by a limit, is tried again."""
    port = open_port()
    await port.create(every=60 * SECOND, overlap=Overlap.QUEUE)
    create = port.store.create
    said: list[Exception] = [
        ResourceExhausted("QUOTA_EXCEEDED", "too much"),
        InvalidArgument("PARAMS_INVALID", "not so", {"script": "beside.script"}),
    ]

    async def refuse(*arguments: Any) -> Any:
        if said:
            raise said.pop(0)
        return await create(*arguments)

    port.store.create = refuse  # type: ignore[method-assign]
    assert not await port.pass_by(60)
    assert (await port.get()).last is None
    assert await port.pass_by(0)
    shown = await port.get()
    assert shown.last is not None
    assert shown.last.error is not None
    assert shown.last.error.reason == "PARAMS_INVALID"
    assert shown.skipped == 1
    await port.pass_by(60)
    assert len(await port.made()) == 1


async def test_many_schedules_are_due_at_once(open_port: OpenPort) -> None:
    """More than a page, of which one has more to catch up than it may at a time: each fires."""
    port = open_port()
    await port.create("busy", every=SECOND, overlap=Overlap.QUEUE)
    for n in range(150):
        await port.create(f"one-{n}", cron="5 0 * * *")
    assert await port.pass_by(301)
    assert len(await port.made("busy")) == 301
    assert all([len(await port.made(f"one-{n}")) == 1 for n in (0, 75, 149)])
    assert await port.store.next_due() == (port.time + 1) * SECOND


async def test_what_is_due_fires_as_soon_as_it_is_looked_for(open_port: OpenPort) -> None:
    """`run` waits for its bell, and is not heard of again until it rings."""
    port = open_port()
    firing = asyncio.ensure_future(port.engine.scheduler.run())
    try:
        await port.create(every=60 * SECOND)
        port.now += 60
        port.engine.scheduler.look()
        async with asyncio.timeout(30):
            await anext(made async for made in _looks(port) if made)
    finally:
        firing.cancel()
        await asyncio.gather(firing, return_exceptions=True)


async def _looks(port: Port) -> AsyncIterator[list[Task]]:
    """Tell the tasks that there are, time after time."""
    while True:
        yield await port.made()
        await asyncio.sleep(0)


async def test_the_same_request_makes_one_schedule(open_port: OpenPort) -> None:
    """Another one of its name, or of its request id, is refused."""
    port = open_port()
    made = await port.create(cron="0 3 * * *", request_id="r")
    assert (await port.create(cron="0 3 * * *", request_id="r")).uid == made.uid
    with pytest.raises(AlreadyExists) as refused:
        await port.create(cron="0 4 * * *", request_id="r")
    assert refused.value.reason == "REQUEST_ID_REUSED"
    with pytest.raises(AlreadyExists) as refused:
        await port.create(cron="0 3 * * *")
    assert refused.value.reason == "SCHEDULE_EXISTS"


async def test_a_deleted_schedule_is_gone_and_a_new_one_of_its_name_fires(open_port: OpenPort) -> None:
    """Its tasks stay; the new one's are others."""
    port = open_port()
    await port.create(every=60 * SECOND, overlap=Overlap.QUEUE)
    await port.pass_by(60)
    await port.engine.schedules.delete(OPERATOR, "default", "nightly")
    with pytest.raises(NotFound):
        await port.get()
    await port.create(every=60 * SECOND, overlap=Overlap.QUEUE)
    await port.pass_by(60)
    assert len(await port.made()) == 2


@pytest.mark.parametrize(
    ("wished", "field"),
    [
        ({}, "schedule.cron"),
        ({"cron": "0 0 30 2 *"}, "schedule.cron"),
        ({"cron": "0 3 * * *", "every": SECOND}, "schedule.cron"),
        ({"cron": "0 3 * * *", "time_zone": "Berlin"}, "schedule.time_zone"),
        ({"every": SECOND, "time_zone": "Europe/Berlin"}, "schedule.time_zone"),
        ({"every": SECOND // 2}, "schedule.every"),
        ({"every": SECOND, "catch_up": 8 * DAY * SECOND}, "schedule.catch_up_window"),
        ({"every": SECOND, "jitter": 2 * DAY * SECOND}, "schedule.jitter"),
        ({"every": SECOND, "overlap": Overlap.QUEUE, "policy": Policy(concurrency_key="k")}, "concurrency_key"),
        ({"every": SECOND, "policy": Policy(max_attempts=-1)}, "task.policy.max_attempts"),
    ],
)
async def test_what_can_never_fire_is_refused(open_port: OpenPort, wished: dict[str, Any], field: str) -> None:
    """The field at fault is named, and nothing is written."""
    port = open_port()
    with pytest.raises(InvalidArgument) as refused:
        await port.create(**wished)
    assert field in refused.value.violations[0].field
    with pytest.raises(NotFound):
        await port.get()
