"""What was deleted outside is found out when the task resumes, made anew, and looked at once more before it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.engine.conftest import StartPier, stop
from tests.engine.test_halfway import ask, calls, states, things

from wharfinger.ledger.states import TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain.errors import FailedPrecondition, Unimplemented
from wharfinger_server.domain.policy import LeftoverPolicy, Policy

pytestmark = pytest.mark.lengthy

SETTLED = 1.35
"""Seconds after which what harbour.swap made has settled."""


def yard(pier: Any) -> Path:
    """Return the provider's folder."""
    folder: Path = pier.folder / "yard"
    return folder


async def half(pier: Any, keys: str = "ab", *, policy: Policy | None = None, **params: Any) -> Any:
    """Make things, and fail; return when they have settled, and when there is room for the rest."""
    asked = {"yard": str(yard(pier)), "keys": list(keys), "fail": True, **params}
    shown = await pier.run("harbour.swap", params=asked, policy=policy)
    assert shown.task.state is TaskState.PARTIALLY_FAILED, shown.task.error
    await asyncio.sleep(SETTLED)
    (yard(pier) / "room").touch()
    return shown


def delete(pier: Any, shown: Any, key: str) -> str:
    """Delete one thing outside; return the id that it had."""
    [entry] = [one for one in shown.left_over if one.key == f"thing/{key}"]
    (yard(pier) / "things" / entry.token).unlink()
    return str(entry.external_id)


async def resumed(pier: Any, shown: Any) -> Any:
    """Resume and wait."""
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    return await pier.rest(shown.task.task_id)


async def called(pier: Any, verb: str, times: int = 1) -> None:
    """Wait until the provider was called."""
    for _ in range(1000):
        if len(calls(pier, verb)) >= times:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"nobody calls {verb}")


async def ledger(pier: Any, shown: Any) -> dict[str, tuple[str, int, str]]:
    """Return state, generation and id of each entry."""
    found, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    return {one.key: (one.state.name, one.generation, one.external_id) for one in found}


async def test_rule_28_what_was_deleted_outside_is_made_anew_when_the_task_resumes(pier: Any) -> None:
    shown = await half(pier)
    dead = delete(pier, shown, "a")
    ended = await resumed(pier, shown)
    assert ended.task.state is TaskState.SUCCEEDED, ended.task.error
    made = json.loads(ended.task.result)["last"]
    assert made["a"] != dead
    assert await ledger(pier, shown) == {
        "thing/a": ("CREATED", 2, made["a"]),
        "thing/a~1": ("UNDONE", 1, dead),
        "thing/b": ("CREATED", 1, made["b"]),
    }
    assert things(pier) == 2
    assert [line.split()[1] for line in calls(pier, "look")].count("thing/a~1") == 1  # two of a, one of a~1


async def test_rule_28_what_is_there_costs_one_look(pier: Any) -> None:
    shown = await half(pier)
    ended = await resumed(pier, shown)
    assert ended.task.state is TaskState.SUCCEEDED
    assert sorted(line.split()[1] for line in calls(pier, "look")) == ["thing/a", "thing/b"]
    assert len(calls(pier, "make")) == 2


async def test_rule_27_where_looks_cannot_tell_the_task_goes_on_with_what_it_has(pier: Any) -> None:
    shown = await half(pier, "a")
    (yard(pier) / "fog").touch()
    ended = await resumed(pier, shown)
    assert ended.task.state is TaskState.SUCCEEDED
    assert await states(pier, shown) == {"thing/a": "CREATED"}


async def test_rule_28_a_thing_that_is_denied_once_is_not_made_twice(pier: Any) -> None:
    shown = await half(pier, "a")
    (yard(pier) / "hidden").mkdir()
    hidden = yard(pier) / "hidden" / shown.left_over[0].external_id
    hidden.touch()
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "look")
    hidden.unlink()
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    assert len(calls(pier, "make")) == 1


async def test_rule_29_a_thing_that_shows_again_is_listed_beside_the_new_one(pier: Any) -> None:
    shown = await half(pier, "a")
    old = shown.left_over[0].external_id
    (yard(pier) / "hidden").mkdir()
    (yard(pier) / "hidden" / old).touch()
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "make", 2)
    (yard(pier) / "hidden" / old).unlink()
    ended = await pier.rest(shown.task.task_id)
    found = await ledger(pier, shown)
    assert found["thing/a~1"] == ("CREATED", 1, old)
    assert found["thing/a"][:2] == ("CREATED", 2)
    assert ended.task.state is TaskState.SUCCEEDED
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK
    assert things(pier) == 0


async def test_rule_29_what_nobody_can_tell_stays_missing_until_a_person_closes_it(pier: Any) -> None:
    shown = await half(pier, "a")
    delete(pier, shown, "a")
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "make", 2)
    (yard(pier) / "fog").touch()
    ended = await pier.rest(shown.task.task_id)
    assert (ended.task.state, ended.task.error.reason) == (TaskState.PARTIALLY_FAILED, "RESOURCE_MISSING")
    assert await states(pier, shown) == {"thing/a": "CREATED", "thing/a~1": "MISSING"}
    await pier.engine.remediation.resolve(pier.caller, ask(shown), "thing/a~1", Verdict.GONE)
    found = await pier.engine.tasks.get(pier.caller, "default", shown.task.task_id)
    assert found.task.state is TaskState.PARTIALLY_FAILED  # it failed by that; what it made is there
    assert await states(pier, shown) == {"thing/a": "CREATED", "thing/a~1": "UNDONE"}


