"""Use sealed params: say only whether they are there."""

import asyncio
import hashlib

from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"vault.box": ResourceType(idempotent=True, send_window=0.5, call_timeout=0.5, settling=0.0)}
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "writeOnly": True},
        "keys": {"type": "array", "items": {"type": ["string", "null"], "writeOnly": True}},
        "fail": {"type": "boolean"},
        "gate": {"type": "string"},
    },
    "additionalProperties": False,
}


def digests(task):
    """Return what the sealed params hold, so that tests can tell, and which are missing."""
    given = [task.params.get("password"), *task.params.get("keys", ())]
    return [hashlib.sha256(one.encode()).hexdigest() if one else None for one in given]


async def main(task):
    while task.params.get("gate") and not task.cancelled and task.attempt == 1:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await task.create("vault.box", "box", lambda _: "b-1")
    if task.params.get("fail") and task.attempt == 1:
        raise Failed("it was to fail")
    return {"digests": digests(task)}


async def find(task, resource):
    return ["b-1"]


async def undo(task, resource):
    task.notify(f"undo with {digests(task)}")
