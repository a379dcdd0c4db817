"""Stages with a started executor, and scripts written in a test."""

from __future__ import annotations

import linecache
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from wharfinger.runtime.protocol import Assignment, Phase
from wharfinger.script.context import Context
from wharfinger_server.sdk.executor import Executor, Job, Stop
from wharfinger_server.sdk.recording import RecordingSession, eventually
from wharfinger_server.sdk.stage import Play, Stage

pytest.register_assert_rewrite("wharfinger_server.sdk.conformance")

Begin = Callable[[Executor], Awaitable[Stage]]
PATIENCE = 10.0


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Return a function that starts an executor on a stage; at the end what runs is let go and it is stopped."""
    stages: list[Stage] = []

    async def start(executor: Executor) -> Stage:
        stage = Stage(executor, tmp_path, PATIENCE)
        await executor.start(stage.host)
        stages.append(stage)
        return stage

    yield start
    for stage in stages:
        stage.release()
        await stage.executor.stop(PATIENCE)
        assert sorted(map(id, stage.host.freed_jobs)) == sorted(id(play.job) for play in stage.plays)


def play(stage: Stage, source: str, colour: str = "async", name: str = "own_script") -> Play:
    """Submit a script of that source."""
    module = types.ModuleType(name)
    file = f"/scripts/{name}.py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), module.__dict__)
    session = RecordingSession(stage.trace)
    task = f"projects/own/tasks/t{len(stage.plays)}"
    assignment = Assignment(task, "own", 1, Phase.RUN, name, 1, {"gate": str(stage.gate)}, Context("own"))
    stage.host.modules[name] = module
    played = Play(stage, Job(assignment, "1", colour, session, Stop()), session.done)
    stage.plays.append(played)
    stage.executor.submit(played.job)
    return played


__all__ = ["PATIENCE", "Begin", "begin", "eventually", "play"]
