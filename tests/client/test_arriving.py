"""A server that is not there yet, or not at all."""

import threading
import time

import pytest
from tests.client.loopback import Loopback
from tests.client.world import World

import wharfinger
from wharfinger import aio


def test_a_server_that_starts_later_is_waited_for(world: World, loopback: Loopback) -> None:
    loopback.stop()
    with wharfinger.Client(loopback.address) as client:
        late = threading.Timer(2.5, loopback.start)
        late.start()
        try:
            assert client.wait_ready(30).version == "9.9.9"
        finally:
            late.join()
        assert client.submit("demo.count", {"lines": 1}).result(10) == {"lines": 1}


def test_a_server_that_never_starts_is_told_with_the_cause_in_time() -> None:
    began = time.monotonic()
    with (
        wharfinger.Client("127.0.0.1:1") as client,
        pytest.raises(wharfinger.Unreachable, match=r"refused.*waited 0\.5"),
    ):
        client.wait_ready(0.5)
    assert time.monotonic() - began < 10


async def test_a_server_is_waited_for_in_asyncio(loopback: Loopback) -> None:
    async with aio.Client(loopback.address) as client:
        assert (await client.wait_ready(10)).server == loopback.address
