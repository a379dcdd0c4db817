"""A lease whose COMMIT got no answer is found again and used: nothing is lost, and nothing runs twice."""

import sqlite3
from typing import Any

import pytest

from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.states import TaskState
from wharfinger_server.engine import wording
from wharfinger_server.store.database import CommitUnknown

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
    later = Policy(not_before=wording.now() + SOON)
    shown = await pier.create("harbour.count", params={"steps": 2}, policy=later)
    fault = LostAnswer(pier.store._database, happens=happens)
    ended = await pier.rest(shown.task.task_id, seconds=5)
    assert fault.struck
    assert ended.task.state is TaskState.SUCCEEDED
    assert (ended.task.runs, ended.task.losses, len(ended.task.attempts)) == (1, 0, 1)
