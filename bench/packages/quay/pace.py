"""Tell one event now and then, each written before the script goes on, and when that was."""

import asyncio
import time
from pathlib import Path

from wharfinger.script import AsyncTask

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {"gate": {"type": "string"}, "events": {"type": "integer"}, "pause": {"type": "number"}},
    "required": ["gate", "events", "pause"],
}


async def main(task: AsyncTask) -> dict[str, list[float]]:
    """Adopt `events` things, `pause` seconds between them; the result tells when each was known to be durable."""
    gate = Path(task.params["gate"])
    while not gate.exists():
        await asyncio.sleep(0.002)
    durable = []
    for i in range(task.params["events"]):
        await asyncio.sleep(task.params["pause"])
        await task.adopt("quay.thing", f"thing/{i}", f"id-{i}")
        durable.append(time.monotonic())
    return {"durable": durable}
