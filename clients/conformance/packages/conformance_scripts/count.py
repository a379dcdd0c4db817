"""Count, a log line for each step."""

import asyncio

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {"steps": {"type": "integer", "minimum": 0}, "pause": {"type": "number", "minimum": 0}},
    "required": ["steps"],
    "additionalProperties": False,
}


async def main(task):
    """Log `step 0`, `step 1` and so on, with a pause of so many seconds after each."""
    for number in range(task.params["steps"]):
        task.notify(f"step {number}")
        if number % 100 == 0 or task.params.get("pause"):
            await asyncio.sleep(task.params.get("pause", 0))
    return {"steps": task.params["steps"]}
