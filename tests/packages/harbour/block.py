"""Block the event loop that it shares with its neighbours."""

import time

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    time.sleep(task.params.get("seconds", 2))  # noqa: ASYNC251 - that is what it is for
