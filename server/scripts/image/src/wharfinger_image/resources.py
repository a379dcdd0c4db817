"""The resource types of the image scripts: uploads and the objects they become; how each is found and undone."""

from __future__ import annotations

from pathlib import Path

from wharfinger.script import AsyncTask, Failed, Resource, ResourceType, Store
from wharfinger_image.folder import folder_store
from wharfinger_image.place import Look, Place
from wharfinger_image.places import place

STAGING = "image.staging"
OBJECT = "image.object"
FILE = "image.file"
UPLOAD = "image.upload"
DELIVERY = "image.delivery"
"""What is on its way to a presigned URL, and what was handed over there."""

RESOURCE_TYPES = {
    # A place to upload to, not bytes: it is known beforehand, and writing to it again does no harm.
    STAGING: ResourceType(idempotent=True, send_window=5, call_timeout=30, settling=0, temporary=True),
    UPLOAD: ResourceType(idempotent=True, send_window=5, call_timeout=60, settling=0),
    # The provider copies up to 5 GiB before it answers.
    OBJECT: ResourceType(idempotent=True, send_window=5, call_timeout=300, settling=5),
    FILE: ResourceType(idempotent=True, send_window=5, call_timeout=10, settling=0),
}


def store_of(task: AsyncTask, name: str) -> Store:
    """Return the store `name`, or for a whole path the folder. Raises Failed as `task.store`."""
    return folder_store(Path(name)) if name.startswith("/") else task.store(name)


def type_of(where: Place) -> str:
    """Return the resource type of an object at `where`."""
    return FILE if where.store.url_scheme in ("file", "memory") else OBJECT


def _place_of(task: AsyncTask, resource: Resource) -> Place:
    about = resource.undo_data
    return place(store_of(task, about["store"]), about["name"], about["mark"], about.get("inherited", ""))


async def find(task: AsyncTask, resource: Resource) -> list[str]:
    """Return the id of what `resource` is about if it is there and ours. Raises Failed where that can't be told.

    What is staged is asked for only where no upload was begun, because its entry comes first; what there is of it all
    the same, uploads that no listing shows among them, is taken away, and so it is not there.
    """
    if resource.type == UPLOAD:
        return [resource.attributes["url"]]
    where = _place_of(task, resource)
    if resource.type == STAGING:
        await where.discard()
        return []
    found = await where.look()
    if found is Look.UNKNOWN:
        why = f"{where.id} exists, and nothing tells whether this task made it; look at it, then resolve"
        raise Failed(why, reason="RESOURCE_UNCERTAIN", metadata={"key": resource.key})
    return [where.id] if found is Look.OURS else []


async def exists(task: AsyncTask, resource: Resource) -> bool:
    """Return whether what `resource` is about is there and ours. Raises Failed where that can't be told."""
    if resource.type == UPLOAD:
        why = f"the presigned URL of {resource.external_id} allows only to write: nobody can look there"
        raise Failed(why, reason="NOT_SUPPORTED", metadata={"feature": "exists"})
    if resource.type == STAGING:
        return True  # a place to upload to, of which parts may be left that no look by name shows
    return bool(await find(task, resource))


async def undo(task: AsyncTask, resource: Resource) -> None:
    """Delete what `resource` is about; what is gone already, or was replaced by somebody, needs nothing.

    Raises Failed (NOT_SUPPORTED) for an upload to a presigned URL, which opens nothing but writing.
    """
    if resource.type == UPLOAD:
        what = f"{resource.external_id} may hold the image, and its presigned URL allows only to write"
        raise Failed(
            f"{what}; ask the owner of the place to look and delete, then resolve {resource.key}",
            reason="NOT_SUPPORTED",
            metadata={"feature": "undo"},
        )
    where = _place_of(task, resource)
    if resource.type == STAGING:
        await where.discard()
    else:
        await where.delete()
