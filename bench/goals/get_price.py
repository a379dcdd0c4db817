"""Goal 11: GetPrice against a bare echo, 64 in flight, among a million prices (in the short form 20,000).

Before and after, some prices are compared with what they should be, and one that is not there must not be found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import grpc

from bench.asking import bare_address, echo_call
from bench.figure import Figure, expect, figure
from bench.h2load import Call, Load, need
from bench.server import Server
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels
from wharfinger.v1 import price_pb2, pricing_service_pb2

GET_PRICE = "/wharfinger.v1.PricingService/GetPrice"
IN_FLIGHT = 64
TARGET = 0.75
ECHO = "bare echo"
REGIONS = 50


def measure(session: Session) -> list[Figure]:
    """Return requests per second of both, processor time per look-up, and the memory that the prices take."""
    need()
    skus = 400 if session.short else 20_000
    prices = session.folder / "prices"
    prices.mkdir()
    (prices / "own.csv").write_text("".join(_lines(skus)))
    server = session.server("priced", f'[prices]\nfolder = "{prices}"\nlibcloud = false\n')
    before = server.memory()
    asyncio.run(_check(server.address, skus))
    grown = (server.memory() - before) / 1e6
    there = Load(_call(server, session.folder, f"size-{skus // 2}"), IN_FLIGHT, session.seconds)
    echo = Load(echo_call(bare_address(session), session.folder), IN_FLIGHT, session.seconds)
    cost: list[float] = []

    def turn() -> float:
        used, sent = server.cpu(), there.sent
        rate = there.turn()
        cost.append((server.cpu() - used) / (there.sent - sent) * 1e6)
        return rate

    for load in (echo, there):
        load.warm_up()
    said = take_turns(session.rounds, {"echo": echo.turn, "price": turn})
    asyncio.run(_check(server.address, skus))
    note = f"{skus * REGIONS:,} prices"
    return [
        figure("11", "GetPrice", "req/s", said["price"], ECHO, said["echo"], TARGET, note=note),
        Figure("11", "processor time of GetPrice", "µs", tuple(cost)),
        Figure("11", "memory that the prices add, pages of the file included", "MB", (grown,), note=note),
    ]


def _amount(sku: int, region: int) -> Decimal:
    return Decimal(sku * REGIONS + region + 1) / 10_000


def _lines(skus: int) -> Iterator[str]:
    yield "provider,region,sku,unit,currency,amount\n"
    for region in range(REGIONS):
        for sku in range(skus):
            yield f"quay,region-{region},size-{sku},Hours,USD,{_amount(sku, region)}\n"


def _request(sku: str, region: str = "region-7") -> pricing_service_pb2.GetPriceRequest:
    return pricing_service_pb2.GetPriceRequest(parent="projects/bench", provider="quay", region=region, sku=sku)


def _call(server: Server, folder: Path, sku: str) -> Call:
    return Call(server.address, GET_PRICE, _request(sku).SerializeToString(), folder)


async def _check(address: str, skus: int) -> None:
    """Raise WrongAnswer unless the server tells some prices right, and does not find one that is not there."""
    async with channels(address, 1) as [channel]:
        for sku, region in ((0, 0), (skus // 2, 7), (skus - 1, REGIONS - 1)):
            price = await ask(channel, GET_PRICE, _request(f"size-{sku}", f"region-{region}"), price_pb2.Price)
            expect(f"size-{sku} in region-{region}", Decimal(price.amount.amount), _amount(sku, region))
        try:
            await ask(channel, GET_PRICE, _request("size-none"), price_pb2.Price)
            code = grpc.StatusCode.OK
        except grpc.aio.AioRpcError as error:
            code = error.code()
        expect("a price that is not there", code, grpc.StatusCode.NOT_FOUND)
