"""Import a disk image from a web server into one or several object stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from wharfinger.script import AsyncTask, Failed, Item, Prices
from wharfinger_image import checksums, estimating, inspecting, params, settings, traits
from wharfinger_image.kept import Origin
from wharfinger_image.keys import object_key
from wharfinger_image.params import RESULT_SCHEMA
from wharfinger_image.place import mark_of
from wharfinger_image.places import ask, place
from wharfinger_image.placing import Placing, seed
from wharfinger_image.promise import Promise
from wharfinger_image.pump import Pump
from wharfinger_image.requesting import check_headers, origin_of
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
        "name": params.name("Name of the object to make, in every store"),
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
            "description": "SHA-256 that the image must have, in hex. Without it whatever comes is taken.",
        },
        "checksum": {
            "type": "string",
            "maxLength": 4000,
            "pattern": checksums.PATTERN,
            "description": "The same in another way: sha256:HEX, sha512:HEX, or the URL of a file of checksums such as"
            " SHA512SUMS that lists the last part of `source`.",
            "examples": ["https://images.example.com/SHA512SUMS"],
        },
        "size": params.SIZE,
        "format": {
            "type": "string",
            "enum": ["auto", *inspecting.NAMES, "any"],
            "default": "auto",
            "description": "What the image must be. auto: any format that is known, or bytes without a signature (raw);"
            " refused are text, HTML pages, images cut short, and those that lead to other files. A name: that format,"
            " and no other. any: it is not looked at.",
        },
        "if_exists": params.IF_EXISTS,
        "glance": traits.SCHEMA,
        "headers": {
            **params.HEADERS,
            "description": "What the source asks for, such as a cookie or an API key. Sent to its host and port only,"
            " not to where it redirects.",
        },
        "token": {
            "type": "string",
            "minLength": 1,
            "maxLength": 8000,
            "writeOnly": True,
            "description": "A token that the source asks for, sent as `Authorization: Bearer`.",
        },
    },
    # One checksum is enough; with two, which one counts?
    **{"not": {"required": ["sha256", "checksum"]}},
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

    @property
    def origin(self) -> Origin | None:
        """Which bytes they are, if the server says so by a strong entity tag."""
        return self._source.origin

    @property
    def doubtful(self) -> bool:
        """Whether its end is merely that of the connection."""
        return self._source.unframed

    def resume(self, origin: Origin) -> bool:
        """Whether it may be gone on from."""
        return self._source.resume(origin)

    def stream(self, start: int = 0) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from byte `start` on."""
        return Pump[Piece](partial(self._source.pieces, start), self._source.interrupt)


async def main(task: AsyncTask) -> dict[str, Any]:
    """Import the image. Returns its name, size, SHA-256 and the objects made."""
    asked = task.params
    options = settings.read(task.settings)
    wanted = [(task.store(store), name) for store, name in _wanted(asked)]
    word = await seed(task)
    places = [place(store, name, mark_of(word, store.name)) for store, name in wanted]
    ask(asked, places)
    await task.plan([object_key(store, name) for store, name in _wanted(asked)])
    headers = _headers(asked)
    for secret in headers.values():
        task.hide(secret)
    checksum = await _checksum(asked, options, headers)
    promise = Promise(checksum.get("sha256", ""), asked.get("size"), checksum.get("sha512", ""))
    source = Source(
        asked["source"], options, checked=promise.exact, whole=promise.exact, expected=promise.size, headers=headers
    )
    placing = Placing(
        task,
        places,
        _Web(source),
        promise=promise,
        limit=options.max_size,
        verb="download",
        form=asked.get("format", "auto"),
        if_exists=asked.get("if_exists", "refuse"),
    )
    return await placing.run()


def _headers(asked: Mapping[str, Any]) -> dict[str, str]:
    headers = dict(asked.get("headers", {}))
    if "token" in asked:
        if any(name.lower() == "authorization" for name in headers):
            raise Failed("token: headers has an Authorization too; give one of them", reason="PARAMS_INVALID")
        headers["Authorization"] = f"Bearer {asked['token']}"
    check_headers(headers)
    return headers


async def _checksum(asked: Mapping[str, Any], options: settings.Settings, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the digest that the image must have by its algorithm. Raises Failed."""
    if "checksum" not in asked:
        return {"sha256": asked.get("sha256", "")}
    url = asked["checksum"]
    found = checksums.said(url)
    if found is None:
        own = headers if origin_of(url) == origin_of(asked["source"]) else {}
        sums = Source(url, options, checked=False, whole=True, headers=own)
        found = await asyncio.to_thread(checksums.listed, sums.pieces, sums.shown, asked["source"])
    return {found.algorithm: found.digest}


def estimate(asked: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what keeping the image costs in each store. Raises what `prices` raises for a store there is none of."""
    return estimating.objects(prices, _wanted(asked), asked.get("size"))


def _wanted(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the store and the name of each object to make."""
    return [(store, asked["name"]) for store in params.several(asked["stores"])]
