"""Import a disk image from a web server into one or several object stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from wharfinger.script import AsyncTask, Item, Prices
from wharfinger_image import estimating, params, settings
from wharfinger_image.folder import place
from wharfinger_image.keys import object_key
from wharfinger_image.params import RESULT_SCHEMA
from wharfinger_image.place import mark_of
from wharfinger_image.placing import Placing, seed
from wharfinger_image.promise import Promise
from wharfinger_image.pump import Pump
from wharfinger_image.resources import RESOURCE_TYPES, exists, find, undo
from wharfinger_image.source import Source
from wharfinger_image.transfer import Piece

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
    "Which image to import, and into which stores. Two stores are filled from one download.",
    ["source", "stores", "name"],
    {
        "source": {
            "type": "string",
            "maxLength": 4000,
            "pattern": "^https?://",
            "description": "URL of the image: http or https, on a public address, without user name and password.",
            "examples": ["https://images.example.com/debian-12.qcow2"],
        },
        "stores": {
            "description": "Name of the object store to put it into, or a list of several.",
            "oneOf": [
                params.store("One store."),
                {"type": "array", "items": params.store("One."), "minItems": 1, "maxItems": 20, "uniqueItems": True},
            ],
        },
        "name": params.name("Name of the object to make, in every store; it must not exist"),
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
            "description": "SHA-256 that the image must have, in hex. Without it whatever comes is taken.",
        },
        "size": params.SIZE,
    },
)


class _Web:
    """The web server as a reader; one Source for all its streams, because it knows how often it may be asked again."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def size(self) -> int | None:
        """What the server says."""
        return self._source.size

    @property
    def shown(self) -> str:
        """What to call it in messages."""
        return f"the source {self._source.shown}"

    def stream(self) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from the beginning."""
        return Pump[Piece](self._source.pieces, self._source.interrupt)


async def main(task: AsyncTask) -> dict[str, Any]:
    """Import the image. Returns its name, size, SHA-256 and the objects made."""
    asked = task.params
    options = settings.read(task.settings)
    wanted = [(task.store(store), name) for store, name in _wanted(asked)]
    word = await seed(task)
    places = [place(store, name, mark_of(word, store.name)) for store, name in wanted]
    await task.plan([object_key(store, name) for store, name in _wanted(asked)])
    promise = Promise(asked.get("sha256", ""), asked.get("size"))
    whole = bool(promise.sha256) or promise.size is not None
    reader = _Web(Source(asked["source"], options, checked=bool(promise.sha256), whole=whole))
    placing = Placing(task, places, reader, promise=promise, limit=options.max_size, verb="download")
    return await placing.run()


def estimate(asked: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what keeping the image costs in each store. Raises what `prices` raises for a store there is none of."""
    return estimating.objects(prices, _wanted(asked), asked.get("size"))


def _wanted(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the store and the name of each object to make."""
    return [(store, asked["name"]) for store in params.several(asked["stores"])]
