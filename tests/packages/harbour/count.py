"""Count, with progress and a log line for each step."""

import asyncio
import time

from harbour.yard import Yard

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "steps": {"type": "integer", "minimum": 0},
        "pause": {"type": "number", "minimum": 0},
        "lines": {"type": "boolean"},
        "mark": {"type": "string"},
    },
    "additionalProperties": False,
}


async def main(task):
    steps, pause = task.params.get("steps", 10), task.params.get("pause", 0.01)
    if task.params.get("mark"):
        Yard(task.params["mark"]).note(f"{task.name} {time.time()}")
    with task.step("count", total=steps, unit="steps") as step:
        for i in range(steps):
            if task.params.get("lines", True):
                task.notify(f"step {i}")
            await asyncio.sleep(pause)
            step.advance(1)
    return {"steps": steps}
