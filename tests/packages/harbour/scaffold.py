"""Put up a scaffold, which is temporary, and a wall; then work until asked to stop, and clean nothing up."""

import asyncio
from pathlib import Path

from wharfinger.script import ResourceType

RESUMABLE = True
RESOURCE_TYPES = {
    "yard.scaffold": ResourceType(send_window=5, call_timeout=2, settling=0, temporary=True),
    "yard.wall": ResourceType(send_window=5, call_timeout=2, settling=0),
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
    return [resource.key] if there(resource, resource.key) else []


async def undo(task, resource):
    if there(resource, "locked"):
        raise OSError("the scaffold is locked")
    take_down(resource)


def there(resource, name):
    return Path(resource.undo_data, name).exists()


def take_down(resource):
    Path(resource.undo_data, resource.key).unlink(missing_ok=True)