async def test_rule_29_a_rollback_looks_once_more_at_what_is_missing(pier: Any) -> None:
    shown = await half(pier, "a", policy=Policy(on_failure=LeftoverPolicy.KEEP))
    delete(pier, shown, "a")
    (yard(pier) / "room").unlink()
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "make", 2)
    (yard(pier) / "fog").touch()
    ended = await pier.rest(shown.task.task_id)
    assert (ended.task.state, ended.task.error.reason) == (TaskState.PARTIALLY_FAILED, "QUOTA_EXCEEDED")
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    failed = await pier.rest(shown.task.task_id)
    assert failed.task.state is TaskState.ROLLBACK_FAILED
    (yard(pier) / "fog").unlink()
    await pier.engine.remediation.roll_back(pier.caller, ask(shown))
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.ROLLED_BACK
    assert (await ledger(pier, shown))["thing/a~1"][0] == "UNDONE"


async def test_rule_29_a_persons_word_is_one_of_two_looks(pier: Any) -> None:
    shown = await half(pier, "ab")
    delete(pier, shown, "a")
    for key in ("thing/a", "thing/b"):  # a lie about b
        await pier.engine.remediation.resolve(pier.caller, ask(shown), key, Verdict.GONE)
    assert await states(pier, shown) == {"thing/a": "CREATED", "thing/b": "CREATED"}
    ended = await resumed(pier, shown)
    assert ended.task.state is TaskState.SUCCEEDED
    assert {key: entry[:2] for key, entry in (await ledger(pier, shown)).items()} == {
        "thing/a": ("CREATED", 2),
        "thing/a~1": ("UNDONE", 1),
        "thing/b": ("CREATED", 1),
    }
    assert len(calls(pier, "look thing/a ")) == 1


async def test_rule_20_a_person_cannot_say_gone_before_the_thing_has_settled(pier: Any) -> None:
    shown = await pier.run("harbour.swap", params={"yard": str(yard(pier)), "keys": ["a"], "fail": True})
    with pytest.raises(FailedPrecondition) as caught:
        await pier.engine.remediation.resolve(pier.caller, ask(shown), "thing/a", Verdict.GONE)
    assert caught.value.reason == "TASK_NOT_SETTLED"


async def test_a_script_that_cannot_look_takes_no_word_for_it_and_resumes_as_ever(pier: Any) -> None:
    params = {"yard": str(yard(pier)), "keys": ["a", "b"], "refuse": ["b"]}
    shown = await pier.run("harbour.build", params=params)
    with pytest.raises(Unimplemented) as caught:
        await pier.engine.remediation.resolve(pier.caller, ask(shown), "thing/a", Verdict.GONE)
    assert (caught.value.reason, caught.value.metadata) == ("NOT_SUPPORTED", {"feature": "exists"})
    assert "roll back only thing/a, then resume" in caught.value.message
    delete(pier, shown, "a")
    (yard(pier) / "room").touch()
    assert (await resumed(pier, shown)).task.state is TaskState.SUCCEEDED
    assert await states(pier, shown) == {"thing/a": "CREATED", "thing/b": "CREATED"}


async def test_rule_30_a_parent_is_not_made_anew_under_its_children(pier: Any) -> None:
    shown = await half(pier, "abc", after={"b": ["a"]})
    delete(pier, shown, "a")
    ended = await resumed(pier, shown)
    assert (ended.task.state, ended.task.error.reason) == (TaskState.PARTIALLY_FAILED, "KEY_REUSED")
    assert "thing/b was built on it" in ended.task.error.message
    await pier.engine.remediation.roll_back(pier.caller, ask(shown), only=["thing/b"])
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.PARTIALLY_FAILED
    ended = await resumed(pier, shown)
    assert ended.task.state is TaskState.SUCCEEDED, ended.task.error
    found = {key: entry[:2] for key, entry in (await ledger(pier, shown)).items()}
    assert found == {
        "thing/a": ("CREATED", 2),
        "thing/a~1": ("UNDONE", 1),
        "thing/b": ("CREATED", 2),
        "thing/c": ("CREATED", 1),
    }
    assert things(pier) == 3


async def test_looks_at_resume_go_on_after_a_restart(start: StartPier) -> None:
    pier = await start()
    shown = await half(pier, "a")
    delete(pier, shown, "a")
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "look")
    await stop(pier)
    again = await start()
    ended = await again.rest(shown.task.task_id)
    assert ended.task.state is TaskState.SUCCEEDED
    assert (await ledger(again, shown))["thing/a"][:2] == ("CREATED", 2)


async def test_a_task_cancelled_while_it_looks_does_not_wait_for_looks(pier: Any) -> None:
    shown = await half(pier, "a")
    delete(pier, shown, "a")
    await pier.engine.remediation.resume(pier.caller, ask(shown))
    await called(pier, "look")
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    ended = await pier.rest(shown.task.task_id)
    assert ended.task.state is TaskState.PARTIALLY_FAILED
    assert await states(pier, shown) == {"thing/a": "CREATED"}
