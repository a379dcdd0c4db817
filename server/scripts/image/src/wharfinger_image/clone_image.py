"""Clone a disk image from one object store to another, or to another name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from wharfinger.runtime.protocol import LeaseLost, Rejected
from wharfinger.script import AsyncTask, Failed, Item, Prices, Refused, Store
from wharfinger_image import estimating, params, settings, traits
from wharfinger_image.keys import object_key
from wharfinger_image.params import RESULT_SCHEMA
from wharfinger_image.place import Look, Place, Taken, mark_of
from wharfinger_image.places import ask, place
from wharfinger_image.placing import Placing, discard_staging, list_staging, name_it, note, seed, vanished
from wharfinger_image.promise import Promise
from wharfinger_image.refusals import Missing
from wharfinger_image.resources import RESOURCE_TYPES, exists, find, type_of, undo
from wharfinger_image.standing import Standing, name_taken, read
from wharfinger_image.stored import Stored, not_found, tell_changed
from wharfinger_image.transfer import Content, too_large
from wharfinger_image.unbroken import unbroken

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
    "Which image to clone, and what the clone is to be. Where both stores are one provider's, it copies by itself.",
    ["from_store", "name", "to_store"],
    {
        "from_store": params.store("Name of the object store that has the image."),
        "name": params.name("Name of the object"),
        "to_store": params.store("Name of the object store to put the clone into; it may be the same."),
        "to_name": params.name("Name of the clone; left out, it is that of the original"),
        "size": params.SIZE,
        "if_exists": params.IF_EXISTS,
        "glance": traits.SCHEMA,
    },
)


async def main(task: AsyncTask) -> dict[str, Any]:
    """Clone the image. Returns its name, size, SHA-256 and the object made; the bytes are checked if that is known."""
    asked = task.params
    options = settings.read(task.settings)
    original = place(task.store(asked["from_store"]), asked["name"])
    to, name = _wanted(asked)
    store = task.store(to)
    mark = mark_of(await seed(task), store.name)
    target = place(store, name, mark)
    ask(asked, [target])
    await task.plan([object_key(to, name)])
    if_exists = asked.get("if_exists", "refuse")
    if _by_provider(original, target):
        return await _copy(task, original, store, name, mark, options)
    reader = Stored(original)
    promise = await reader.promise(asked.get("size"))
    placing = Placing(
        task, [target], reader, promise=promise, limit=options.max_size, verb="clone", if_exists=if_exists
    )
    made = await placing.run()
    tell_changed(task, reader.shown, reader.changed, made["sha256"])
    return made


def estimate(asked: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what keeping the clone costs. Raises what `prices` raises for a store there is none of."""
    return estimating.objects(prices, [_wanted(asked)], asked.get("size"))


def _wanted(asked: Mapping[str, Any]) -> tuple[str, str]:
    """Return the store and the name of the clone."""
    return asked["to_store"], asked.get("to_name", asked["name"])


def _by_provider(original: Place, target: Place) -> bool:
    # What a file system "copies" for an object store is a second name of one file: whoever starts a machine from the
    # clone in place would change the original. So files are copied through here, and checked on the way.
    return original.store.url_scheme != "file" and original.store.same_provider(target.store)


async def _copy(
    task: AsyncTask, original: Place, store: Store, name: str, mark: str, options: settings.Settings
) -> dict[str, Any]:
    about: dict[str, Any] = await task.once("original", partial(_about, original))
    size, sha256 = about["size"], about["sha256"]
    Promise(size=task.params.get("size")).check_size(f"the object {original.id}", size)
    target = place(store, name, mark, about["mark"])
    limit = min(options.max_size, target.limit or options.max_size)
    if size > limit:
        raise too_large(limit, size)
    standing = Standing(Promise(sha256, size), task.params.get("if_exists", "refuse"))
    with task.step("copy", total=size, unit="bytes", message="by the provider") as step:
        look = await target.look()
        if look in (Look.TAKEN, Look.UNKNOWN):
            await standing.judge(target)
        if standing.compares(target):
            await standing.compare(target, await _content(original))
        if standing.settled(target):
            await task.adopt(type_of(target), object_key(store.name, name), target.id, attributes=_facts(target))
        else:
            await _make(task, original, target, about, standing.replaces(target))
        step.progress(size)
    if about["recorded"]:
        tell_changed(task, f"the object {original.id}", Content(size, about["recorded"]), "")
    made = [{"store": store.name, "path": name}]
    return {"name": name, "size": size, "sha256": sha256 or None, "objects": made}


