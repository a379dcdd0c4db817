"""What an update of a script package does to the tasks that were made for the version before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
from tests.engine.conftest import Pier, stop

from wharfinger.ledger.states import TaskState
from wharfinger.script import Failed, inspect
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.timing import now
from wharfinger_server.engine.use_cases.repeats import Ask
from wharfinger_server.registry import Registry, ScriptPlugin

Update = Callable[..., Awaitable[Pier]]
LATER = 400_000


class Dock:
    """A script in several versions: each makes one thing, and then waits for the tide."""

    tide = False

    def plugin(self, version: str, **declared: str) -> ScriptPlugin:
        module = ModuleType("dock", "Make one thing.")

        async def main(task: Any) -> dict[str, str]:
            async def call(_: Any) -> str:
                return "berth"

            await task.create("dock.berth", "berth", call)
            if not self.tide:
                raise Failed("the tide is out", reason="TIDE_OUT")
            return {"version": version}

        async def undo(task: Any, resource: Any) -> None:
            """Take nothing away."""

        module.main, module.undo = main, undo  # type: ignore[attr-defined]
        for name, value in declared.items():
            setattr(module, name, value)
        return ScriptPlugin("dock", "dock", version, "", module, inspect(module))


@pytest.fixture
def dock() -> Dock:
    return Dock()


@pytest.fixture
def update(start: Callable[..., Awaitable[Pier]], dock: Dock, monkeypatch: pytest.MonkeyPatch) -> Update:
    """Return what starts a server with another version of the script ("": without it), after the one before."""
    executors = Registry.load().executors
    running: list[Pier] = []

    async def begin(version: str, **declared: str) -> Pier:
        for pier in running:
            await stop(pier)
        scripts = {"dock": dock.plugin(version, **declared)} if version else {}
        monkeypatch.setattr(Registry, "load", lambda: Registry(scripts, executors))
        running.append(await start())
        return running[-1]

    return begin


async def delayed(pier: Pier, **policy: Any) -> str:
    """Create a task that may begin a little later; return its id."""
    shown = await pier.create("dock", policy=Policy(not_before=now() + LATER, **policy))
    return shown.task.task_id


async def reason(pier: Pier, task_id: str) -> str:
    """Return why a task waits, once it does not wait for a time any more."""
    while True:
        shown = await pier.engine.tasks.get(pier.caller, "default", task_id)
        assert shown.task.state is TaskState.QUEUED, shown.task.error
        if not shown.waiting_reason.startswith("not before"):
            return shown.waiting_reason


@pytest.mark.parametrize("next_version", ["1.0.1", ""])
async def test_a_queued_task_waits_while_its_version_is_gone(update: Update, dock: Dock, next_version: str) -> None:
    dock.tide = True
    task_id = await delayed(await update("1.0.0"))
    pier = await update(next_version)
    why = await reason(pier, task_id)
    assert "dock 1.0.0" in why
    assert (next_version or "not installed") in why
    if next_version:
        assert f"wharfinger resume {task_id} --script-version 1.0.1" in why
    ended = await (await update("1.0.0")).rest(task_id)
    assert (ended.task.state, ended.task.script_version) == (TaskState.SUCCEEDED, "1.0.0")


async def test_what_waits_for_its_version_keeps_nobody_else_waiting(update: Update, dock: Dock) -> None:
    dock.tide = True
    old = await delayed(await update("1.0.0"), priority=9)
    pier = await update("1.0.1")
    await reason(pier, old)
    assert (await pier.run("dock")).task.state is TaskState.SUCCEEDED


async def test_what_waits_for_its_version_can_be_cancelled_and_has_its_total_timeout(update: Update) -> None:
    pier = await update("1.0.0")
    cancelled = await delayed(pier)
    late = await delayed(pier, total_timeout=LATER + 200_000)
    pier = await update("1.0.1")
    await pier.engine.tasks.cancel(pier.caller, "default", cancelled)
    assert (await pier.rest(cancelled)).task.state is TaskState.CANCELLED
    ended = await pier.rest(late)
    assert (ended.task.state, ended.task.error and ended.task.error.reason) == (TaskState.FAILED, "TOTAL_TIMEOUT")


async def test_a_queued_task_is_put_on_the_version_that_is_installed(update: Update, dock: Dock) -> None:
    dock.tide = True
    task_id = await delayed(await update("1.0.0"))
    pier = await update("1.0.1")
    await reason(pier, task_id)
    await pier.engine.remediation.resume(pier.caller, Ask("default", task_id), "1.0.1")
    ended = await pier.rest(task_id)
    assert (ended.task.state, ended.task.result) == (TaskState.SUCCEEDED, b'{"version":"1.0.1"}')
    assert ended.task.script_version == "1.0.1"


async def test_a_compatible_version_runs_what_was_queued_for_another(update: Update, dock: Dock) -> None:
    dock.tide = True
    task_id = await delayed(await update("1.0.0"))
    ended = await (await update("1.2.0", RUN_COMPATIBLE_SINCE="1.0.0")).rest(task_id)
    assert (ended.task.state, ended.task.result) == (TaskState.SUCCEEDED, b'{"version":"1.2.0"}')
    assert ended.task.script_version == "1.2.0"


@pytest.mark.parametrize(("version", "since"), [("1.2.0", "1.1.0"), ("0.9", "0.1"), ("1.2.0", "soon")])
async def test_no_other_version_runs_it(update: Update, version: str, since: str) -> None:
    task_id = await delayed(await update("1.0.0"))
    assert f"{version} is installed" in await reason(await update(version, RUN_COMPATIBLE_SINCE=since), task_id)


async def test_a_half_done_task_names_the_version_to_resume_it_with(update: Update, dock: Dock) -> None:
    pier = await update("1.0.0")
    half = await pier.run("dock")
    assert (half.task.state, half.resume_version) == (TaskState.PARTIALLY_FAILED, "")
    ask = Ask("default", half.task.task_id)
    pier = await update("")
    shown = await pier.engine.tasks.get(pier.caller, "default", half.task.task_id)
    assert "RESUME" not in shown.allowed_actions
    pier = await update("1.0.1")
    shown = await pier.engine.tasks.get(pier.caller, "default", half.task.task_id)
    assert "RESUME" in shown.allowed_actions
    assert shown.resume_version == "1.0.1"
    with pytest.raises(FailedPrecondition) as refused:
        await pier.engine.remediation.resume(pier.caller, ask)
    assert "script_version 1.0.1 (--script-version 1.0.1)" in refused.value.message
    dock.tide = True
    await pier.engine.remediation.resume(pier.caller, ask, shown.resume_version)
    assert (await pier.rest(half.task.task_id)).task.state is TaskState.SUCCEEDED


async def test_a_half_done_task_is_resumed_by_a_compatible_version_without_naming_it(
    update: Update, dock: Dock
) -> None:
    half = await (await update("1.0.0")).run("dock")
    pier = await update("1.0.1", RUN_COMPATIBLE_SINCE="1.0")
    dock.tide = True
    assert (await pier.engine.tasks.get(pier.caller, "default", half.task.task_id)).resume_version == ""
    await pier.engine.remediation.resume(pier.caller, Ask("default", half.task.task_id))
    assert (await pier.rest(half.task.task_id)).task.script_version == "1.0.1"
