"""Half-done tasks: rolled back in the right order, resumed with what they made, resolved by a person."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.engine.conftest import StartPier, stop

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.errors import Aborted, AlreadyExists, FailedPrecondition
from wharfinger_server.domain.policy import LeftoverPolicy, Policy
from wharfinger_server.engine.use_cases.repeats import Ask

pytestmark = pytest.mark.lengthy


async def half(pier: Any, policy: Policy | None = None, **params: Any) -> Any:
    """Make a, b (after a) and c (after b); d is refused."""
    asked = {
        "yard": str(pier.folder / "yard"),
        "keys": ["a", "b", "c", "d"],
        "after": {"b": ["a"], "c": ["b"]},
        "refuse": ["d"],
        **params,
    }
    shown = await pier.run("harbour.build", params=asked, policy=policy)
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    return shown


def ask(shown: Any, **more: str) -> Ask:
    return Ask("default", shown.task.task_id, **more)


def things(pier: Any) -> int:
    return len(list((pier.folder / "yard" / "things").iterdir()))


def calls(pier: Any, verb: str) -> list[str]:
    lines = (pier.folder / "yard" / "calls").read_text().splitlines()
    return [line for line in lines if line.startswith(verb)]


async def states(pier: Any, shown: Any) -> dict[str, str]:
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    return {entry.key: entry.state.name for entry in entries}


async def test_a_half_done_task_says_what_can_be_done(pier: Any) -> None:
    assert (await half(pier)).allowed_actions == ("RESUME", "ROLL_BACK", "RESOLVE")


async def test_a_rollback_takes_all_away_children_first(pier: Any) -> None:
    shown = await half(pier)
    tokens = {e.key: e.token for e in shown.left_over}
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLED_BACK
    assert things(pier) == 0
    deleted = [line.split()[1] for line in calls(pier, "delete")]
    assert deleted == [tokens[key] for key in ("thing/c", "thing/b", "thing/a")]
    assert ended.task.error.reason == "QUOTA_EXCEEDED"


async def test_a_plan_says_what_a_rollback_would_do_and_does_nothing(pier: Any) -> None:
    shown = await half(pier)
    _, plan = await pier.engine.remediation.roll_back(pier.caller, ask(shown), validate_only=True)
    assert plan.waves == (("thing/c",), ("thing/b",), ("thing/a",))
    _, plan = await pier.engine.remediation.roll_back(pier.caller, ask(shown), retain=["thing/b"], validate_only=True)
    assert plan.waves == (("thing/c",),)
    assert plan.retained == ("thing/a", "thing/b")
    assert things(pier) == 3


async def test_what_is_retained_stays_with_what_it_depends_on(pier: Any) -> None:
    shown = await half(pier)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), retain=["thing/b"])
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLED_BACK
    assert things(pier) == 2
    found = await states(pier, shown)
    assert found == {"thing/a": "RETAINED", "thing/b": "RETAINED", "thing/c": "UNDONE", "thing/d": "NOT_CREATED"}


async def test_only_some_keys_leave_the_task_half_done(pier: Any) -> None:
    shown = await half(pier)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/c"])
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.PARTIALLY_FAILED
    assert things(pier) == 2


async def test_a_parent_waits_for_a_child_that_stays(pier: Any) -> None:
    shown = await half(pier)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/a"])
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLBACK_FAILED
    assert "thing/b" in ended.task.rollback_error.message
    assert things(pier) == 3


async def test_a_failed_rollback_can_be_repeated(pier: Any) -> None:
    shown = await half(pier)
    stuck = pier.folder / "yard" / "stuck"
    stuck.touch()
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLBACK_FAILED
    assert ended.task.error.reason == "QUOTA_EXCEEDED"
    assert (await states(pier, shown))["thing/c"] == "UNDO_FAILED"
    stuck.unlink()
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK
    assert things(pier) == 0


async def test_a_resumed_task_makes_only_what_is_missing(pier: Any) -> None:
    shown = await half(pier)
    (pier.folder / "yard" / "room").touch()
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    assert [line.split()[1] for line in calls(pier, "make")] == ["a", "b", "c", "d"]


async def test_a_succeeded_task_can_be_rolled_back(pier: Any) -> None:
    shown = await pier.run("harbour.build", params={"yard": str(pier.folder / "yard"), "keys": ["a"]})
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK
    assert things(pier) == 0


async def test_a_policy_rolls_a_failed_task_back(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "refuse": ["b"]}
    shown = await pier.run("harbour.build", params=params, policy=Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    assert shown.task.state is TaskState.FAILED
    assert things(pier) == 0


async def test_a_policy_rolls_a_cancelled_task_back(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": [f"k{i}" for i in range(20)], "pause": 0.05}
    shown = await pier.create("harbour.build", params=params, policy=Policy(on_cancel=LeftoverPolicy.ROLL_BACK))
    await asyncio.sleep(0.6)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.CANCELLED
    assert things(pier) == 0


async def test_a_person_resolves_what_is_left(pier: Any) -> None:
    shown = await half(pier)
    for key, said in (("thing/a", Verdict.RETAIN), ("thing/b", Verdict.FORGET), ("thing/c", Verdict.RETAIN)):
        ended = await pier.engine.remediation.resolve(pier.caller, ask(shown), key, said)
    assert ended.task.state is TaskState.FAILED
    await pier.engine.tasks.delete(pier.caller, "default", shown.task.task_id)


async def test_one_request_id_acts_once(pier: Any) -> None:
    shown = await half(pier)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown, request_id="one"))
    await pier.rest(shown.task.task_id)
    again, _ = await pier.engine.remediation.roll_back(pier.caller, ask(shown, request_id="one"))
    assert again.task.state is TaskState.ROLLED_BACK
    with pytest.raises(FailedPrecondition) as caught:
        await pier.engine.remediation.roll_back(pier.caller, ask(shown, request_id="two"))
    assert caught.value.reason == "STATE_FORBIDS"


async def test_unknown_keys_are_refused(pier: Any) -> None:
    shown = await half(pier)
    with pytest.raises(FailedPrecondition) as caught:
        await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/z"])
    assert caught.value.reason == "KEY_UNKNOWN"


async def test_a_rollback_under_way_can_be_stopped_and_gone_on_with(pier: Any) -> None:
    shown = await half(pier, pause=0.3)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    await asyncio.sleep(0.15)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLBACK_FAILED
    assert 0 < things(pier) < 3
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK


async def test_a_rollback_goes_on_after_a_restart(start: StartPier) -> None:
    pier = await start()
    shown = await half(pier, pause=0.3)
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    await asyncio.sleep(0.45)
    await stop(pier)
    again = await start()
    assert (await again.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK
    assert things(again) == 0


async def test_what_is_in_doubt_is_looked_for_before_it_is_undone(
    start: StartPier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harbour.build.RESUMABLE", False)
    pier = await start()
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "lose": ["b"]}
    shown = await pier.run("harbour.build", params=params, policy=Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    assert shown.task.state is TaskState.FAILED
    assert things(pier) == 0
    assert (await states(pier, shown))["thing/b"] == EntryState.UNDONE.name


async def test_a_plan_is_for_tasks_that_can_be_rolled_back(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a"], "refuse": ["a"]}
    shown = await pier.run("harbour.build", params=params)
    with pytest.raises(FailedPrecondition) as caught:
        await pier.engine.remediation.roll_back(pier.caller, ask(shown), validate_only=True)
    assert caught.value.reason == "STATE_FORBIDS"


async def test_a_request_id_of_another_request_is_refused_and_nothing_is_done(pier: Any) -> None:
    shown = await half(pier)
    await pier.engine.remediation.resume(pier.caller, ask(shown, request_id="r-1"))
    shown = await pier.rest(shown.task.task_id)
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    for other in (ask(shown, request_id="r-1"), ask(shown, request_id="r-1", etag="nonsense")):
        with pytest.raises(AlreadyExists) as caught:
            await pier.engine.remediation.roll_back(pier.caller, other)
        assert caught.value.reason == "REQUEST_ID_REUSED"
        assert caught.value.metadata == {"request_id": "r-1", "task": shown.task.name}
    assert things(pier) == 3
    await pier.engine.remediation.roll_back(pier.caller, ask(shown, request_id="r-2"), only=["thing/c"])
    ended = await pier.rest(shown.task.task_id)
    with pytest.raises(AlreadyExists):
        await pier.engine.remediation.roll_back(pier.caller, ask(ended, request_id="r-2"), only=["thing/b"])
    with pytest.raises(AlreadyExists):
        await pier.engine.remediation.resume(pier.caller, ask(ended, request_id="r-2"))
    assert things(pier) == 2


async def test_a_repeated_request_changes_nothing_and_its_etag_is_looked_at(pier: Any) -> None:
    shown = await half(pier)
    first = ask(shown, request_id="r-1", etag=shown.task.etag)
    await pier.engine.remediation.roll_back(pier.caller, first, only=["thing/c", "thing/b"])
    ended = await pier.rest(shown.task.task_id)
    # The etag that it was sent with has passed: the answer to it was lost, no more.
    for again in (first, ask(shown, request_id="r-1"), ask(shown, request_id="r-1", etag=ended.task.etag)):
        told = await pier.engine.remediation.roll_back(pier.caller, again, only=["thing/b", "thing/c"])
        assert told[0].task.etag == ended.task.etag
    with pytest.raises(Aborted) as caught:
        await pier.engine.remediation.roll_back(
            pier.caller, ask(shown, request_id="r-1", etag="nonsense"), only=["thing/b", "thing/c"]
        )
    assert caught.value.reason == "ETAG_MISMATCH"
