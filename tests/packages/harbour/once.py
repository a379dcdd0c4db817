"""Run once only: an attempt that is lost is not repeated."""

import asyncio

PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    await asyncio.sleep(task.params.get("seconds", 0.01))
