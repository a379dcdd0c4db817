"""Who hangs up while it is written to is no fault of the server: nothing in its log calls for anybody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import grpc
import pytest
from tests.rpc.wire import create_request
from tests.servers.cutting_proxy import CuttingProxy
from tests.servers.serving import Serving

from wharfinger.v1 import task_service_pb2, task_service_pb2_grpc

pytestmark = pytest.mark.processes

WATCHERS, SECONDS, TASKS = 60, 2.0, 200


async def _cut_again_and_again(address: str, proxy: CuttingProxy) -> int:
    """Watch a project in which much happens, over connections that are cut; return how many watches were."""
    cut = 0
    until = asyncio.get_running_loop().time() + SECONDS

    async def watch() -> None:
        nonlocal cut
        while asyncio.get_running_loop().time() < until:
            async with grpc.aio.insecure_channel(proxy.address, options=[("grpc.use_local_subchannel_pool", 1)]) as own:
                request = task_service_pb2.WatchTasksRequest(parent="projects/burst")
                try:
                    async for _ in task_service_pb2_grpc.TaskServiceStub(own).WatchTasks(request):
                        pass
                except grpc.aio.AioRpcError:
                    cut += 1

    async def burst() -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            tasks = task_service_pb2_grpc.TaskServiceStub(channel)
            while True:
                batch = task_service_pb2.BatchCreateTasksRequest(parent="projects/burst")
                batch.requests.extend(create_request("burst", "harbour.noop") for _ in range(TASKS))
                await tasks.BatchCreateTasks(batch, timeout=60)

    async def cutting() -> None:
        while True:
            await asyncio.sleep(0.2)
            proxy.cut()

    others = [asyncio.ensure_future(burst()), asyncio.ensure_future(cutting())]
    try:
        await asyncio.gather(*(watch() for _ in range(WATCHERS)))
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return cut


def test_watchers_that_hang_up_in_a_burst_are_no_errors(tmp_path: Path) -> None:
    serving = Serving(tmp_path)
    with CuttingProxy(serving.address) as proxy:
        assert asyncio.run(_cut_again_and_again(serving.address, proxy)) > WATCHERS
    assert serving.stop() == 0
    lines = [json.loads(line) for line in serving.log().splitlines() if line.startswith("{")]
    assert [line for line in lines if line["level"] == "error"] == []
    assert "Traceback" not in serving.log()
