"""Export a disk image from an object store to another store, a folder of the server or a presigned URL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wharfinger.script import AsyncTask, Failed, Item, Prices, Store
from wharfinger_image import estimating, params, settings, traits
from wharfinger_image.folder import folder_store
from wharfinger_image.handing import Handing, result
from wharfinger_image.keys import folder_name, object_key, upload_key
from wharfinger_image.params import RESULT_SCHEMA
from wharfinger_image.place import mark_of
from wharfinger_image.places import ask, place
from wharfinger_image.placing import Placing, seed
from wharfinger_image.resources import RESOURCE_TYPES, exists, find, undo
from wharfinger_image.stored import Stored, tell_changed
from wharfinger_image.target import Target, shown

__all__ = [
    "PARAMS_SCHEMA",
    "RESOURCE_TYPES",
    "RESULT_SCHEMA",
    "RESUMABLE",
    "estimate",
    "exists",
    "find",
    "main",
    "undo",
]

RESUMABLE = True

PARAMS_SCHEMA = params.schema(
    "Which image to export, and where to.",
    ["store", "name"],
    {
        "store": params.store("Name of the object store that has the image."),
        "name": params.name("Name of the object, and of what is made of it"),
        "to": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1000,
            "pattern": r"^[^\x00-\x1f\x7f]+$",
            "description": "Name of the object store to export to, or the whole path of a folder of the server that is"
            " in, or below, one of `export_folders` in the server's [image] settings.",
        },
        "url": {
            "type": "string",
            "minLength": 1,
            "maxLength": 8000,
            "pattern": "^https?://",
            "writeOnly": True,
            "description": "Instead of `to`: a presigned URL to PUT the image to, on a public address.",
        },
        "if_exists": params.IF_EXISTS,
        "glance": traits.SCHEMA,
        "headers": {
            **params.HEADERS,
            "description": "What the URL was signed with, or its store asks for, such as x-ms-blob-type.",
        },
        "size": params.SIZE,
    },
    oneOf=[
        {"required": ["to"], "not": {"required": ["headers"]}},
        {"required": ["url"], "not": {"required": ["if_exists"]}},
    ],
)


async def main(task: AsyncTask) -> dict[str, Any]:
    """Export the image. Returns its name, size, SHA-256 and the object made; the bytes are checked if that is known."""
    asked = task.params
    options = settings.read(task.settings)
    original = Stored(place(task.store(asked["store"]), asked["name"]))
    if "url" in asked:
        ask(asked, [])
        return await _hand_over(task, original, options)
    to, name = _wanted(asked)
    store = _target(task, to, options)
    target = place(store, name, mark_of(await seed(task), to))
    ask(asked, [target])
    await task.plan([object_key(to, name)])
    promise = await original.promise(asked.get("size"))
    placing = Placing(
        task,
        [target],
        original,
        promise=promise,
        limit=options.max_size,
        verb="export",
        if_exists=asked.get("if_exists", "refuse"),
    )
    made = await placing.run()
    tell_changed(task, original.shown, original.changed, made["sha256"])
    return made


def estimate(asked: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what keeping the image costs where it goes; behind a URL nobody knows what that is.

    Raises what `prices` raises for a store there is none of.
    """
    if "url" in asked:
        return [prices.unknown(upload_key(shown(asked["url"])))]
    return estimating.objects(prices, [_wanted(asked)], asked.get("size"))


def _wanted(asked: Mapping[str, Any]) -> tuple[str, str]:
    """Return the store or folder to export to, as keys call it, and the name there."""
    to = asked["to"]
    return folder_name(to) if to.startswith("/") else to, asked["name"]


async def _hand_over(task: AsyncTask, original: Stored, options: settings.Settings) -> dict[str, Any]:
    target = Target(task.params["url"], task.params.get("headers", {}), options)
    await task.plan([upload_key(target.shown)])
    handing = Handing(
        task,
        original,
        target,
        promise=await original.promise(task.params.get("size")),
        limit=options.max_size,
        retries=options.retries,
    )
    content = await handing.run()
    tell_changed(task, original.shown, original.changed, content.sha256)
    return result(task.params["name"], target, content)


def _target(task: AsyncTask, to: str, options: settings.Settings) -> Store:
    if not to.startswith("/"):
        return task.store(to)
    folder = Path(task.params["to"]).resolve()
    if not any(folder.is_relative_to(allowed.resolve()) for allowed in options.export_folders):
        raise Failed(
            f"images may not be exported to {to}: it is not in or below a folder that [image] export_folders allows",
            reason="PERMISSION_DENIED",
            metadata={"permission": "image.export_folders"},
        )
    return folder_store(folder, to)
