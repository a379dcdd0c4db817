"""A server that is not there yet, or not at all."""

import asyncio
import threading
import time

import pytest
from tests.client.loopback import Loopback
from tests.client.world import World

import wharfinger
from wharfinger import aio

pytestmark = pytest.mark.lengthy


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


# ---------------------------------------------------------------- an address that is wrong


@pytest.mark.parametrize("verb", ["result", "wait", "watch", "watch_project", "logs"])
def test_what_waits_long_gives_up_an_address_where_nothing_ever_was(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wharfinger._core.connection.outage.FIRST", 0.5)
    with wharfinger.Client("127.0.0.1:1") as client:
        verbs = {
            "result": client.handle("x").result,
            "wait": lambda: client.wait("x"),
            "watch": lambda: list(client.handle("x").watch()),
            "watch_project": lambda: list(client.watch_project()),
            "logs": lambda: list(client.handle("x").logs(follow=True)),
        }
        with pytest.raises(wharfinger.Unreachable, match=r"127\.0\.0\.1:1: Connection refused"):
            verbs[verb]()


# What waits is tried again by gRPC itself first, for a second or two.
@pytest.mark.parametrize(("verb", "first"), [("wait", 2.5), ("watch", 1.0)])
def test_a_first_connection_that_does_not_come_about_is_a_warning_meanwhile(
    verb: str, first: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wharfinger._core.connection.outage.FIRST", first)
    monkeypatch.setattr("wharfinger._core.connection.outage.SOON", 0.2)
    with wharfinger.Client("127.0.0.1:1") as client, pytest.raises(wharfinger.Unreachable):
        list(client.watch("x")) if verb == "watch" else client.wait("x")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "127.0.0.1:1: Connection refused" in warnings[0]
    assert f"given up after {first:g} seconds" in warnings[0]


async def test_what_waits_long_gives_up_in_asyncio_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wharfinger._core.connection.outage.FIRST", 0.5)
    async with aio.Client("127.0.0.1:1") as client:
        for verb in (client.handle("x").result(), client.wait("x"), anext(client.watch("x"))):
            with pytest.raises(wharfinger.Unreachable):
                await verb


def test_a_wait_that_is_over_sooner_tells_that_nobody_answered() -> None:
    with wharfinger.Client("127.0.0.1:1") as client, pytest.raises(wharfinger.TimedOut, match="Connection refused"):
        next(client.watch("x", timeout=0.3))


def test_a_server_that_answered_once_is_waited_for_and_a_long_outage_is_a_warning(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wharfinger._core.connection.outage.FIRST", 0.1)
    monkeypatch.setattr("wharfinger._core.connection.outage.LONG", 0.5)
    with wharfinger.Client(loopback.address) as client:
        handle = client.submit("demo.sleep", {"seconds": 0.1})
        loopback.stop()
        late = threading.Timer(3.0, loopback.start)
        late.start()
        try:
            assert handle.wait(30).state is wharfinger.TaskState.SUCCEEDED
        finally:
            late.join()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "waiting goes on once it answers" in warnings[0]


# ---------------------------------------------------------------- event loops


def test_a_client_for_asyncio_is_made_outside_of_any_loop_and_belongs_to_that_of_its_first_call(
    loopback: Loopback,
) -> None:
    asyncio.run(asyncio.sleep(0))  # after which this thread has no loop
    client = aio.Client(loopback.address)

    async def use() -> dict[str, object]:
        return dict(await (await client.submit("demo.count", {"lines": 1})).result(10))

    assert asyncio.run(use()) == {"lines": 1}
    for verb in (use, client.server_info, lambda: anext(client.watch("x")), lambda: anext(client.list())):
        with pytest.raises(wharfinger.WharfingerError, match="belongs to another event loop"):
            asyncio.run(verb())  # type: ignore[operator]
    asyncio.run(client.close())
    with pytest.raises(wharfinger.WharfingerError, match="is closed"):
        asyncio.run(use())


async def test_a_client_is_not_shared_with_the_loop_of_another_thread(loopback: Loopback) -> None:
    async with aio.Client(loopback.address) as client:
        await client.server_info()
        with pytest.raises(wharfinger.WharfingerError, match="belongs to another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(client.server_info()))
        with pytest.raises(wharfinger.WharfingerError, match="belongs to another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(client.close()))
        assert (await client.server_info()).version == "9.9.9"


def test_a_client_that_was_never_used_is_closed_in_any_loop() -> None:
    client = aio.Client("127.0.0.1:1")
    asyncio.run(client.close())
    assert client.closed
