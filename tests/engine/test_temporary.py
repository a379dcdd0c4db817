"""What a script marks as temporary is undone when its task is cancelled, whatever the policy; all else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.conftest import Pier, StartPier, stop

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.sdk.recording import eventually

KEEP = Policy(on_failure=LeftoverPolicy.KEEP, on_cancel=LeftoverPolicy.KEEP, retry_backoff=50_000, max_undo_attempts=1)


async def at_work(pier: Pier, folder: Path) -> TaskView:
    """Return a task that has put up its scaffold and its wall."""
    shown = await pier.create("harbour.scaffold", params={"folder": str(folder)}, policy=KEEP)
    await eventually((folder / "begun").exists, "it stands", 20)
    return shown


async def _cancelled(pier: Pier, shown: TaskView) -> TaskView:
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    return await pier.rest(shown.task.task_id)


async def _states(pier: Pier, shown: TaskView) -> dict[str, EntryState]:
    return {entry.key: entry.state for entry in await pier.store.entries(shown.task.id, 0, 10)}


async def test_a_cancelled_task_keeps_its_things_but_for_the_temporary_ones(pier: Pier, tmp_path: Path) -> None:
    shown = await _cancelled(pier, await at_work(pier, tmp_path))
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert await _states(pier, shown) == {"scaffold": EntryState.UNDONE, "wall": EntryState.CREATED}
    assert ((tmp_path / "scaffold").exists(), (tmp_path / "wall").exists()) == (False, True)
    assert not shown.task.undo_begun


async def test_a_task_that_waits_after_a_crash_is_cancelled_without_running_again(
    start: StartPier, tmp_path: Path
) -> None:
    first = await start()
    begun = await at_work(first, tmp_path)
    await stop(first)
    (tmp_path / "begun").unlink()
    second = await start()
    shown = await _cancelled(second, begun)
    assert (await _states(second, shown))["scaffold"] is EntryState.UNDONE
    assert not (tmp_path / "scaffold").exists()


@pytest.mark.lengthy
async def test_one_that_can_not_be_undone_stays_listed_and_the_task_can_go_on(pier: Pier, tmp_path: Path) -> None:
    begun = await at_work(pier, tmp_path)
    (tmp_path / "locked").touch()
    shown = await _cancelled(pier, begun)
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert await _states(pier, shown) == {"scaffold": EntryState.UNDO_FAILED, "wall": EntryState.CREATED}
    (tmp_path / "locked").unlink()
