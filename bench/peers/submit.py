"""The producer that all have in common: `python -m bench.peers.submit PEER ADDRESS FILE TASKS PAUSE`.

One task after the other, `PAUSE` seconds between them, each with the time when it is asked for; when it begins it
appends both times to FILE.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from importlib import import_module


async def main() -> None:
    """Submit the tasks."""
    peer, address, file, tasks, pause = sys.argv[1:]
    os.environ["BENCH_ADDRESS"] = address
    module = import_module(f"bench.peers.{peer}_peer")
    async with module.connected() as submit:
        for _ in range(int(tasks)):
            await asyncio.sleep(float(pause))
            await submit(time.time(), file)


if __name__ == "__main__":
    asyncio.run(main())
