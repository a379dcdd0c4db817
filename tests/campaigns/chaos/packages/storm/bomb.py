"""End the server's process, in the way that is asked for, as often as this runs."""

import asyncio
import os
import signal

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    await asyncio.sleep(0)
    if task.params["how"] == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGSEGV)
    await asyncio.sleep(60)
