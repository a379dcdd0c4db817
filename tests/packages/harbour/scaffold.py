"""Put up a scaffold, which is temporary, and a wall; then work until asked to stop, and clean nothing up."""

import asyncio
from pathlib import Path

from wharfinger.script import ResourceType

RESUMABLE = True
RESOURCE_TYPES = {
    "yard.scaffold": ResourceType(send_window=1, call_timeout=1, settling=0, temporary=True),
    "yard.wall": ResourceType(send_window=1, call_timeout=1, settling=0),
}


async def main(task):
    folder = Path(task.params["folder"])
    for kind in ("scaffold", "wall"):
        await task.create(f"yard.{kind}", kind, lambda intent: make(folder, intent.key), undo_data=str(folder))
    (folder / "begun").touch()
    await asyncio.Event().wait()


async def make(folder, key):
    (folder / key).touch()
    return key


async def find(task, resource):
    return [resource.key] if Path(resource.undo_data, resource.key).exists() else []


async def undo(task, resource):
    if Path(resource.undo_data, "locked").exists():
        raise OSError("the scaffold is locked")
    Path(resource.undo_data, resource.key).unlink(missing_ok=True)
