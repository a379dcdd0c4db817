"""Goal 6: what a task costs when a million others are over: processor time of create, run and list, against none."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import uvloop

from bench.asking import CREATE, EVENTS, GET, LIST, create_request
from bench.figure import Figure, expect, figure
from bench.h2load import Call, need
from bench.history import lengthen
from bench.server import SUCCEEDED, Server
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels
from wharfinger.v1 import task_pb2, task_service_pb2

TASKS, SHORT_TASKS = 1_000_000, 20_000
TARGET = 1.05
IN_FLIGHT = 64
PAGE = 10


def measure(session: Session) -> list[Figure]:
    """Return microseconds of processor time per task: created, run, and a page of ten listed."""
    need()
    past = SHORT_TASKS if session.short else TASKS
    young, old = session.server("young"), _old(session, past)
    sent = {young: _warm_up(young), old: 1}

    def turn(server: Server) -> float:
        tasks = 200 if session.short else 2000
        used = server.cpu()
        _run(server, session, tasks)
        sent[server] += tasks
        return (server.cpu() - used) / tasks * 1e6

    turns: dict[str, Callable[[], float]] = {"young": lambda: turn(young), "old": lambda: turn(old)}
    for server in sent:
        turn(server)
    said = take_turns(session.rounds, turns)
    young.check("history", sent[young], SUCCEEDED, events=3)
    expect(
        "tasks of the old database",
        old.ask("SELECT count(*), min(state), max(state) FROM tasks"),
        [(sent[old] + past, 5, 5)],
    )
    expect(
        "events of the old database",
        old.ask("SELECT count(*), max(position) FROM events"),
        [(3 * (sent[old] + past),) * 2],
    )
    what = f"create, run, list with {past:,} tasks and {3 * past:,} events"
    return [figure("6", what, "µs/task", said["old"], "with none", said["young"], TARGET, at_least=False)]


def _warm_up(server: Server) -> int:
    """Run the first task; of the old server it is the model of the past."""
    uvloop.run(_create(server))
    server.drain()
    return 1


async def _create(server: Server) -> None:
    async with channels(server.address, 1) as (channel,):
        await ask(channel, CREATE, create_request("history", later=False))


def _run(server: Server, session: Session, tasks: int) -> None:
    create = create_request("history", later=False).SerializeToString()
    listing = task_service_pb2.ListTasksRequest(parent="projects/history", page_size=PAGE).SerializeToString()
    Call(server.address, CREATE, create, session.folder).send(tasks, IN_FLIGHT)
    server.drain()
    Call(server.address, LIST, listing, session.folder).send(tasks, IN_FLIGHT)


def _old(session: Session, past: int) -> Server:
    """Return a server whose database has a past, which it was asked about."""
    model = session.server("old")
    _warm_up(model)
    model.end()
    began = time.monotonic()
    lengthen(model.database, "history", past)
    print(f"{past:,} tasks and {3 * past:,} events written in {time.monotonic() - began:.0f} s", flush=True)
    server = session.server("old")
    uvloop.run(_ask_about(server, past))
    return server


async def _ask_about(server: Server, past: int) -> None:
    """Have the server read what was written, as it reads its own: a page, some of its tasks, and their events."""
    v1 = task_service_pb2
    choose = random.Random(6)
    async with channels(server.address, 1) as (channel,):
        request = v1.ListTasksRequest(parent="projects/history", page_size=500, order_by="create_time")
        seen: list[str] = []
        for _ in range(4):
            page = await ask(channel, LIST, request, v1.ListTasksResponse)
            seen += [task.name for task in page.tasks]
            request.page_token = page.next_page_token
        expect("tasks on four pages", len(set(seen)), 2000)
        filtered = v1.ListTasksRequest(parent="projects/history", filter='labels.team = "images" AND state = SUCCEEDED')
        expect("tasks by label", len((await ask(channel, LIST, filtered, v1.ListTasksResponse)).tasks), 50)
        rows = server.ask(
            "SELECT task_id FROM tasks WHERE id IN (SELECT id FROM tasks ORDER BY id LIMIT 50 OFFSET ?)", past // 2
        )
        for (task_id,) in choose.sample(rows, 20):
            name = f"projects/history/tasks/{task_id}"
            task = await ask(channel, GET, v1.GetTaskRequest(name=name), task_pb2.Task)
            expect(
                "name and state of a task of the past", (task.name, task.state), (name, task_pb2.TASK_STATE_SUCCEEDED)
            )
            told = await ask(channel, EVENTS, v1.ListTaskEventsRequest(parent=name), v1.ListTaskEventsResponse)
            expect(
                "its events", [(event.task, event.sequence) for event in told.events], [(name, n) for n in (1, 2, 3)]
            )
