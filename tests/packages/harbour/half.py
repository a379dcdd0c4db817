"""Make one thing, lose the answer about the second and every list of it, and so never come to the third."""

import asyncio

from wharfinger.script import ResourceType

RESOURCE_TYPES = {"yard.crate": ResourceType(send_window=1.0, call_timeout=0.5, settling=0.0)}
PARAMS_SCHEMA = {"type": "object", "properties": {"pause": {"type": "number"}}, "additionalProperties": False}
KEYS = ("crate/one", "crate/two", "crate/three")


async def main(task):
    await task.plan(KEYS)
    for number in range(5):
        task.notify(f"crane {number} is ready")
        await asyncio.sleep(task.params.get("pause", 0))
    with task.step("unload"):
        for key in KEYS:
            await task.create("yard.crate", key, make)


async def make(intent):
    if intent.key == "crate/two":
        raise ConnectionResetError("the crane does not answer")
    return f"berth-{intent.key.removeprefix('crate/')}"


async def find(task, resource):
    raise ConnectionResetError("the yard's list can't be read")
