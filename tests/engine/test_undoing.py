"""Rollbacks whose deletes are accepted, lost, refused or denied: on a real store, with short windows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.engine.conftest import Pier, StartPier, stop

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.policy import Policy
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.use_cases.repeats import Ask
from wharfinger_server.sdk.recording import eventually

pytestmark = pytest.mark.lengthy

QUICK = Policy(retry_backoff=100_000)
WINDOW = 0.5 + 0.2
"""Seconds: the window of an undo, with its settling."""
SETTLES = 0.3 + 0.5 + 0.2
"""Seconds after its intent in which a new thing may still be denied."""


async def docked(pier: Pier, ways: dict[str, list[str]], policy: Policy = QUICK, **more: Any) -> TaskView:
    """Make the things of `ways` at the dock, and begin to roll them back."""
    params = {"yard": str(pier.folder / "yard"), "keys": list(ways), "ways": ways, **more}
    made = await pier.run("harbour.dock", params=params, policy=policy)
    assert made.task.state is TaskState.SUCCEEDED, made.task.error
    await pier.engine.remediation.roll_back(pier.caller, ask(made))
    return made


def ask(shown: TaskView) -> Ask:
    return Ask("default", shown.task.task_id)


async def entries(pier: Pier, shown: TaskView) -> dict[str, Any]:
    return {entry.key: entry for entry in await pier.store.entries(shown.task.id, 0, 100)}


def things(pier: Pier) -> int:
    return len(list((pier.folder / "yard" / "things").iterdir()))


def times(pier: Pier, what: str) -> list[float]:
    """Return when the dock was asked for `what`, by the machine's monotonic clock."""
    lines = (pier.folder / "yard" / "calls").read_text().splitlines()
    return [float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{what} ")]


@pytest.mark.parametrize("way", ["done", "accepted", "late 0.3", "denied", "unheard"])
async def test_what_is_gone_in_the_end_is_undone_and_not_before(pier: Pier, way: str) -> None:
    ways = {"a": [way, "done"]}
    shown = await pier.rest((await docked(pier, ways)).task.task_id)
    assert (shown.task.state, shown.task.rollback_error) == (TaskState.ROLLED_BACK, None)
    assert things(pier) == 0
    assert (await entries(pier, shown))["a"].state.name == "UNDONE"
    if way not in ("done", "denied"):
        looks = times(pier, "look a")
        assert len(looks) >= 2
        assert looks[-1] - looks[-2] >= 0.2, "the second look is a settling time after the first"


async def test_a_dropped_connection_after_the_delete_needs_no_person(pier: Pier) -> None:
    ways = {f"k{n}": ["unheard"] for n in range(8)}
    shown = await pier.rest((await docked(pier, ways)).task.task_id)
    assert shown.task.state is TaskState.ROLLED_BACK
    assert {e.undo_attempts for e in (await entries(pier, shown)).values()} == {1}


async def test_a_delete_that_never_comes_is_tried_again_and_fails_with_the_providers_state(pier: Pier) -> None:
    policy = replace(QUICK, max_undo_attempts=2)
    shown = await pier.rest((await docked(pier, {"a": ["never"], "b": ["done"]}, policy)).task.task_id)
    assert shown.task.state is TaskState.ROLLBACK_FAILED
    kept = (await entries(pier, shown))["a"]
    assert (kept.state.name, kept.undo_attempts) == ("UNDO_FAILED", 2)
    assert kept.error.message == "the provider accepted the delete; it is still there, in state error_deleting"
    assert things(pier) == 1
    first, second = times(pier, "undo a")
    assert second - first >= WINDOW, "no undo begins before the window of the last one is over"


async def test_an_undo_whose_answer_was_lost_waits_for_its_window_before_the_next(pier: Pier) -> None:
    shown = await pier.rest((await docked(pier, {"a": ["dropped", "done"]})).task.task_id)
    assert shown.task.state is TaskState.ROLLED_BACK
    first, second = times(pier, "undo a")
    assert second - first >= WINDOW


async def test_an_undo_that_was_refused_is_tried_again_after_the_backoff_alone(pier: Pier) -> None:
    shown = await pier.rest((await docked(pier, {"a": ["refused", "refused", "done"]})).task.task_id)
    assert shown.task.state is TaskState.ROLLED_BACK
    begun = times(pier, "undo a")
    assert len(begun) == 3
    assert begun[1] - begun[0] >= 0.1
    assert begun[2] - begun[1] >= 0.2


@pytest.mark.parametrize(("most", "begun"), [(0, 3), (1, 1), (2, 2)])
async def test_a_rollback_begins_the_undo_of_a_thing_n_times(pier: Pier, most: int, begun: int) -> None:
    policy = replace(QUICK, retry_backoff=10_000, max_undo_attempts=most)
    shown = await pier.rest((await docked(pier, {"a": ["refused"]}, policy)).task.task_id)
    assert shown.task.state is TaskState.ROLLBACK_FAILED
    assert len(times(pier, "undo a")) == begun
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    await pier.rest(shown.task.task_id)
    assert len(times(pier, "undo a")) == 2 * begun, "a new rollback counts anew"


async def test_a_stop_ends_the_waiting_at_once(pier: Pier) -> None:
    policy = replace(QUICK, retry_backoff=60_000_000)
    shown = await docked(pier, {"a": ["refused"]}, policy)
    await eventually(lambda: times(pier, "undo a"), "the undo begins", 10)
    await asyncio.sleep(0.3)
    assert (await entries(pier, shown))["a"].state.name == "UNDO_FAILED"
    assert (await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)).task.state.name == "ROLLING_BACK"
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    assert (await pier.rest(shown.task.task_id, 3)).task.state is TaskState.ROLLBACK_FAILED


