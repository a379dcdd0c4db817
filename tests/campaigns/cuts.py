"""Cut a watcher's connection again and again during one task, and look for events that come twice, late or never."""

from __future__ import annotations

import asyncio
import random

from tests.servers.cutting_proxy import CuttingProxy

from wharfinger import aio
from wharfinger.events import ProgressUpdate, Snapshot


async def watch_through_cuts(server: str, *, cuts: int, seed: int) -> tuple[list[int], int, int]:
    """Watch a task of `server` through a proxy that cuts the connection `cuts` times.

    Returns the sequences seen, in the order of their coming, how many cuts were made, and the task's last sequence.
    """
    dice = random.Random(seed)
    done = 0
    with CuttingProxy(server) as proxy:
        async with aio.Client(server) as direct, aio.Client(proxy.address) as cut:
            handle = await direct.submit("harbour.count", {"steps": 100_000, "pause": 0.005})

            async def cutting() -> None:
                nonlocal done
                while done < cuts:
                    await asyncio.sleep(dice.uniform(0.01, 0.1))
                    done += 1 if proxy.cut() else 0
                await handle.cancel("it was cut often enough")

            knife = asyncio.create_task(cutting())
            seen = [
                news.sequence
                async for news in cut.watch(handle.name)
                if not isinstance(news, Snapshot | ProgressUpdate)
            ]
            await knife
            ended = await handle.refresh()
    return seen, done, ended.last_sequence
