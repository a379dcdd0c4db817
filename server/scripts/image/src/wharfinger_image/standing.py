"""The decision about a name that is taken: refused, taken for the same image if it is that, or replaced."""

from __future__ import annotations

import asyncio

from wharfinger.script import Failed, Refused
from wharfinger_image.place import Place
from wharfinger_image.promise import Promise
from wharfinger_image.refusals import Missing
from wharfinger_image.transfer import Content, Hashing


class Standing:
    """What is known of the objects that stand under names we were asked to make, as `if_exists` says.

    `refuse`: there must be none. `same`: one with the very bytes will do; nothing is made. `replace`: one with the very
    bytes will do, another one is replaced in one step. Which bytes is what `promise` says, or else what the source has.
    """

    def __init__(self, promise: Promise, if_exists: str) -> None:
        self._promise = promise
        self._if_exists = if_exists
        self._settled: dict[str, Content] = {}
        self._compared: set[str] = set()
        self._replaced: set[str] = set()

    @property
    def content(self) -> Content | None:
        """What the images are that were found in place; None if none was."""
        return next(iter(self._settled.values()), None)

    def settled(self, place: Place) -> bool:
        """Whether the very image stands there already."""
        return place.id in self._settled

    def compares(self, place: Place) -> bool:
        """Whether what stands there has still to be compared with the source, and nothing is to be written."""
        return place.id in self._compared

    def replaces(self, place: Place) -> bool:
        """Whether what stands there is to be replaced."""
        return place.id in self._replaced

    async def judge(self, place: Place) -> None:
        """Take note of something that stands at `place` and is not this task's. Raises Failed (OBJECT_EXISTS)."""
        if self._if_exists == "refuse":
            raise _failed(name_taken(place))
        if self._promise.exact:
            there = await self._content(place)
            if there is not None:
                self._settled[place.id] = there
                return
        if self._if_exists == "replace":
            self._replaced.add(place.id)
        elif self._promise.exact:
            raise _failed(name_taken(place, "another image than the one that was asked for"))
        else:
            self._compared.add(place.id)

    async def compare(self, place: Place, content: Content) -> None:
        """Compare what stands at `place` with the `content` of the source, if it must be. Raises Failed."""
        if not self.compares(place):
            return
        there = await self._content(place, Promise(content.sha256, content.size))
        if there is None:
            raise _failed(name_taken(place, "another image than the source has"))
        self._settled[place.id] = there

    async def _content(self, place: Place, promise: Promise | None = None) -> Content | None:
        """Return what stands at `place` if that is what is wanted; it is read where nothing on record tells."""
        wanted = promise or self._promise
        try:
            known = await place.content()
            if known is not None and wanted.met_by(known):
                return known
            if known is not None and wanted.contradicts(known):
                return None
            size, _ = await place.facts()
            if wanted.size not in (None, size):
                return None
            there = await read(place, sha512=bool(wanted.sha512))
        except Missing:
            return None  # it went away meanwhile
        return there if wanted.met_by(there) else None


async def read(place: Place, *, sha512: bool = False) -> Content:
    """Return what stands at `place`, all of it read. Raises Missing, and Failed as the store does."""
    size, _, pieces = await place.open()
    hashing = Hashing(sha512)
    async for piece in pieces:
        await asyncio.to_thread(hashing.update, piece)
    return hashing.content(size)


def name_taken(place: Place, what: str = "") -> Refused:
    """Return the refusal of a name that is taken; `what` says more of what has it."""
    said = f", {what}" if what else ""
    return Refused(
        f"store {place.store.name!r} has an object {place.name!r} already, which this task did not make{said}; it is"
        " left as it is. Choose another name, or delete it first",
        reason="OBJECT_EXISTS",
        metadata={"store": place.store.name, "object": place.name},
    )


def _failed(refused: Refused) -> Failed:
    return Failed(refused.message, reason=refused.reason, metadata=refused.metadata)
