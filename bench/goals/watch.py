"""Goal 4: events to live watchers against a bare server stream that sends one event a message.

A burst (4), a steady source of 1,000 events a second (4b), and how much later than durable one event is seen when
nothing else happens (4c). Every watcher must have every event once, in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from bench.asking import CREATE, WAIT, WATCH, bare_address, task_request
from bench.bare import ECHO, GO, STREAM
from bench.figure import Figure, WrongAnswer, expect, figure
from bench.session import Session
from bench.turns import take_turns
from bench.wire import Stream, ask, channels, streams
from wharfinger.v1 import task_pb2, task_service_pb2

WATCHERS = (100, 1000)
TEXT = "copied another part of the image to the store: all is well, and more is to come"
BURST_AIM, STEADY_AIM = {100: 10.0, 1000: 30.0}, {100: 1.0, 1000: 4.0}
RATE = 1000
BARE = "bare stream"


@dataclass(frozen=True)
class Scale:
    """How much a turn sends."""

    events: int
    steady_seconds: float
    bare_messages: int
    paced: int


def measure(session: Session) -> list[Figure]:
    """Return all three for 100 and for 1,000 watchers."""
    scale = Scale(200, 1.0, 5_000, 10) if session.short else Scale(1000, 3.0, 100_000, 60)
    rounds = min(session.rounds, 3)
    server, bare = session.server("server").address, bare_address(session)
    gates = (session.folder / f"gate-{n}" for n in range(1_000_000))
    payload = uvloop.run(_one_event(server, next(gates)))
    found: list[Figure] = []
    for watchers in WATCHERS:
        burst = partial(_told, server, watchers, scale.events, 0)
        steady = partial(_told, server, watchers, int(scale.steady_seconds * RATE), RATE)
        subjects: dict[str, Callable[[], float]] = {
            "bare": lambda n=watchers: uvloop.run(_bare(bare, n, scale.bare_messages // n, payload)),  # type: ignore[misc]
            "burst": lambda run=burst: uvloop.run(run(next(gates))),  # type: ignore[misc]
            "steady": lambda run=steady: uvloop.run(run(next(gates))),  # type: ignore[misc]
        }
        said = take_turns(rounds, subjects)
        crowd = f"{watchers:,} watchers"
        found += [
            figure("4", f"burst to {crowd}", "events/s", said["burst"], BARE, said["bare"], BURST_AIM[watchers]),
            figure(
                "4b", f"{RATE:,}/s to {crowd}", "events/s", said["steady"], BARE, said["bare"], STEADY_AIM[watchers]
            ),
        ]
    paced = take_turns(
        rounds,
        {
            "delay": lambda: uvloop.run(_delay(server, next(gates), scale.paced)),
            "echo": lambda: uvloop.run(_round_trip(bare, scale.paced)),
        },
    )
    note = "from the script's own knowledge that the event is durable until the watcher has it"
    return [
        *found,
        figure("4c", "delay when idle", "ms", paced["delay"], "echo", paced["echo"], 1.1, at_least=False, note=note),
    ]


# ---------------------------------------------------------------- a task and its watchers


async def _begin(address: str, script: str, params: dict[str, Any]) -> str:
    async with channels(address, 1) as (channel,):
        request = task_request("watched", script, params)
        task: task_pb2.Task = await ask(channel, CREATE, request, task_pb2.Task)
        return task.name


async def _told(address: str, watchers: int, events: int, rate: float, gate: Path) -> float:
    """Return events per second, from when the source may begin until the last watcher has the last event."""
    params = {"gate": str(gate), "events": events, "text": TEXT, "rate": rate}
    name = await _begin(address, "quay.burst", params)
    request = task_service_pb2.WatchTaskRequest(name=name).SerializeToString()
    async with streams(address, WATCH, [request] * watchers) as (opened, reading):
        began = time.monotonic()
        gate.touch()
        await reading
    known: dict[bytes, tuple[list[int], int]] = {}
    last = max(_check(stream, events, known) for stream in opened)
    return watchers * events / (last - began)


def _check(stream: Stream, lines: int, known: dict[bytes, tuple[list[int], int]]) -> float:
    """Return when the last log line came. Raises WrongAnswer for an event that is missing, repeated or out of order."""
    following, logged, last = 1, 0, 0.0
    for moment, message in zip(stream.times, stream.messages, strict=True):
        if message not in known:
            known[message] = _read(message)
        sequences, logs = known[message]
        if sequences and sequences != list(range(following, following + len(sequences))):
            raise WrongAnswer(f"after event {following - 1} a watcher got {sequences[:5]}…")
        following += len(sequences)
        logged += logs
        last = moment if logs else last
    expect("log lines that a watcher got", logged, lines)
    return last


def _read(message: bytes) -> tuple[list[int], int]:
    events = task_service_pb2.WatchTaskResponse.FromString(message).events.events
    return [event.sequence for event in events], sum(event.log.text == TEXT for event in events)


async def _one_event(address: str, gate: Path) -> bytes:
    """Return a message with one event, as the bare stream sends it."""
    gate.touch()
    name = await _begin(address, "quay.burst", {"gate": str(gate), "events": 1, "text": TEXT})
    async with channels(address, 1) as (channel,):
        request = task_service_pb2.WatchTaskRequest(name=name).SerializeToString()
        watch: Any = channel.unary_stream(WATCH)
        async for message in watch(request):
            response = task_service_pb2.WatchTaskResponse.FromString(message)
            for event in response.events.events:
                if event.log.text == TEXT:
                    del response.events.events[:]
                    response.events.events.append(event)
                    return response.SerializeToString()
    raise WrongAnswer("the task told nothing")


# ---------------------------------------------------------------- the bare stream


async def _bare(address: str, watchers: int, messages: int, payload: bytes) -> float:
    """Return messages per second of a server that only sends."""
    async with streams(address, STREAM, [str(messages).encode()] * watchers) as (opened, reading):
        async with channels(address, 1) as (channel,):
            began = time.monotonic()
            await ask(channel, GO, payload)
        await reading
    for stream in opened:
        expect("messages of a bare stream", stream.messages[1:], [payload] * messages)
    return watchers * messages / (max(stream.times[-1] for stream in opened) - began)


# ---------------------------------------------------------------- one event when nothing else happens

PAUSE = 0.03


async def _delay(address: str, gate: Path, events: int) -> float:
    """Return the median time, in ms, from an event's being durable to its watcher's having it."""
    name = await _begin(address, "quay.pace", {"gate": str(gate), "events": events, "pause": PAUSE})
    request = task_service_pb2.WatchTaskRequest(name=name).SerializeToString()
    async with streams(address, WATCH, [request]) as ((stream,), reading):
        gate.touch()
        await reading
    async with channels(address, 1) as (channel,):
        ended: task_pb2.Task = await ask(channel, WAIT, task_service_pb2.WaitTaskRequest(name=name), task_pb2.Task)
    durable = [moment.number_value for moment in ended.result.fields["durable"].list_value.values]
    seen = {
        event.entry.key: moment
        for moment, message in zip(stream.times, stream.messages, strict=True)
        for event in task_service_pb2.WatchTaskResponse.FromString(message).events.events
        if event.HasField("entry")
    }
    expect("things that the watcher heard of", sorted(seen), sorted(f"thing/{i}" for i in range(events)))
    return median(seen[f"thing/{i}"] - moment for i, moment in enumerate(durable)) * 1000


async def _round_trip(address: str, calls: int) -> float:
    """Return the median time, in ms, of an echo when nothing else happens."""
    took = []
    async with channels(address, 1) as (channel,):
        for _ in range(calls):
            await asyncio.sleep(PAUSE)
            began = time.monotonic()
            expect("an echo", await ask(channel, ECHO, b"x" * 300), b"x" * 300)
            took.append(time.monotonic() - began)
    return median(took) * 1000
