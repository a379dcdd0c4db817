import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.client.loopback import Loopback
from tests.client.world import Record, World

from wharfinger.v1 import ledger_pb2


def count(record: Record, params: dict[str, Any]) -> None:
    """Tell `lines` log lines, `pause` seconds apart, with progress; then succeed."""
    lines = int(params.get("lines", 5))
    for number in range(lines):
        if record.stop.wait(params.get("pause", 0)):
            return
        record.log(f"line {number + 1}")
        record.progress("count", number + 1, lines)
    record.succeed(lines=lines)


def fail(record: Record, params: dict[str, Any]) -> None:
    record.fail("SCRIPT_RAISED", "it went wrong", step="think")


def partial(record: Record, params: dict[str, Any]) -> None:
    """Make `made` things, leave one uncertain, one refused, and two never begun."""
    for number in range(int(params.get("made", 2))):
        record.entry(
            f"object/{number + 1}",
            ledger_pb2.LEDGER_ENTRY_STATE_CREATED,
            external_id=f"a/{number + 1}",
            attributes={"store": "a"},
        )
    record.entry("object/doubt", ledger_pb2.LEDGER_ENTRY_STATE_UNCERTAIN, profile="main", region="eu-1")
    record.entry("object/no", ledger_pb2.LEDGER_ENTRY_STATE_NOT_CREATED)
    record.fail("STORE_UNAVAILABLE", "the store b does not answer", ("object/later", "object/last"), "copy")


def sleep(record: Record, params: dict[str, Any]) -> None:
    record.stop.wait(params.get("seconds", 30))


@pytest.fixture
def world() -> Iterator[World]:
    world = World({"demo.count": count, "demo.fail": fail, "demo.partial": partial, "demo.sleep": sleep})
    yield world
    world.stop()


@pytest.fixture
def loopback(world: World) -> Iterator[Loopback]:
    server = Loopback(world)
    yield server
    server.stop()


def until(condition: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
