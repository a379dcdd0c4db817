"""Libcloud awaited: bounded, each call on its own driver, and cancelled calls in a known state."""

import asyncio
import contextvars
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from libcloud.common.base import ConnectionUserAndKey
from libcloud.common.types import InvalidCredsError
from libcloud.compute.base import Node, NodeDriver
from libcloud.storage.base import StorageDriver
from tests.servers.answering import Answering, Reply, Request
from tests.servers.cloud import Cloud

from wharfinger_libcloud import PartialFailureError, aio
from wharfinger_libcloud import account as account_module

WHO = contextvars.ContextVar("who", default="nobody")


async def parts(account: Any) -> dict[str, Any]:
    return {"size": (await account.list_sizes())[0], "image": (await account.list_images())[0]}


async def test_many_calls_run_at_once(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack, workers=20) as account:
        what = await parts(account)
        cloud.oracle.latency = 0.1
        begun = time.monotonic()
        nodes = await asyncio.gather(*(account.create_node(f"web-{n}", **what) for n in range(20)))
        took = time.monotonic() - begun
    assert {node.name for node in nodes} == {f"web-{n}" for n in range(20)}
    assert sorted(node.id for node in nodes) == cloud.oracle.everything()
    assert took < 20 * 0.2 / 2  # each is a POST and a GET; one after the other takes 4 s


async def test_no_more_than_the_workers_run_at_once(cloud: Cloud) -> None:
    running, most = 0, 0

    def work(driver: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.02)
        running -= 1

    async with aio.driver("ec2", **cloud.ec2, workers=3) as account:
        await asyncio.gather(*(account.run(work) for _ in range(12)))
    assert most <= 3


async def test_what_calls_return_has_drivers_of_its_own(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack) as account:
        what = await parts(account)
        nodes = [await account.create_node(f"web-{n}", **what) for n in range(3)]
    assert len({id(node.driver) for node in nodes}) == 3


async def test_functions_that_work_at_once_have_drivers_of_their_own(cloud: Cloud) -> None:
    def work(driver: Any) -> Any:
        time.sleep(0.05)
        return driver

    async with aio.driver("ec2", **cloud.ec2) as account:
        drivers = await asyncio.gather(*(account.run(work) for _ in range(5)))
    assert len({id(driver) for driver in drivers}) == 5


async def test_a_lent_driver_is_lent_again_with_its_connection(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack, workers=1) as account:
        first = await account.run(lambda driver: driver)
        assert await account.run(lambda driver: driver) is first


