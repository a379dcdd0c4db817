"""Keeps the answer of a listing within what a message may hold, whatever page size was asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from wharfinger_server.rpc.messages.framing import framed, repeated, tag

T = TypeVar("T")
Read = Callable[[int], Awaitable[tuple[Sequence[T], str]]]
_ITEMS, _NEXT_PAGE_TOKEN = tag(1), tag(2)


async def page(read: Read[T], size: int, most_bytes: int, encode: Callable[[T], bytes]) -> bytes:
    """Return a serialised page: the items as field 1, the next page's token as field 2.

    `read` is asked for a page of a size and gives items with the token of the next page. Where they are too large
    together, it is asked again for as many as fit; at least one is always given.
    """
    while True:
        items, token = await read(size)
        encoded: list[bytes] = []
        room = most_bytes
        for item in items:
            data = encode(item)
            room -= len(data) + 8
            if room < 0 and encoded:
                break
            encoded.append(data)
        if len(encoded) == len(items):
            return repeated(_ITEMS, encoded) + (framed(_NEXT_PAGE_TOKEN, token.encode()) if token else b"")
        size = len(encoded)
