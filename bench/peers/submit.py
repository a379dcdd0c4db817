"""The producer that all have in common: `python -m bench.peers.submit PEER ADDRESS FILE TASKS PAUSE AT_ONCE`.

`AT_ONCE` callers submit task after task, `PAUSE` seconds between them, each with the time when it is asked for; when it
begins it appends both times to FILE. A peer whose calls block has a thread a caller, eight at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

MOST_THREADS = 8


async def main() -> None:
    """Submit the tasks."""
    peer, address, file, tasks, pause, at_once = sys.argv[1:]
    os.environ["BENCH_ADDRESS"] = address
    module = import_module(f"bench.peers.{peer}_peer")
    left = int(tasks) // getattr(module, "PER_CALL", 1)
    callers = int(at_once)
    async with module.connected() as submit:
        if getattr(module, "BLOCKING", False):
            _block(submit, file, left, float(pause), min(callers, MOST_THREADS))
            return

        async def call() -> None:
            """Submit while any are left."""
            nonlocal left
            while left > 0:
                left -= 1
                await asyncio.sleep(float(pause))
                await submit(time.time(), file)

        await asyncio.gather(*(call() for _ in range(callers)))


def _block(submit: Callable[[float, str], object], file: str, tasks: int, pause: float, threads: int) -> None:
    """Submit by threads."""
    numbers = list(range(tasks))

    def call() -> None:
        """Submit while any are left."""
        with contextlib.suppress(IndexError):
            while True:
                numbers.pop()
                time.sleep(pause)
                submit(time.time(), file)

    with ThreadPoolExecutor(threads) as pool:
        for ended in [pool.submit(call) for _ in range(threads)]:
            ended.result()


if __name__ == "__main__":
    asyncio.run(main())
