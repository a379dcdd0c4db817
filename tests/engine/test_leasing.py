"""What was decided in a COMMIT that got no answer is found out and goes on: nothing is lost, or runs twice."""

import asyncio
import sqlite3
from typing import Any

import pytest

from wharfinger.ledger.states import TaskState
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.timing import now
from wharfinger_server.engine.use_cases.repeats import Ask
from wharfinger_server.store.databases.base import CommitUnknown
from wharfinger_server.store.store import MaybeWritten

SOON = 300_000
"""Microseconds until the tasks here may be leased: long enough to prepare the fault."""


class LostAnswer:
    """Stands before a database: the answer of its next COMMIT is lost, and at first nobody can tell what came of it.

    `happens`: whether that COMMIT is made.
    """

    def __init__(self, database: Any, *, happens: bool) -> None:
        self.struck = 0
        self._database, self._commit, self._rollback = database, database.commit, database.rollback
        self._happens = happens
        self._told = False
        database.commit, database.committed = self.commit, self.committed

    def commit(self) -> None:
        """Commit, or not, and break the connection the first time."""
        if self.struck:
            self._commit()
            return
        self.struck = 1
        if self._happens:
            self._commit()
        else:
            self._rollback()
        raise CommitUnknown

    def committed(self) -> bool:
        """Tell what came of it, from the second time on."""
        if not self._told:
            self._told = True
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self._happens


@pytest.mark.parametrize("happens", [True, False])
async def test_a_lease_whose_commit_got_no_answer_runs_once(
    pier: Any, caplog: pytest.LogCaptureFixture, happens: bool
) -> None:
    later = Policy(not_before=now() + SOON)
    shown = await pier.create("harbour.count", params={"steps": 2}, policy=later)
    fault = LostAnswer(pier.store._database, happens=happens)
    ended = await pier.rest(shown.task.task_id, seconds=5)
    assert fault.struck
    assert ended.task.state is TaskState.SUCCEEDED
    assert (ended.task.runs, ended.task.losses, len(ended.task.attempts)) == (1, 0, 1)


@pytest.mark.parametrize("happens", [True, False])
async def test_a_rollback_whose_commit_got_no_answer_goes_on_if_it_was_begun(pier: Any, happens: bool) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "refuse": ["b"]}
    shown = await pier.run("harbour.build", params=params)
    ask = Ask("default", shown.task.task_id)
    LostAnswer(pier.store._database, happens=happens)
    with pytest.raises(MaybeWritten):
        await pier.engine.remediation.roll_back(pier.caller, ask)
    if not happens:
        await pier.engine.remediation.roll_back(pier.caller, ask)
    assert (await pier.rest(shown.task.task_id, seconds=5)).task.state is TaskState.ROLLED_BACK


async def test_an_attempt_hears_of_a_cancel_whose_commit_got_no_answer(pier: Any) -> None:
    shown = await pier.create("harbour.count", params={"steps": 1, "pause": 60, "lines": False})
    # The fault is not for what the attempt itself writes.
    while (await pier.store.task_by_id(shown.task.id)).progress is None:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    LostAnswer(pier.store._database, happens=True)
    with pytest.raises(MaybeWritten):
        await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    assert (await pier.rest(shown.task.task_id, seconds=5)).task.state is TaskState.CANCELLED


async def test_an_attempt_hears_of_a_cancel_that_comes_while_it_is_made_ready(
    pier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased, go_on = asyncio.Event(), asyncio.Event()
    sealed = pier.store.sealed

    async def read_slowly(task: int) -> Any:
        leased.set()
        await go_on.wait()
        return await sealed(task)

    monkeypatch.setattr(pier.store, "sealed", read_slowly)
    params = {"password": "any", "gate": "until it is cancelled"}
    shown = await pier.create("harbour.vault", params=params, policy=Policy(not_before=now() + SOON))
    await asyncio.wait_for(leased.wait(), 10)
    await pier.engine.tasks.cancel(pier.caller, "default", shown.task.task_id)
    go_on.set()
    ended = await pier.rest(shown.task.task_id, seconds=10)
    assert ended.task.state in (TaskState.CANCELLED, TaskState.PARTIALLY_FAILED)
    assert not ended.task.losses
