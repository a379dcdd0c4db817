"""Windows on a real database: read back by who wrote them, by a later process, and after a step of the wall clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.store.making import draft, encode

from wharfinger.ledger.ledger import Entry, Intent
from wharfinger_server.domain.policy import Policy
from wharfinger_server.store.databases.steady_clock import clock_name
from wharfinger_server.store.store import InlineRunner, SteadyClock, Store, UnitOfWork

SECOND = 1_000_000
WINDOW = (10 + 120 + 30) * SECOND
DAY = 86_400 * SECOND


class Machine:
    """One machine with its clocks, on which servers open the database at `url`, one after the other."""

    def __init__(self, url: str, boot: str, up: int, wall: int) -> None:
        self.url, self.boot, self.up, self.wall = url, boot, up, wall

    def open(self) -> Store:
        """Start a server, as far as it is a store."""
        steady = SteadyClock(self.boot, lambda: self.up)
        return Store.open(self.url, encode=encode, runner=InlineRunner(), clock=lambda: self.wall, steady=steady)

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.up += int(seconds * SECOND)
        self.wall += int(seconds * SECOND)


@pytest.fixture
def machine(url: str) -> Machine:
    return Machine(url, "a boot", up=7 * SECOND, wall=1_800_000_000 * SECOND)


async def begun(store: Store, **policy: int) -> int:
    """Create a task, and write an intent of `a` with a back-off to come; return its id."""
    task = await store.create(draft(policy=Policy(**policy)))

    def decide(work: UnitOfWork) -> None:
        work.ledger().intend(Intent("a", "thing"), 1, work.now)
        work.task.retry_wait = 60 * SECOND
        work.task.retry_time = work.task.wake_time = work.steady + work.task.retry_wait

    await store.change(task.id, decide)
    return task.id


async def seen(store: Store, id_: int) -> tuple[Any, Entry, Entry]:
    """Return the task as readers see it, and its entry as readers and as the writer see it."""
    task = await store.task_by_id(id_)
    (read,) = await store.entries(id_, 0, 10)
    written = await store.change(id_, lambda work: SimpleNamespace(task=work.task, entry=work.ledger().named("a")))
    assert (written.task.retry_time, written.task.deadline) == (task.retry_time, task.deadline)
    return task, read, written.entry


@pytest.mark.parametrize("step", [0, DAY, -3600 * SECOND], ids=["none", "a day on", "an hour back"])
async def test_on_the_same_boot_a_window_goes_on_whatever_the_wall_clock_shows(machine: Machine, step: int) -> None:
    store = machine.open()
    id_ = await begun(store, total_timeout=600 * SECOND)
    ends, retry = machine.up + WINDOW, machine.up + 60 * SECOND
    deadline = machine.up + 600 * SECOND
    await store.close()
    machine.passes(20)
    machine.wall += step
    store = machine.open()
    task, read, written = await seen(store, id_)
    assert (read.settle_time, written.settle_time) == (ends, ends)
    assert (task.retry_time, task.wake_time, task.deadline) == (retry, retry, deadline)
    await store.close()


@pytest.mark.parametrize("up", [1, 10**7], ids=["a reboot", "another machine, up for long"])
@pytest.mark.parametrize("step", [0, DAY, -3600 * SECOND], ids=["none", "a day on", "an hour back"])
async def test_on_another_boot_every_window_is_restarted_in_full(machine: Machine, step: int, up: int) -> None:
    store = machine.open()
    id_ = await begun(store)
    await store.close()
    machine.passes(20)
    other = Machine(machine.url, "another boot", up * SECOND, machine.wall + step)
    store = other.open()
    taken = other.up
    other.passes(5)  # counted from when it took over, and not from when somebody looks
    for _ in range(2):
        task, read, written = await seen(store, id_)
        assert (read.settle_time, written.settle_time) == (taken + WINDOW, taken + WINDOW)
        assert (task.retry_time, task.wake_time) == (taken + 60 * SECOND, taken + 60 * SECOND)
        other.passes(5)
    await store.close()
    # And a third server, once more: nobody can tell how long the second was there.
    other.passes(100)
    third = Machine(machine.url, "a third boot", SECOND, other.wall)
    store = third.open()
    _, read, written = await seen(store, id_)
    assert (read.settle_time, written.settle_time) == (third.up + WINDOW, third.up + WINDOW)
    await store.close()


async def test_of_a_time_limit_is_left_on_another_boot_what_the_wall_clock_says(machine: Machine) -> None:
    store = machine.open()
    id_ = await begun(store, total_timeout=600 * SECOND)
    task = await store.task_by_id(id_)
    assert task is not None
    await store.close()
    for wall, left in (
        (task.create_time + 100 * SECOND, 500),
        (task.create_time - DAY, 600),
        (task.create_time + DAY, 0),
    ):
        other = Machine(machine.url, f"boot at {wall}", 10**9, wall)
        store = other.open()
        found, _, _ = await seen(store, id_)
        assert found.deadline == other.up + left * SECOND
        await store.close()


async def test_a_window_that_begins_in_the_future_is_of_a_copied_machine_and_restarts(machine: Machine) -> None:
    store = machine.open()
    machine.up += 10**6 * SECOND
    id_ = await begun(store)
    await store.close()
    machine.up -= 10**6 * SECOND - SECOND  # the copy, on the same boot, was held for long
    store = machine.open()
    _, read, written = await seen(store, id_)
    assert (read.settle_time, written.settle_time) == (machine.up + WINDOW, machine.up + WINDOW)
    await store.close()


def test_a_clock_is_known_by_its_boot_and_by_how_far_a_container_shifts_it(tmp_path: Path) -> None:
    boot, offsets, nowhere = tmp_path / "boot_id", tmp_path / "offsets", tmp_path / "nowhere"
    boot.write_text("658b45e3\n")
    offsets.write_text("boottime 0 0\n")
    name = clock_name(boot, offsets)
    assert clock_name(boot, offsets) == name
    shifted = tmp_path / "shifted"
    shifted.write_text("boottime 86400 0\n")
    assert clock_name(boot, shifted) != name
    other = tmp_path / "other"
    other.write_text("1f32c8aa\n")
    assert clock_name(other, offsets) != name
    assert clock_name(nowhere, offsets) != clock_name(nowhere, offsets), "no process has another one's clock then"
    assert clock_name() == clock_name()
