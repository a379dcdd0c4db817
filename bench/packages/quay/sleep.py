"""Sleep until somebody cancels."""

import asyncio

from wharfinger.script import AsyncTask

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task: AsyncTask) -> None:
    """Sleep for an hour, which no benchmark lasts."""
    await asyncio.sleep(3600)
