"""Goal 13: the gateway against gRPC in the same server: GetPrice one after the other, and many watchers of many tasks.

The watchers are plain HTTP/1.1 streams of Connect in JSON, as a page has them. Each must have every event once, in
order.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from statistics import median
from typing import Any

import uvloop

from bench.asking import BATCH, batch_request, create_request
from bench.figure import Figure, expect, figure
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels
from wharfinger.v1 import price_pb2, pricing_service_pb2

GET_PRICE = "/wharfinger.v1.PricingService/GetPrice"
WATCHERS, TASKS = 50, 100
AIM = 1.5
_PRICES = "provider,region,sku,unit,currency,amount\nquay,north,size-m,Hours,USD,0.5\n"


def measure(session: Session) -> list[Figure]:
    """Return the time of a look-up by both ways, and the events that watchers by the gateway are told."""
    prices = session.folder / "prices"
    prices.mkdir()
    (prices / "own.csv").write_text(_PRICES)
    settings = f'[gateway]\naddress = "127.0.0.1:0"\n[prices]\nfolder = "{prices}"\nlibcloud = false\n'
    server = session.server("web", settings)
    host, _, port = server.gateway.removeprefix("http://").rpartition(":")
    calls = 50 if session.short else 2000
    said = take_turns(
        session.rounds,
        {
            "grpc": lambda: uvloop.run(_by_grpc(server.address, calls)),
            "proto": lambda: uvloop.run(_by_web(host, int(port), calls, "proto")),
            "json": lambda: uvloop.run(_by_web(host, int(port), calls, "json")),
        },
    )
    tasks = 10 if session.short else TASKS
    rounds = range(min(session.rounds, 3))
    told = [uvloop.run(_watched(server.address, host, int(port), f"watched-{n}", tasks)) for n in rounds]
    return [
        figure("13", "GetPrice by the gateway, binary", "ms", said["proto"], "gRPC", said["grpc"], AIM, at_least=False),
        figure("13", "GetPrice by the gateway, JSON", "ms", said["json"], "gRPC", said["grpc"], AIM, at_least=False),
        Figure("13", f"{WATCHERS} web watchers of {tasks} tasks", "events/s", tuple(told), note="each once, in order"),
    ]


def _request() -> pricing_service_pb2.GetPriceRequest:
    return pricing_service_pb2.GetPriceRequest(parent="projects/bench", provider="quay", region="north", sku="size-m")


async def _by_grpc(address: str, calls: int) -> float:
    """Return the median time of a look-up in milliseconds."""
    took = []
    async with channels(address, 1) as [channel]:
        for _ in range(calls):
            began = time.perf_counter()
            price = await ask(channel, GET_PRICE, _request(), price_pb2.Price)
            took.append(time.perf_counter() - began)
            expect("the price", price.amount.amount, "0.5")
    return median(took) * 1000


async def _by_web(host: str, port: int, calls: int, codec: str) -> float:
    """Return the same by the gateway, over one connection."""
    if codec == "json":
        body = json.dumps({"parent": "projects/bench", "provider": "quay", "region": "north", "sku": "size-m"}).encode()
    else:
        body = _request().SerializeToString()
    took = []
    reader, writer = await asyncio.open_connection(host, port)
    for _ in range(calls):
        began = time.perf_counter()
        writer.write(_post(GET_PRICE, f"application/{codec}", body))
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        answer = await reader.readexactly(size)
        took.append(time.perf_counter() - began)
        expect("the status", head.split()[1], b"200")
        if codec == "json":
            amount = json.loads(answer)["amount"]["amount"]
        else:
            amount = price_pb2.Price.FromString(answer).amount.amount
        expect("the price", amount, "0.5")
    writer.close()
    return median(took) * 1000


def _post(path: str, kind: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _watched(address: str, host: str, port: int, project: str, tasks: int) -> float:
    """Return how many events a second all watchers together were told of tasks that were created meanwhile."""
    open_ones = [asyncio.Event() for _ in range(WATCHERS)]
    watching = [asyncio.create_task(_watch(host, port, project, tasks, is_open)) for is_open in open_ones]
    await asyncio.gather(*(is_open.wait() for is_open in open_ones))
    began = time.perf_counter()
    async with channels(address, 1) as [channel]:
        await ask(channel, BATCH, batch_request(create_request(project, later=False), tasks))
    counted = await asyncio.gather(*watching)
    took = time.perf_counter() - began
    expect("events of the watchers", set(counted), {counted[0]})
    return sum(counted) / took


async def _watch(host: str, port: int, project: str, tasks: int, is_open: asyncio.Event) -> int:
    """Watch a project until all its tasks are over; return the number of events, each seen once and in order."""
    last: dict[str, int] = defaultdict(int)
    over = 0
    reader, writer = await asyncio.open_connection(host, port)
    body = json.dumps({"parent": f"projects/{project}", "heartbeatInterval": "0.2s"}).encode()
    path = "/wharfinger.v1.TaskService/WatchTasks"
    writer.write(_post(path, "application/connect+json", b"\0" + len(body).to_bytes(4, "big") + body))
    async for message in _messages(reader):
        is_open.set()
        for event in _events(message):
            expect("the next event of a task", int(event["sequence"]), last[event["task"]] + 1)
            last[event["task"]] += 1
            over += event.get("stateChange", {}).get("state") == "TASK_STATE_SUCCEEDED"
        if over == tasks:
            break
    writer.close()
    return sum(last.values())


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from message.get("events", {}).get("events", ())


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """Yield the messages of a stream: chunks of HTTP, in which there are envelopes."""
    await reader.readuntil(b"\r\n\r\n")
    held = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        held += (await reader.readexactly(size + 2))[:-2]
        while len(held) >= 5 and len(held) >= 5 + (length := int.from_bytes(held[1:5], "big")):
            yield json.loads(held[5 : 5 + length])
            held = held[5 + length :]
