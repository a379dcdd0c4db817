"""Fork a child that outlives the server, and make things beside it."""

import os
import signal
import time

from storm.build import PARAMS_SCHEMA, RESOURCE_TYPES, RESUMABLE, exists, find, undo, work  # noqa: F401 - the contract

LIFE = 15
"""Seconds that the child lives: long enough to be there when the next server starts."""


async def main(task):
    child = os.fork()
    if not child:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(LIFE)  # noqa: ASYNC251 - the child has no loop
        finally:
            os._exit(0)
    await work(task)
    return {"made": len(task.params["keys"])}
