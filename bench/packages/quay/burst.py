"""Tell many events, at once or at a steady rate, when a file appears."""

import asyncio
import time
from pathlib import Path

from wharfinger.script import AsyncTask

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "gate": {"type": "string"},
        "events": {"type": "integer"},
        "rate": {"type": "number"},
        "text": {"type": "string"},
    },
    "required": ["gate", "events", "text"],
}


async def main(task: AsyncTask) -> None:
    """Tell `events` lines of `text` once the file `gate` is there; `rate` of them a second, or all at once."""
    gate, rate = Path(task.params["gate"]), task.params.get("rate", 0)
    while not gate.exists():
        await asyncio.sleep(0.002)
    began, told, events = time.monotonic(), 0, task.params["events"]
    while told < events:
        due = min(events, int((time.monotonic() - began) * rate) + 1) if rate else events
        for _ in range(due - told):
            task.notify(task.params["text"])
        told = due
        if rate:
            await asyncio.sleep(0.001)
