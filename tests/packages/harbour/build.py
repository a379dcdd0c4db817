"""Make things in a yard of files, one after the other."""

import asyncio
import os

from harbour.yard import Yard
from wharfinger.script import Refused, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"yard.thing": ResourceType(idempotent=True, send_window=2.0, call_timeout=3.0, settling=0.2)}
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "yard": {"type": "string"},
        "keys": {"type": "array", "items": {"type": "string"}},
        "pause": {"type": "number"},
        "refuse": {"type": "array", "items": {"type": "string"}},
        "lose": {"type": "array", "items": {"type": "string"}},
        "after": {"type": "object"},
    },
    "required": ["yard", "keys"],
    "additionalProperties": False,
}


async def main(task):
    yard = Yard(task.params["yard"])
    lock = yard.alone(task.name.rpartition("/")[2])
    await task.plan([f"thing/{key}" for key in task.params["keys"]])
    try:
        return {"things": [await make(task, yard, key) for key in task.params["keys"]]}
    finally:
        if lock is not None:
            os.close(lock)


async def make(task, yard, key):
    pause = task.params.get("pause", 0)

    async def call(intent):
        await asyncio.sleep(min(pause, 0.2))
        if key in task.params.get("refuse", ()) and not (yard.folder / "room").exists():
            raise Refused(f"the yard has no room for {key}", reason="QUOTA_EXCEEDED")
        made = yard.make(intent.token, key)
        if key in task.params.get("lose", ()):
            raise ConnectionResetError("the answer was lost")
        await asyncio.sleep(min(pause, 0.2))
        return made

    await asyncio.sleep(pause)
    after = [f"thing/{parent}" for parent in task.params.get("after", {}).get(key, ())]
    return await task.create("yard.thing", f"thing/{key}", call, attributes={"name": key}, after=after)


async def find(task, resource):
    return Yard(task.params["yard"]).find(resource.token)


async def undo(task, resource):
    yard = Yard(task.params["yard"])
    if (yard.folder / "stuck").exists():
        raise Refused("the crane does not answer", reason="STUCK")
    await asyncio.sleep(task.params.get("pause", 0))
    yard.take_away(resource.token, resource.external_id)