async def test_one_look_that_denies_is_not_believed(pier: Pier) -> None:
    """The provider denies it once, though it is there; and the delete came to nothing."""
    shown = await docked(pier, {"a": ["never", "done"]}, hidden=1)
    rested = await pier.rest(shown.task.task_id)
    assert rested.task.state is TaskState.ROLLED_BACK
    assert len(times(pier, "undo a")) == 2
    assert things(pier) == 0


async def test_a_parent_waits_until_its_child_is_surely_gone(pier: Pier) -> None:
    ways = {"a": ["done"], "b": ["late 0.4"]}
    shown = await docked(pier, ways, after={"b": ["a"]})
    rested = await pier.rest(shown.task.task_id)
    assert rested.task.state is TaskState.ROLLED_BACK
    assert times(pier, "undo a")[0] > times(pier, "look b")[-1]


async def test_what_cannot_be_looked_at_is_never_called_undone(pier: Pier) -> None:
    policy = replace(QUICK, max_undo_attempts=1)
    shown = await docked(pier, {"a": ["accepted"]}, policy, blind=True)
    rested = await pier.rest(shown.task.task_id)
    assert rested.task.state is TaskState.ROLLBACK_FAILED
    kept = (await entries(pier, rested))["a"]
    assert kept.state.name == "UNDO_FAILED"
    assert "whether it is gone is not known" in kept.error.message
    assert "the crane does not answer" in kept.error.message


async def test_an_undo_timeout_ends_a_rollback_that_only_waits(pier: Pier) -> None:
    policy = replace(QUICK, retry_backoff=60_000_000, undo_timeout=500_000)
    rested = await pier.rest((await docked(pier, {"a": ["refused"]}, policy)).task.task_id, 10)
    assert rested.task.state is TaskState.ROLLBACK_FAILED
    assert rested.task.rollback_error is not None
    assert rested.task.rollback_error.reason == "UNDO_TIMEOUT"


async def test_an_undo_that_a_server_left_behind_is_looked_at_by_the_next(start: StartPier) -> None:
    pier = await start()
    shown = await docked(pier, {"a": ["late 0.1"]})
    await eventually(lambda: times(pier, "undo a"), "the undo begins", 10)
    await stop(pier)
    again = await start()
    assert (await again.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK
    assert len(times(again, "undo a")) == 1, "it was gone, so nobody had to try again"
