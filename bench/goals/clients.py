"""Goal 14: events a second that each client takes from one watch, against what a server sends to one that only reads.

The task has ended, so that the watch reads its whole history. Each language's conformance driver watches it by its
client's own iterator, and counts; it is timed from the request to the count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import uvloop
from clients.conformance.runner.driver import Driver
from clients.conformance.runner.languages import Language, known, language

from bench.asking import CREATE, WAIT, WATCH, task_request
from bench.figure import Figure, expect, figure
from bench.goals.watch import TEXT
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels, streams
from wharfinger.v1 import task_pb2, task_service_pb2

READER = "a reader that decodes nothing"


def measure(session: Session) -> list[Figure]:
    """Return the rate of each language whose toolchain is here."""
    events = 500 if session.short else 10_000
    address = session.server("server").address
    gate = session.folder / "gate-clients"
    gate.touch()
    name, told = uvloop.run(_task(address, {"gate": str(gate), "events": events, "text": TEXT, "rate": 0}))
    here = [found for found in map(language, known()) if not found.lacking]
    if session.short:
        here = [found for found in here if found.id == "python"]
    for found in here:
        found.build()
    with asyncio.Runner() as runner:
        drivers = {found.name: runner.run(_started(found, address)) for found in here}
        try:
            subjects: dict[str, Callable[[], float]] = {READER: lambda: uvloop.run(_read(address, name, told))}
            for spoken, driver in drivers.items():
                subjects[spoken] = lambda driver=driver: runner.run(_counted(driver, name, told))  # type: ignore[misc]
            for subject in subjects.values():
                subject()  # what is compiled while it runs is compiled now
            said = take_turns(session.rounds, subjects)
        finally:
            for driver in drivers.values():
                runner.run(driver.close())
    return [
        figure("14", f"one watch, {spoken}", "events/s", said[spoken], READER, said[READER], None) for spoken in drivers
    ]


async def _task(address: str, params: dict[str, Any]) -> tuple[str, int]:
    """Have a task tell its events and end; return its name and how many it has."""
    async with channels(address, 1) as (channel,):
        task: task_pb2.Task = await ask(channel, CREATE, task_request("clients", "quay.burst", params), task_pb2.Task)
        ended = await ask(channel, WAIT, task_service_pb2.WaitTaskRequest(name=task.name), task_pb2.Task)
        return task.name, int(ended.last_sequence)


async def _started(found: Language, address: str) -> Driver:
    driver = await Driver.start(found, {})
    await _answer(driver, "connect", {"server": address, "project": "clients"})
    return driver


async def _answer(driver: Driver, op: str, args: dict[str, Any]) -> Any:
    stream = driver.ask(op, args)
    while stream.answer is None:
        await driver.next(stream)
    if "value" not in stream.answer:
        raise RuntimeError(f"{op}: {stream.answer}")
    return stream.answer["value"]


async def _counted(driver: Driver, name: str, told: int) -> float:
    began = time.monotonic()
    events = (await _answer(driver, "count", {"task": name}))["events"]
    took = time.monotonic() - began
    # The snapshots at the beginning and the end are told beside the events.
    expect("events that a client told", events >= told, True)
    return told / took


async def _read(address: str, name: str, told: int) -> float:
    request = task_service_pb2.WatchTaskRequest(name=name).SerializeToString()
    began = time.monotonic()
    async with streams(address, WATCH, [request]) as ((stream,), reading):
        await reading
    took = time.monotonic() - began
    got = sum(len(task_service_pb2.WatchTaskResponse.FromString(one).events.events) for one in stream.messages)
    expect("events that were read", got, told)
    return told / took
