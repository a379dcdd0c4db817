"""The suite that any executor must pass.

In a test module of the executor's own, with pytest-asyncio in its `auto` mode:

    class TestMine(ExecutorConformance):
        def make(self):
            return MyExecutor({"slots": 50})

and in its conftest.py, to see in full why something failed,
`pytest.register_assert_rewrite("wharfinger_server.sdk.conformance")`.

What it asks is what the engine relies on: every attempt ends with one outcome, its slot is given back exactly once,
when nothing of it runs any more, and jobs side by side neither see nor harm each other.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from wharfinger.runtime.protocol import Entry, Phase
from wharfinger_server.sdk.executor import ASYNC, PLAIN, Executor
from wharfinger_server.sdk.recording import eventually
from wharfinger_server.sdk.stage import Play, Stage
from wharfinger_server.sdk.trial_scripts import awaiting, plain


class ExecutorConformance(ABC):
    """Subclass it as `class TestMine(ExecutorConformance)` and implement `make`; the rest is for what can't be had."""

    patience: float = 15.0
    """Seconds until a test gives up waiting for something that should come at once."""

    shares_loop: bool = False
    """Whether async scripts share an event loop, so that one that blocks it must be reported by `Host.blocked`."""

    @abstractmethod
    def make(self) -> Executor:
        """Return a new executor that was not started; with 500 slots or more, if it can have so many."""

    def at_once(self, executor: Executor, colour: str) -> int:
        """Return how many scripts of the colour can run at once; by default the slots."""
        return executor.slots

    def lose(self, executor: Executor) -> bool:
        """Kill what runs the jobs, such as a worker process; return False, as by default, if nothing can be killed."""
        return False

    # ------------------------------------------------------------------ fixtures

    @pytest.fixture(params=[ASYNC, PLAIN])
    def colour(self, request: pytest.FixtureRequest) -> str:
        """Return each colour that the executor runs."""
        wanted: str = request.param
        if wanted not in self.make().colours:
            pytest.skip(f"this executor runs no {wanted} scripts")
        return wanted

    @pytest_asyncio.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        """Return a stage with the started executor; afterwards every job must have given its slot back exactly once."""
        stage = Stage(self.make(), tmp_path, self.patience)
        await stage.executor.start(stage.host)
        yield stage
        stage.release()
        await eventually(lambda: len(stage.host.freed_jobs) >= len(stage.plays), "slots are free again", self.patience)
        await stage.executor.stop(self.patience)
        assert Counter(stage.host.freed_jobs) == Counter(play.job for play in stage.plays), "each slot is freed once"

    # ------------------------------------------------------------------ what it is

    def test_it_describes_itself(self) -> None:
        """It has a summary, at least one slot and at least one colour."""
        executor = self.make()
        assert executor.summary.strip() == executor.summary != ""
        assert executor.slots >= 1
        assert frozenset({ASYNC, PLAIN}) >= executor.colours != frozenset()

    def test_an_unknown_option_is_refused_by_name(self) -> None:
        """A spelling mistake in the configuration is not ignored."""
        with pytest.raises(ValueError, match="no_such_option"):
            type(self.make())({"no_such_option": 1})

    # ------------------------------------------------------------------ attempts and their outcomes

    async def test_a_script_gets_its_params_and_its_result_is_reported(self, stage: Stage, colour: str) -> None:
        """What `main` returns is the outcome."""
        play = stage.play(colour, "echo", number=3, text="é", nested={"list": [None, True]})
        await play.ended()
        params = {"do": "echo", "number": 3, "text": "é", "nested": {"list": [None, True]}}
        assert play.done.result == {"name": play.job.assignment.task, "attempt": 1, **params}

    @pytest.mark.parametrize(
        ("do", "reason", "word"),
        [
            ("raise", "SCRIPT_RAISED", "ValueError: no such luck"),
            ("fail", "LUCK_EXHAUSTED", "out of luck"),
            ("exit", "SCRIPT_RAISED", "SystemExit: 3"),
            ("odd", "SCRIPT_RESULT_INVALID", "odd"),
            ("list", "SCRIPT_RESULT_INVALID", "list"),
        ],
    )
    async def test_every_way_to_fail_is_reported(
        self, stage: Stage, colour: str, do: str, reason: str, word: str
    ) -> None:
        """An error, a failure on purpose, an exit and a useless result each become an outcome."""
        play = stage.play(colour, do)
        await play.ended()
        assert play.done.failure.reason == reason
        assert word in play.done.failure.message
        assert play.done.failure.retryable == (do == "fail")

    async def test_what_a_script_prints_becomes_its_log_in_order(self, stage: Stage, colour: str) -> None:
        """Standard output is information, standard error a warning."""
        play = stage.play(colour, "speak")
        await play.ended()
        assert [line for line in play.done.log if line[1] != "five"] == [
            (2, "one"),
            (3, "two"),
            (2, "three"),
            (2, "four"),
        ]
        assert (3, "five") in play.done.log

    async def test_progress_is_reported(self, stage: Stage, colour: str) -> None:
        """The last progress tells that all is done."""
        play = stage.play(colour, "progress")
        await play.ended()
        last = play.done.progress[-1]
        assert (last.step, last.done, last.total, last.unit) == ("copy", 3, 3, "parts")

    async def test_nothing_is_made_before_its_intent_is_durable(self, stage: Stage, colour: str) -> None:
        """An intent is durable before the call begins, and what was made is durable before the next intent."""
        play = stage.play(colour, "make", trace=str(stage.trace), keys=["a", "b"])
        await play.ended()
        assert stage.trace.read_text().splitlines() == [
            *("durable a INTENDED", "call a", "called a", "durable a CREATED"),
            *("durable b INTENDED", "call b", "called b", "durable b CREATED"),
            "finished",
        ]
        ledger = play.done.ledger
        assert play.done.result == {"ids": [f"id-of-{ledger[key].token}" for key in ("a", "b")]}

    async def test_what_is_uncertain_is_looked_for(self, stage: Stage, colour: str) -> None:
        """An attempt to SETTLE runs the script's `find`, not its `main`."""
        entry = Entry(key="a", type="trial.thing", state="UNCERTAIN", generation=1, token="wf1", version=("v",))  # noqa: S106
        play = stage.play(colour, "raise", phase=Phase.SETTLE, ledger=(entry,))
        await play.ended()
        assert [(one.key, one.ids) for one in play.done.found] == [("a", ["id-of-wf1"])]

    async def test_an_attempt_that_lost_its_lease_gives_its_slot_back_without_an_outcome(
        self, stage: Stage, colour: str
    ) -> None:
        """It stops at the next report."""
        play = stage.play(colour, "make", trace=str(stage.trace), keys=["a"], lease_lost=True)
        await play.freed()
        assert play.done.outcome is None
        assert not any(line.startswith("call ") for line in stage.lines())

    async def test_an_attempt_that_cannot_report_its_outcome_is_told_lost(self, stage: Stage, colour: str) -> None:
        """The engine must hear that nothing will come."""
        play = stage.play(colour, "echo", unreachable=True)
        await play.freed()
        assert [job for job, _ in stage.host.lost_jobs] == [play.job]
        assert "can't be reached" in stage.host.lost_jobs[0][1]

    # ------------------------------------------------------------------ stopping

    async def test_a_waiting_script_that_is_cancelled_stops_soon(self, stage: Stage, colour: str) -> None:
        """The outcome says that it stopped, and its slot is free."""
        play = stage.play(colour, "sleep", seconds=600)
        await play.says("begun")
        began = time.monotonic()
        play.cancel()
        await play.freed()
        assert play.done.stopped
        assert time.monotonic() - began < self.patience / 2

    async def test_a_script_cancelled_at_once_still_ends_with_one_outcome(self, stage: Stage, colour: str) -> None:
        """Whether it had begun or not."""
        play = stage.play(colour, "sleep", seconds=600)
        play.cancel()
        await play.freed()
        assert play.done.stopped

    async def test_cancelled_at_any_moment_a_script_ends_with_one_outcome(self, stage: Stage, colour: str) -> None:
        """Also while the outcome is on its way."""
        for _ in range(min(40, self.at_once(stage.executor, colour))):
            play = stage.play(colour, "make", trace=str(stage.trace), keys=["a"])
            asyncio.get_running_loop().call_later(random.uniform(0, 0.03), play.cancel)  # noqa: S311 - no secret
        for play in stage.plays:
            await play.freed()
            assert play.done.outcome is not None
            assert play.done.stopped or play.done.result

    async def test_cancelling_a_script_that_has_ended_changes_nothing(self, stage: Stage, colour: str) -> None:
        """The engine may be late."""
        play = stage.play(colour, "echo")
        await play.freed()
        play.cancel()
        other = stage.play(colour, "echo")
        await other.freed()
        assert play.done.result["attempt"] == 1

    async def test_a_script_that_will_not_stop_keeps_its_slot_and_harms_nobody(self, stage: Stage, colour: str) -> None:
        """Its slot is free when it has really ended, not when it was told to."""
        play = stage.play(colour, "stubborn", until=str(stage.gate))
        await play.says("begun")
        play.cancel()
        if self.at_once(stage.executor, colour) > 1:
            other = stage.play(colour, "sleep", seconds=0.1)
            await other.freed()
            assert other.done.result == {}
        await asyncio.sleep(0.1)
        assert not play.is_free
        stage.release()
        await play.freed()
        assert play.done.outcome is not None

    # ------------------------------------------------------------------ slots

    async def test_all_slots_run_at_once(self, stage: Stage, colour: str) -> None:
        """As many jobs as there are slots (64 are tried at most) have all begun before the first one ends."""
        for _ in range(min(64, self.at_once(stage.executor, colour))):
            stage.play(colour, "stubborn", until=str(stage.gate))
        for play in stage.plays:
            await play.says("begun")
        assert stage.host.freed_jobs == []

    async def test_freed_slots_are_used_again(self, stage: Stage, colour: str) -> None:
        """Three times as many jobs as slots (16 are tried at most), each begun when a slot is free."""
        width = min(16, self.at_once(stage.executor, colour))
        for turn in range(3 * width):
            await eventually(
                lambda: len(stage.plays) - len(stage.host.freed_jobs) < width, "a slot is free", self.patience
            )
            stage.play(colour, "echo", turn=turn)
        for turn, play in enumerate(list(stage.plays)):
            await play.freed()
            assert play.done.result["turn"] == turn

    async def test_many_sleeping_scripts_sleep_side_by_side(self, stage: Stage, colour: str) -> None:
        """One second of sleep, in as many jobs as there are slots (500 at most), takes less than three seconds."""
        count = min(500, self.at_once(stage.executor, colour))
        took = []
        for _ in range(3):  # the machine may be busy with something else; not always, though
            began = time.monotonic()
            plays = [stage.play(colour, "sleep", seconds=1.0) for _ in range(count)]
            for play in plays:
                await play.freed()
                assert play.done.result == {}
            took.append(time.monotonic() - began)
            if took[-1] < 3.0:
                return
        pytest.fail(f"one second of sleep in each of {count} jobs took {min(took):.1f} s")

    async def test_jobs_may_be_submitted_from_any_thread(self, stage: Stage, colour: str) -> None:
        """Four threads submit at once."""
        each = min(8, self.at_once(stage.executor, colour) // 4) or 1
        threads = min(4, self.at_once(stage.executor, colour))

        def submit() -> None:
            """Submit a share of the jobs."""
            for _ in range(each):
                stage.play(colour, "echo")

        started = [threading.Thread(target=submit) for _ in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            await asyncio.to_thread(thread.join)
        for play in list(stage.plays):
            await play.freed()
            assert play.done.result["do"] == "echo"
        assert len(stage.plays) == each * threads

    # ------------------------------------------------------------------ apart from each other

    async def test_jobs_do_not_see_each_other_s_context(self, stage: Stage, colour: str) -> None:
        """Neither context variables nor thread-locals pass from one job to another, or from the server to a job."""
        for script in (awaiting, plain):
            script.seen.set("the server's own")
        width = min(8, self.at_once(stage.executor, colour))
        for _ in range(2):
            plays = [stage.play(colour, "context") for _ in range(width)]
            for play in plays:
                await play.freed()
                assert play.done.result == {"before": "nothing", "mine": True}

    @pytest.mark.parametrize("do", ["leave task", "leave thread"])
    async def test_what_a_script_leaves_running_keeps_its_slot(self, stage: Stage, do: str) -> None:
        """The outcome is reported, but the slot is free only when nothing runs any more."""
        self._needs(stage, ASYNC)
        play = stage.play(ASYNC, do, until=str(stage.gate))
        await play.ended()
        await asyncio.sleep(0.1)
        assert not play.is_free
        stage.release()
        await play.freed()

    @pytest.mark.parametrize("do", ["exit in task", "stop loop"])
    async def test_a_script_cannot_end_the_loop_for_others(self, stage: Stage, do: str) -> None:
        """A task's SystemExit, and `loop.stop()`, go no further than the script."""
        self._needs(stage, ASYNC)
        room = min(3, self.at_once(stage.executor, ASYNC) - 1)
        others = [stage.play(ASYNC, "sleep", seconds=0.2) for _ in range(room)]
        play = stage.play(ASYNC, do)
        for one in (play, *others):
            await one.freed()
            assert isinstance(one.done.result, dict)

    async def test_a_blocked_loop_is_reported_with_the_culprit(self, stage: Stage) -> None:
        """Task and line are named while it lasts, and the end is told too."""
        self._needs(stage, ASYNC)
        if not self.shares_loop:
            pytest.skip("scripts of this executor share no event loop")
        other = stage.play(ASYNC, "sleep", seconds=600)
        await other.says("begun")
        play = stage.play(ASYNC, "block", seconds=2.0)
        await eventually(lambda: stage.host.blocks, "the blocked loop is reported", self.patience)
        assert not play.is_free
        await eventually(lambda: len(stage.host.blocks) > 1, "the loop that moves again is reported", self.patience)
        first, last = stage.host.blocks[0], stage.host.blocks[-1]
        assert set(first.jobs) == {play.job, other.job}
        assert (first.jobs[0], last.jobs[0]) == (play.job, play.job)
        assert first.seconds > 0
        assert last.seconds == 0
        assert first.culprit.startswith(f"{play.job.assignment.task} at ")
        assert "trial_scripts/awaiting.py:" in first.culprit
        assert first.culprit.endswith(" in _hold_up")
        other.cancel()

    # ------------------------------------------------------------------ ends

    async def test_stopping_waits_for_what_ends_within_the_grace(self, stage: Stage, colour: str) -> None:
        """The outcome arrives; stopping again does nothing."""
        play = stage.play(colour, "sleep", seconds=0.3)
        await play.says("begun")
        await stage.executor.stop(self.patience)
        assert play.done.result == {}
        assert play.is_free

    async def test_stopping_ends_within_the_grace_though_a_script_does_not(self, tmp_path: Path, colour: str) -> None:
        """What still runs is abandoned."""
        stage = Stage(self.make(), tmp_path, self.patience)
        await stage.executor.start(stage.host)
        play = stage.play(colour, "stubborn", until=str(stage.gate))
        await play.says("begun")
        began = time.monotonic()
        await stage.executor.stop(0.2)
        assert 0.1 < time.monotonic() - began < 0.2 + self.patience / 5
        assert play.done.outcome is None
        stage.release()

    async def test_stopping_an_idle_executor_is_quick(self, tmp_path: Path) -> None:
        """The grace is not used up."""
        stage = Stage(self.make(), tmp_path, self.patience)
        await stage.executor.start(stage.host)
        began = time.monotonic()
        await stage.executor.stop(60)
        assert time.monotonic() - began < self.patience

    async def test_jobs_of_a_killed_executor_are_told_lost(self, stage: Stage, colour: str) -> None:
        """Where something can be killed, its jobs are lost, their slots free, and others run afterwards."""
        play = stage.play(colour, "stubborn", until=str(stage.gate))
        await play.says("begun")
        if not self.lose(stage.executor):
            stage.release()
            await play.freed()
            pytest.skip("nothing of this executor can be killed but the server itself")
        await play.freed()
        assert [job for job, _ in stage.host.lost_jobs] == [play.job]
        assert stage.host.lost_jobs[0][1]
        assert play.done.outcome is None
        other = stage.play(colour, "echo")
        await other.ended()
        assert other.done.result["do"] == "echo"

    def _needs(self, stage: Stage, colour: str) -> None:
        if colour not in stage.executor.colours:
            pytest.skip(f"this executor runs no {colour} scripts")


__all__ = ["ExecutorConformance", "Play", "Stage"]
