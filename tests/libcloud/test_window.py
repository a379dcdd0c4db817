"""A request ends in its time, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from libcloud.common.vultr import VultrException
from libcloud.compute.providers import get_driver
from tests.servers.cloud import Cloud

from wharfinger_libcloud import PartialFailureError, aio, keeping
from wharfinger_libcloud.window import SMALL, bounded

LIMIT = 0.5


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that answers a byte every 0.1 s for ever, from the first of its headers on; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
                            connection.sendall(bytes([byte]))
                            if over.wait(0.1):
                                return
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_an_answer_that_drips_is_uncertain_when_its_time_is_over(cloud: Cloud, openstack: Any, boot: Any) -> None:
    cloud.oracle.fail("POST /servers", "trickle")
    begun = time.monotonic()
    with pytest.raises(PartialFailureError) as caught, keeping(openstack, timeout=LIMIT):
        openstack.create_node("web-1", **boot)
    assert time.monotonic() - begun < LIMIT * 4
    [uncertain] = caught.value.uncertain
    assert uncertain.names == ("web-1",)
    assert "ReadTimeout" in uncertain.why
    assert len(cloud.oracle.alive()) == 1


def test_headers_that_drip_are_no_way_round_it(dripping: int) -> None:
    driver = get_driver("ec2")("key", "secret", host="127.0.0.1", port=dripping, secure=False)
    begun = time.monotonic()
    with pytest.raises(requests.ReadTimeout, match=r"within 0\.5 s"), keeping(driver, timeout=LIMIT):
        driver.list_nodes()
    assert time.monotonic() - begun < LIMIT * 4


async def test_a_call_that_drips_does_not_hold_its_caller(cloud: Cloud) -> None:
    async with aio.driver("openstack", **cloud.openstack, request_timeout=LIMIT) as account:
        cloud.oracle.fail("GET /servers/detail", "trickle")
        begun = time.monotonic()
        with pytest.raises(requests.ReadTimeout):
            await account.list_nodes()
    assert time.monotonic() - begun < LIMIT * 4


def test_a_connection_that_was_in_time_serves_the_next_request(cloud: Cloud, openstack: Any) -> None:
    with keeping(openstack, timeout=LIMIT):
        for _ in range(3):
            assert openstack.list_sizes()
            time.sleep(LIMIT / 2)
    assert openstack.list_sizes()


def test_large_bodies_take_the_time_they_need() -> None:
    class Session:
        """What `bounded` needs of one."""

        auth = None

        def send(self, request: Any, **options: Any) -> Any:
            time.sleep(0.3)
            return options["timeout"]

    session = Session()
    large = requests.Request("PUT", "http://127.0.0.1/", data=b"x" * (SMALL + 1)).prepare()
    small = requests.Request("PUT", "http://127.0.0.1/", data=b"x").prepare()
    with bounded(session, 0.1):
        assert session.send(large) == 0.1
        with pytest.raises(requests.ReadTimeout):
            session.send(small)


def test_a_netrc_does_not_displace_the_drivers_own_credentials(
    cloud: Cloud, openstack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(file))
    driver = get_driver("vultr")(**cloud.vultr)
    with keeping(driver):
        assert driver.list_locations()
    with pytest.raises(VultrException, match="Invalid API token"):
        driver.list_locations()  # as libcloud does by itself