async def _make(task: AsyncTask, original: Place, target: Place, about: dict[str, Any], replace: bool) -> None:
    """Have the copy made; what that needs to be prepared for is in the ledger beforehand, and taken away again."""
    size = about["size"]
    try:
        if target.prepares:
            await unbroken(list_staging(task, target))
            await target.prove()
            if await target.look() is not Look.OURS:
                await _prepare(original, target, size)
        await task.create(
            type_of(target),
            object_key(target.store.name, target.name),
            lambda _: (
                name_it(target, replace=replace, made=True) if target.prepares else _copied(original, target, replace)
            ),
            attributes={**_facts(target), "from": original.id, "size": str(size)},
            undo_data={**_facts(target), "mark": target.mark, "inherited": about["mark"]},
        )
        copied, _ = await target.facts()
        if copied != size:
            raise Failed(
                f"the copy {target.id} has {copied} bytes, the original had {size}; it was replaced meanwhile",
                reason="SIZE_MISMATCH",
                metadata={"expected": str(size), "actual": str(copied)},
            )
        await note(task, target, Content(size, about["sha256"]))
    except LeaseLost:
        raise
    except Missing:
        if target.prepares:
            await discard_staging(task, target)
        raise vanished(target) from None
    except BaseException:
        if target.prepares:
            with suppress(Failed, Rejected):  # what is left is in the ledger; the first error counts
                await discard_staging(task, target)
        raise
    if target.prepares:
        await discard_staging(task, target)


async def _prepare(original: Place, target: Place, size: int) -> None:
    try:
        await target.prepare_copy(original, size, await original.e_tag())
    except Missing:
        try:
            await original.facts()
        except Missing:
            raise not_found(original) from None
        why = f"the object {original.id} changed while it was copied"
        metadata = {"store": original.store.name, "cause": "changed"}
        raise Failed(why, reason="STORE_UNAVAILABLE", retryable=True, metadata=metadata) from None


def _facts(target: Place) -> dict[str, str]:
    return {"store": target.store.name, "name": target.name}


async def _about(original: Place) -> dict[str, Any]:
    try:
        size, mark = await original.facts()
    except Missing:
        raise not_found(original) from None
    known, unchanged = await original.recorded()
    there = known.sha256 if known else ""
    return {"size": size, "mark": mark, "sha256": there * unchanged, "recorded": there * (not unchanged)}


async def _content(original: Place) -> Content:
    """Read what nothing on record tells of; only where it has to be compared."""
    try:
        return await read(original)
    except Missing:
        raise not_found(original) from None


async def _copied(original: Place, target: Place, replace: bool) -> str:
    """Let the provider copy; the call of its `create`."""
    look = await target.look()
    if look is Look.OURS:
        return target.id
    if look is not Look.ABSENT and not replace:
        raise name_taken(target)
    try:
        await target.copy_from(original, replace=replace)
    except Taken:
        if await target.look() is not Look.OURS:
            raise name_taken(target) from None
    except Missing:
        word = not_found(original)
        raise Refused(word.message, reason=word.reason, metadata=word.metadata) from None
    except Failed as error:
        if error.reason not in ("STORE_REFUSED", "STORE_FULL"):
            raise
        raise Refused(error.message, reason=error.reason, metadata=error.metadata) from None
    return target.id
