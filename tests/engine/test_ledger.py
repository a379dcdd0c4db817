"""What a task made is in its ledger: in order, across failures, lost answers and restarts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.engine.conftest import StartPier, stop

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.policy import Policy
from wharfinger_server.rpc.messages.task import task_message


async def entries(pier: Any, task_id: str) -> dict[str, Any]:
    found, _ = await pier.engine.tasks.ledger(pier.caller, "default", task_id)
    return {entry.key: entry for entry in found}


async def test_everything_made_is_listed(pier: Any) -> None:
    shown = await pier.run("harbour.build", params={"yard": str(pier.folder / "yard"), "keys": ["a", "b"]})
    assert shown.task.state is TaskState.SUCCEEDED
    made = await entries(pier, shown.task.task_id)
    assert [made[key].state for key in ("thing/a", "thing/b")] == [EntryState.CREATED] * 2
    assert [made[key].external_id for key in ("thing/a", "thing/b")] == json.loads(shown.task.result)["things"]


async def test_an_intent_is_an_event_before_the_thing_is_made(pier: Any) -> None:
    shown = await pier.run("harbour.build", params={"yard": str(pier.folder / "yard"), "keys": ["a"]})
    states = [e.entry.state for e in await pier.events(shown.task.task_id) if e.HasField("entry")]
    assert states == [EntryState.INTENDED, EntryState.CREATED]


async def test_a_refusal_half_way_is_a_partial_failure_that_lists_what_exists(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b", "c"], "refuse": ["b"]}
    shown = await pier.run("harbour.build", params=params)
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert shown.task.error.reason == "QUOTA_EXCEEDED"
    assert [entry.key for entry in shown.left_over] == ["thing/a"]
    assert shown.not_attempted == ("thing/c",)
    made = await entries(pier, shown.task.task_id)
    assert made["thing/b"].state is EntryState.NOT_CREATED


async def test_a_refusal_before_anything_was_made_is_a_plain_failure(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a"], "refuse": ["a"]}
    shown = await pier.run("harbour.build", params=params)
    assert shown.task.state is TaskState.FAILED


async def test_what_was_made_though_the_answer_was_lost_is_found(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "lose": ["b"]}
    shown = await pier.run("harbour.build", params=params)
    assert shown.task.state is TaskState.SUCCEEDED
    assert [entry.state for entry in (await entries(pier, shown.task.task_id)).values()] == [EntryState.CREATED] * 2
    assert [attempt.phase.name for attempt in shown.task.attempts] == ["RUN", "SETTLE", "RUN"]
    assert (shown.task.losses, shown.task.failures) == (1, 0)


async def test_what_was_found_since_is_told_so_where_the_script_may_not_run_again(
    start: StartPier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harbour.build.RESUMABLE", False)
    pier = await start()
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "lose": ["b"]}
    shown = await pier.run("harbour.build", params=params, policy=Policy(max_attempts=3))
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert sorted(entry.key for entry in shown.left_over) == ["thing/a", "thing/b"]
    message = task_message(shown)
    assert message.failure.message.startswith("was in doubt, found since: the call that makes thing/b failed: Conn")
    assert [attempt.failure.message[:27] for attempt in message.attempts] == ["was in doubt, found since: ", ""]
    basic = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert task_message(replace(basic, full=False)).failure.message == message.failure.message


async def test_a_call_whose_answer_is_lost_time_after_time_ends_it(pier: Any) -> None:
    keys = [f"k{n}" for n in range(5)]
    params = {"yard": str(pier.folder / "yard"), "keys": keys, "lose": keys}
    shown = await pier.run("harbour.build", params=params, policy=Policy(max_lost_attempts=2))
    assert (shown.task.state, shown.task.losses) == (TaskState.PARTIALLY_FAILED, 2)
    assert shown.task.error.reason == "RESOURCE_UNCERTAIN"
    assert all(entry.state is EntryState.CREATED for entry in shown.left_over)


async def test_a_task_that_left_something_cannot_be_deleted(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a"]}
    shown = await pier.run("harbour.build", params=params)
    with pytest.raises(FailedPrecondition) as caught:
        await pier.engine.tasks.delete(pier.caller, "default", shown.task.task_id)
    assert caught.value.reason == "LEFTOVERS_ALIVE"


async def test_a_lost_attempt_runs_again_and_makes_nothing_twice(start: StartPier) -> None:
    pier = await start()
    yard = pier.folder / "yard"
    keys = [f"k{i}" for i in range(6)]
    shown = await pier.create("harbour.build", params={"yard": str(yard), "keys": keys, "pause": 0.05})
    await asyncio.sleep(0.35)
    await stop(pier)
    again = await start()
    ended = await again.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    assert ended.task.losses == 1
    assert len(list((yard / "things").iterdir())) == 6
    assert len(json.loads(ended.task.result)["things"]) == 6


async def test_a_lost_attempt_of_a_script_that_is_not_resumable_fails(start: StartPier) -> None:
    pier = await start()
    shown = await pier.create("harbour.once", params={"seconds": 5})
    await asyncio.sleep(0.2)
    await stop(pier)
    ended = await (await start()).rest(shown.task.task_id)
    assert ended.task.state is TaskState.FAILED
    assert ended.task.error.reason == "EXECUTOR_LOST"


async def test_queued_tasks_run_after_a_restart(start: StartPier) -> None:
    pier = await start()
    pier.engine.dispatcher.executors["asyncio"].free = 0
    made = [await pier.create("harbour.noop") for _ in range(5)]
    await stop(pier)
    again = await start()
    for shown in made:
        ended = await again.rest(shown.task.task_id)
        assert ended.task.state is TaskState.SUCCEEDED
