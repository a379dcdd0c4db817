"""Goal 7: what an idle watcher costs in memory: 5,000 of them, each on a task of its own that sleeps."""

from __future__ import annotations

import asyncio
import time

import uvloop

from bench.asking import BATCH, CANCEL, WATCH, batch_request, task_request
from bench.figure import Figure, WrongAnswer, expect
from bench.server import RUNNING, Server
from bench.session import Session
from bench.wire import ask, channels, streams
from wharfinger.v1 import task_pb2, task_service_pb2

WATCHERS, SHORT_WATCHERS = 5000, 300
TARGET = 25.0
SETTINGS = '[server]\ndrain_grace = "1s"\n[executors.asyncio]\nslots = 6000\n'
START_LIMIT = 180.0
QUIET = 3.0


def measure(session: Session) -> list[Figure]:
    """Return the growth of the server's resident memory per watcher, and what a sleeping task takes besides."""
    watchers = SHORT_WATCHERS if session.short else WATCHERS
    kilobytes, of_task, busy = [], [], []
    for turn in range(min(session.rounds, 3)):
        server = session.server(f"server-{turn}", SETTINGS)
        sizes = uvloop.run(_grow(server, watchers))
        of_task.append((sizes[1] - sizes[0]) / watchers / 1000)
        kilobytes.append((sizes[2] - sizes[1]) / watchers / 1000)
        busy.append(sizes[3])
    return [
        Figure(
            "7",
            f"memory of an idle watcher, {watchers:,} of them",
            "kB",
            tuple(kilobytes),
            target=TARGET,
            at_least=False,
        ),
        Figure("7", "memory of a sleeping task", "kB", tuple(of_task)),
        Figure("7", "processor used while all are idle", "%", tuple(busy)),
    ]


async def _grow(server: Server, watchers: int) -> tuple[int, int, int, float]:
    """Return the memory before, with all tasks asleep, and with all watched; and the processor's use then, in %."""
    before = server.memory()
    names = await _sleepers(server, watchers)
    asleep = server.memory()
    requests = [task_service_pb2.WatchTaskRequest(name=name).SerializeToString() for name in names]
    async with streams(server.address, WATCH, requests) as (opened, _):
        await asyncio.sleep(QUIET)
        watched, used = server.memory(), server.cpu()
        await asyncio.sleep(QUIET)
        busy = (server.cpu() - used) / QUIET * 100
        async with channels(server.address, 1) as (channel,):
            await ask(channel, CANCEL, task_service_pb2.CancelTaskRequest(name=names[-1]))
        await asyncio.wait_for(_ended(opened[-1].messages), 30)
        for name, stream in zip(names, opened, strict=True):
            first = task_service_pb2.WatchTaskResponse.FromString(stream.messages[0])
            expect("whom a watcher watches", first.snapshot.name, name)
    return before, asleep, watched, busy


async def _ended(messages: list[bytes]) -> None:
    """Wait until the watcher of the cancelled task has heard of its end."""
    while True:
        last = task_service_pb2.WatchTaskResponse.FromString(messages[-1])
        if last.snapshot.state == task_pb2.TASK_STATE_CANCELLED:
            return
        await asyncio.sleep(0.05)


async def _sleepers(server: Server, count: int) -> list[str]:
    """Make that many tasks and wait until all of them run."""
    names: list[str] = []
    one = task_request("asleep", "quay.sleep", {})
    async with channels(server.address, 1) as (channel,):
        for start in range(0, count, 500):
            request = batch_request(one, min(500, count - start))
            made = await ask(channel, BATCH, request, task_service_pb2.BatchCreateTasksResponse)
            names += [outcome.task.name for outcome in made.outcomes]
    until = time.monotonic() + START_LIMIT
    while server.ask("SELECT count(*) FROM tasks WHERE state = ?", RUNNING) != [(count,)]:
        if time.monotonic() > until:
            raise WrongAnswer(f"not all of {count} tasks run")
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)
    return names