@pytest.mark.parametrize("after", ["an error", "a pause"])
async def test_a_lent_driver_is_not_lent_again_after(cloud: Cloud, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(driver: Any) -> None:
        raise LookupError

    async with aio.driver("openstack", **cloud.openstack, workers=1) as account:
        first = await account.run(lambda driver: driver)
        if after == "an error":
            with pytest.raises(LookupError):
                await account.run(fail)
        else:
            monkeypatch.setattr(account_module, "IDLE", 0.0)
        assert await account.run(lambda driver: driver) is not first


async def test_context_variables_reach_the_thread(cloud: Cloud) -> None:
    WHO.set("somebody")
    async with aio.driver("ec2", **cloud.ec2) as account:
        assert await account.run(lambda driver: WHO.get()) == "somebody"


async def test_openstack_logs_in_once_and_not_for_each_call(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack) as account:
        for _ in range(4):
            await account.list_nodes()
    assert cloud.oracle.count("POST /tokens") == 1


async def test_a_half_way_failure_is_raised_with_what_exists(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack) as account:
        what = await parts(account)
        cloud.oracle.fail("GET /servers/ID", "503")
        with pytest.raises(PartialFailureError) as caught:
            await account.create_node("web-1", **what)
        assert [one.id for one in caught.value.created] == cloud.oracle.everything()
        assert await asyncio.to_thread(caught.value.rollback) == []
    assert cloud.oracle.everything() == []


async def test_a_cancelled_call_waits_for_its_change_and_says_what_it_made(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack) as account:
        what = await parts(account)
        cloud.oracle.latency = 0.3
        call = asyncio.create_task(account.create_node("web-1", **what))
        while not cloud.oracle.count("POST /servers"):  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await call
        [left] = account.leftovers
        assert caught.value.__cause__ is left
        assert [one.id for one in left.created] == cloud.oracle.everything()


async def test_a_call_cancelled_while_it_reads_sends_no_change(cloud: Cloud) -> None:
    def work(driver: Any) -> Any:
        what = {"size": driver.list_sizes()[0], "image": driver.list_images()[0]}
        return driver.create_node("web-1", **what)

    async with aio.driver("openstack", **cloud.openstack) as account:
        cloud.oracle.latency = 0.2
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await account.run(work)
        assert account.leftovers == []
    assert cloud.oracle.everything() == []
    assert cloud.oracle.count("POST /servers") == 0


async def test_what_a_call_returns_still_works_as_ever(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack) as account:
        node: Node = await account.create_node("web-1", **await parts(account))
    assert node.destroy()
    assert cloud.oracle.everything() == []


async def test_plain_attributes_are_plain(cloud: Cloud) -> None:
    async with aio.driver("ec2", **cloud.ec2) as account:
        assert account.region_name == "us-east-1"
        with pytest.raises(AttributeError):
            _ = account.make_coffee


async def test_wrong_credentials_are_libclouds_own_error(cloud: Cloud) -> None:
    wrong = {**cloud.openstack, "secret": "wrong-horse"}
    async with aio.driver("openstack", **wrong) as account:
        with pytest.raises(InvalidCredsError) as caught:
            await account.list_nodes()
    assert "wrong-horse" not in str(caught.value)


async def test_misuse_is_told(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        aio.driver("ec2", **cloud.ec2, workers=0)
    account = aio.driver("ec2", **cloud.ec2)
    with pytest.raises(RuntimeError, match="async with"):
        _ = account.list_nodes
    async with account:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await account.list_nodes()


async def test_a_function_that_finds_nothing_is_an_error_and_no_hang(cloud: Cloud) -> None:
    async with aio.driver("ec2", **cloud.ec2) as account:
        with pytest.raises(RuntimeError, match="StopIteration"):
            async with asyncio.timeout(30):
                await account.run(lambda driver: next(iter(())))


async def test_a_stream_is_read_a_piece_at_a_time() -> None:
    whole, piece, most = 40 * 1024 * 1024, b"x" * 1024 * 1024, 0

    class Large(StorageDriver):
        """A store with one large object."""

        def __init__(self) -> None:
            """It needs no credentials."""

        def download_object_as_stream(self, obj: Any, chunk_size: int | None = None) -> Iterator[bytes]:
            for _ in range(whole // len(piece)):
                yield bytes(piece)

    async with aio.driver(Large) as store:
        tracemalloc.start()
        read = 0
        async for chunk in store.download_object_as_stream(None):
            read += len(chunk)
            most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert read == whole
    assert most < whole / 4


async def test_what_a_driver_asks_for_when_it_is_made_is_asked_once() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(200, "{}")

    class Asking(NodeDriver):
        """A driver that asks for its zones when it is made, and logs in with its first call."""

        connectionCls = ConnectionUserAndKey  # noqa: N815 - libcloud's name
        name = "asking"

        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__(*values, **named)
            self.token = ""
            self.connection.request("/zones")

        def list_nodes(self) -> list[Node]:
            if not self.token:
                self.token = str(self.connection.request("/login").status)
            self.connection.request("/nodes")
            return []

    with Answering(answer) as server:
        async with aio.driver(Asking, "u", "k", secure=False, host="127.0.0.1", port=server.port) as account:
            for _ in range(3):
                await account.list_nodes()
    assert asked == ["/zones", "/login", "/nodes", "/nodes", "/nodes"]


@pytest.mark.processes
def test_a_type_checker_knows_the_base_apis(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from wharfinger_libcloud import aio\n"
        "async def work() -> None:\n"
        '    async with aio.driver("ec2", "k", "s") as cloud:\n'
        "        size, image = (await cloud.list_sizes())[0], (await cloud.list_images())[0]\n"
        '        reveal_type(await cloud.create_node("a", size, image))\n'
        '        await cloud.create_node(nmae="a")\n'
        '    async with aio.driver("s3", "k", "s", kind="storage") as store:\n'
        '        async for piece in store.download_object_as_stream(await store.get_object("c", "k")):\n'
        "            reveal_type(piece)\n"
    )
    said = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert 'Revealed type is "libcloud.compute.base.Node"' in said
    assert 'Missing positional arguments "name", "size", "image"' in said
    assert 'Revealed type is "bytes"' in said or 'Revealed type is "builtins.bytes"' in said
