"""Goal 8: compute.deploy of many nodes, against a bare thread pool of the same width and libcloud's own loop."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvloop
from libcloud.compute.providers import get_driver

from bench.asking import CREATE, WAIT, task_request
from bench.figure import Figure, expect, figure
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels
from wharfinger.v1 import task_pb2, task_service_pb2

NODES, SHORT_NODES = 200, 20
WIDTH = 64
LATENCY = 0.075
AGAINST_POOL, AGAINST_LOOP = 1.3, 20.0
_PROFILE = """[profiles.cloud]
provider = "ec2"
key = "AKIA"
secret = "s3cr3t"
host = "127.0.0.1"
port = {port}
secure = false
"""


def measure(session: Session) -> list[Figure]:
    """Return seconds from asking for the deployment until it has succeeded, and until the same nodes are made bare.

    All three look up size and image first, and mark each node with a token of its own. `compute.deploy` also checks
    names and quota, keeps its ledger, and waits until the nodes run.
    """
    nodes = SHORT_NODES if session.short else NODES
    cloud = session.process_with_input("bench.cloud", str(LATENCY))
    assert cloud.stdin is not None
    assert cloud.stdout is not None
    port = int(cloud.stdout.readline())
    server = session.server("server", _PROFILE.format(port=port))

    def check() -> None:
        assert cloud.stdin is not None
        assert cloud.stdout is not None
        cloud.stdin.write("\n")
        cloud.stdin.flush()
        expect("nodes, their names, their tokens", json.loads(cloud.stdout.readline()), [nodes] * 3)

    def deploy() -> float:
        took = uvloop.run(_deploy(server.address, nodes))
        check()
        return took

    def pool() -> float:
        took = _pool(port, nodes)
        check()
        return took

    def loop() -> float:
        took = _loop(port, nodes)
        check()
        return took

    rounds = min(session.rounds, 3)
    said = take_turns(rounds, {"deploy": deploy, "pool": pool, "loop": loop})
    what = f"compute.deploy, {nodes} nodes"
    faster = [loop / deploy for loop, deploy in zip(said["loop"], said["deploy"], strict=True)]
    return [
        figure("8", what, "s", said["deploy"], f"bare pool of {WIDTH}", said["pool"], AGAINST_POOL, at_least=False),
        Figure(
            "8",
            what,
            "s",
            tuple(said["deploy"]),
            "libcloud's own loop",
            tuple(said["loop"]),
            AGAINST_LOOP,
            note="the ratio is how many times faster",
            ratios=tuple(faster),
        ),
    ]


async def _deploy(address: str, nodes: int) -> float:
    params = {
        "profile": "cloud",
        "name": "web-{n}",
        "count": nodes,
        "size": "t2.micro",
        "image": "ami-debian",
        "concurrency": WIDTH,
    }
    async with channels(address, 1) as (channel,):
        began = time.monotonic()
        task: task_pb2.Task = await ask(channel, CREATE, task_request("nodes", "compute.deploy", params), task_pb2.Task)
        while not task.HasField("end_time"):
            task = await ask(channel, WAIT, task_service_pb2.WaitTaskRequest(name=task.name), task_pb2.Task)
        took = time.monotonic() - began
    expect(f"state of the deployment ({task.failure.message})", task.state, task_pb2.TASK_STATE_SUCCEEDED)
    expect("nodes of its result", len(task.result["nodes"]), nodes)
    return took


def _driver(port: int) -> Any:
    return get_driver("ec2")("AKIA", "s3cr3t", host="127.0.0.1", port=port, secure=False)


def _chosen(driver: Any) -> dict[str, Any]:
    [image] = driver.list_images(ex_image_ids=["ami-debian"])
    return {"size": next(size for size in driver.list_sizes() if size.id == "t2.micro"), "image": image}


def _make(driver: Any, what: dict[str, Any], number: int) -> None:
    driver.create_node(name=f"web-{number}", **what, ex_clienttoken=f"token-{number}")


def _pool(port: int, nodes: int) -> float:
    """Make the nodes with a driver for each of WIDTH threads, since drivers are not thread safe."""
    own = threading.local()

    def make(number: int) -> None:
        if not hasattr(own, "driver"):
            own.driver = _driver(port)
        _make(own.driver, what, number)

    began = time.monotonic()
    what = _chosen(_driver(port))
    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(make, range(nodes)))
    return time.monotonic() - began


def _loop(port: int, nodes: int) -> float:
    began = time.monotonic()
    driver = _driver(port)
    what = _chosen(driver)
    for number in range(nodes):
        _make(driver, what, number)
    return time.monotonic() - began
