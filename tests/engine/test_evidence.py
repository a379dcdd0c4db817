"""Evidence of more than was asked for, in a whole engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from wharfinger.ledger.states import Phase, TaskState
from wharfinger.runtime.protocol import LeaseLost, Succeeded
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.use_cases.repeats import Ask


async def test_a_rollback_undoes_evidence_too(pier: Any) -> None:
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b"], "refuse": ["b"]}
    shown = await pier.run("harbour.build", params=params)
    await pier.store.change(
        shown.task.id, lambda work: work.ledger().created("thing/a", 1, "another", 1, work.now, live=False)
    )
    await pier.engine.remediation.roll_back(pier.caller, Ask("default", shown.task.task_id))
    ended = await pier.rest(shown.task.task_id)
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    assert {entry.key: entry.state.name for entry in entries} == {
        "thing/a": "UNDONE",
        "thing/a~1": "UNDONE",
        "thing/b": "NOT_CREATED",
    }
    assert ended.task.state is TaskState.ROLLED_BACK


async def test_things_that_wait_for_each_other_are_undone_newest_first(pier: Any) -> None:
    after = {"a": ["b"], "b": ["a"]}
    params = {"yard": str(pier.folder / "yard"), "keys": ["a", "b", "c"], "after": after, "refuse": ["c"]}
    shown = await pier.run("harbour.build", params=params)
    await pier.engine.remediation.roll_back(pier.caller, Ask("default", shown.task.task_id))
    assert (await pier.rest(shown.task.task_id)).task.state is TaskState.ROLLED_BACK


async def test_an_attempt_whose_task_was_purged_hears_that_its_lease_is_lost(pier: Any) -> None:
    shown = await pier.run("harbour.noop")
    session = Attempt(pier.engine.dispatcher.attempts, shown.task, Phase.RUN)
    await pier.engine.tasks.delete(pier.caller, "default", shown.task.task_id)
    assert await pier.store.purge(1 << 60, 10) == 1
    with pytest.raises(LeaseLost):
        await session.created("thing", 1, "i-1")
    with pytest.raises(LeaseLost):
        await session.finish(Succeeded(b"{}"))


async def test_a_task_that_was_purged_while_it_waited_for_a_slot_is_forgotten(
    pier: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shown = await pier.run("harbour.noop")
    await pier.engine.tasks.delete(pier.caller, "default", shown.task.task_id)
    assert await pier.store.purge(1 << 60, 10) == 1
    dispatcher = pier.engine.dispatcher
    queue = dispatcher.executors[shown.task.executor]
    free = queue.free
    dispatcher.consider(replace(shown.task, state=TaskState.QUEUED))
    while queue.free != free or len(queue):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_report_that_nobody_awaits_any_more_may_be_collected_in_the_middle_of_another(
    pier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await pier.run("harbour.noop")
    attempt = Attempt(pier.engine.dispatcher.attempts, shown.task, Phase.RUN)
    attempt.lines.add(2, "said before")

    async def never(*_: Any) -> Any:
        """Take as long as a database that does not answer."""
        await asyncio.Event().wait()

    monkeypatch.setattr(attempt.owner.store, "change", never)
    report = attempt.flush()
    report.send(None)
    assert not attempt.lines

    def keys() -> Iterator[str]:
        """Name a key, and collect the report meanwhile."""
        report.close()
        yield "thing"

    taking = threading.Thread(target=lambda: attempt.keys.use(keys()), daemon=True)  # type: ignore[arg-type]
    taking.start()
    await asyncio.to_thread(taking.join, 10)
    assert not taking.is_alive()
    assert attempt.lines.take() == ([(2, "said before")], 0)
