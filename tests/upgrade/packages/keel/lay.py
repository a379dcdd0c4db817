"""Make parts in a yard of files, and stop where the params say so, until a file with the name of a gate is there.

All paths are relative to the server's working directory, so that a database can be moved with its yard.
"""

import asyncio
import hashlib
import os
import uuid
from pathlib import Path

from wharfinger.script import Failed, Refused, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"keel.part": ResourceType(send_window=2.0, call_timeout=2.0, settling=0.1)}
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "keys": {"type": "array", "items": {"type": "string"}},
        "after": {"type": "object"},
        "adopt": {"type": "array", "items": {"type": "string"}},
        "refuse": {"type": "array", "items": {"type": "string"}},
        "lose": {"type": "array", "items": {"type": "string"}},
        "hang": {"type": "array", "items": {"type": "string"}},
        "stuck": {"type": "boolean"},
        "undo_hangs": {"type": "boolean"},
        "gate": {"type": "string"},
        "deaf": {"type": "boolean"},
        "fail": {"enum": ["for good", "for now"]},
        "word": {"type": "string", "writeOnly": True},
        "text": {"type": "string"},
        "skus": {"type": "object"},
    },
    "additionalProperties": False,
}

YARD = Path("yard")
HOME = str(Path(__file__).resolve().parents[2])


async def main(task):
    params = task.params
    keys = params.get("keys", [])
    await task.plan(keys)
    task.notify(f"{len(keys)} parts are to be made")
    number = await task.once("number", lambda: 7)
    with task.step("lay", total=len(keys) or 1, unit="parts") as step:
        for key in params.get("adopt", []):
            await task.adopt("keel.part", key, f"old-{key}", attributes={"name": key})
        made = {}
        for key in keys:
            made[key] = await create(task, key)
            step.advance(1)
        await opened(params.get("gate"), deaf=params.get("deaf", False))
    if params.get("fail") == "for good":
        raise Failed("the slip is too short", reason="SLIP_TOO_SHORT", metadata={"slip": "3"})
    if params.get("fail") == "for now" and task.attempt == 1:
        raise Failed("the tide is out", reason="TIDE_OUT", retryable=True)
    word = params.get("word", "")
    return {"made": made, "number": number, "word": hashlib.sha256(word.encode()).hexdigest() if word else ""}


async def create(task, key):
    async def call(intent):
        if key in task.params.get("refuse", []) and not there("room"):
            raise Refused(f"there is no room for {key}", reason="QUOTA_EXCEEDED")
        if key in task.params.get("hang", []):
            await opened("answers")
        made = put(intent.token, key)
        if key in task.params.get("lose", []):
            raise ConnectionResetError("the answer was lost")
        return made

    about = {"attributes": {"name": key}, "region": "north", "undo_data": {"crane": 3}}
    return await task.create("keel.part", key, call, after=task.params.get("after", {}).get(key, []), **about)


def there(name):
    return Path(name).exists()


async def opened(gate, deaf=False):
    """Wait for the file `gate`; whoever is deaf does not hear that it is asked to stop."""
    while gate and not there(gate):
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            if not deaf:
                raise


def put(token, key):
    """Make a thing in the yard under a token, and note the call."""
    YARD.mkdir(exist_ok=True)
    made = f"{key}-{uuid.uuid4().hex[:8]}"
    (YARD / token).write_text(made)
    note(f"make {key} {token}")
    return made


def note(line):
    with (YARD / "calls").open("a") as calls:
        calls.write(f"{line}\n")
        calls.flush()
        os.fsync(calls.fileno())


async def find(task, resource):
    if task.params.get("stuck") and not there("clear"):
        raise ConnectionError("the yard's list can't be read")
    place = YARD / resource.token
    return [place.read_text()] if place.exists() else []


async def undo(task, resource):
    task.hide(HOME)  # what is told of errors names no folder of the machine that the database was made on
    if task.params.get("stuck") and not there("clear"):
        raise Refused("the crane does not answer", reason="STUCK")
    if task.params.get("undo_hangs"):
        await opened("answers")
    if resource.undo_data != {"crane": 3}:
        raise Refused(f"nothing is known of how {resource.key} was made, but {resource.undo_data}", reason="LOST")
    note(f"take {resource.key} {resource.token}")
    (YARD / resource.token).unlink(missing_ok=True)


def estimate(params, prices):
    return [prices.item(key, provider="onprem", sku=sku) for key, sku in params.get("skus", {}).items()]
