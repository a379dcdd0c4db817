"""One thing made anew while the others stay: by a rollback of its key and resume, or by the script itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.test_halfway import ask, calls, half, states, things

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.policy import Policy


async def swap(pier: Any, keys: list[str], swapped: list[str], **after: list[str]) -> Any:
    """Make `keys`, then replace `swapped`, in one run; `after` as in harbour.build."""
    params = {"yard": str(pier.folder / "yard"), "keys": keys, "swap": swapped, "after": after}
    return await pier.run("harbour.swap", params=params)


async def test_rule_31_one_thing_is_undone_and_made_anew_while_the_others_stay(pier: Any) -> None:
    shown = await half(pier)
    before = {entry.key: entry.external_id for entry in shown.left_over}
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/c"])
    ended = await pier.rest(shown.task.task_id)
    assert (ended.task.state, ended.allowed_actions) == (
        TaskState.PARTIALLY_FAILED,
        ("RESUME", "ROLL_BACK", "RESOLVE"),
    )
    (pier.folder / "yard" / "room").touch()
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    now = {entry.key: (entry.external_id, entry.generation) for entry in entries}
    assert [now[key] for key in ("thing/a", "thing/b")] == [(before[key], 1) for key in ("thing/a", "thing/b")]
    assert now["thing/c"][1] == 2
    assert now["thing/c"][0] != before["thing/c"]
    assert (things(pier), len(calls(pier, "delete")), len(calls(pier, "make"))) == (4, 1, 5)


async def test_rule_31_a_whole_rollback_still_forbids_resume(pier: Any) -> None:
    shown = await half(pier, policy=Policy(max_undo_attempts=1))
    (pier.folder / "yard" / "stuck").touch()
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    await pier.rest(shown.task.task_id)
    (pier.folder / "yard" / "stuck").unlink()
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/c"])
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.PARTIALLY_FAILED
    with pytest.raises(FailedPrecondition, match="all that it made has begun to be undone"):
        await pier.engine.remediation.resume(pier.caller, ask(shown))


async def test_rule_32_a_script_removes_a_thing_and_makes_it_again_in_the_same_run(pier: Any) -> None:
    shown = await swap(pier, ["a", "b"], ["b", "b"])
    assert shown.task.state is TaskState.SUCCEEDED, shown.task.error
    result = json.loads(shown.task.result)
    assert result["first"]["a"] == result["last"]["a"]
    assert result["first"]["b"] != result["last"]["b"]
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    assert {entry.key: entry.generation for entry in entries} == {"thing/a": 1, "thing/b": 3}
    assert things(pier) == 2


async def test_rule_32_a_script_cannot_take_a_parent_from_under_its_child(pier: Any) -> None:
    shown = await swap(pier, ["a", "b"], ["a"], b=["a"])
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert shown.task.error.reason == "UNDO_FAILED"
    assert "thing/b, which depends on it, is CREATED" in shown.task.error.message
    assert calls(pier, "delete") == []
    assert await states(pier, shown) == {"thing/a": "CREATED", "thing/b": "CREATED"}


async def test_rule_4_a_key_is_still_used_once_where_its_removal_failed(pier: Any) -> None:
    (pier.folder / "yard").mkdir()
    (pier.folder / "yard" / "stuck").touch()
    shown = await swap(pier, ["a"], ["a"])
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert await states(pier, shown) == {"thing/a": "UNDO_FAILED"}
