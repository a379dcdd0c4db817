"""An object of a store as what is read from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from wharfinger.script import Failed
from wharfinger_image.place import Place
from wharfinger_image.promise import Promise
from wharfinger_image.refusals import Missing
from wharfinger_image.transfer import Piece


class Stored:
    """The object at `place` as a reader: see `wharfinger_image.placing.Reader`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.size: int | None = None

    @property
    def shown(self) -> str:
        """What to call it in messages."""
        return f"the object {self._place.id}"

    async def promise(self, size: int | None) -> Promise:
        """Return what it must be: as it is on record, and of the `size` that was asked for, if one was."""
        known = await self._place.content()
        return Promise(known.sha256 if known else "", size)

    def stream(self) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from the beginning. Raises Failed (OBJECT_NOT_FOUND) if it is not there."""
        return self._stream()

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[AsyncIterator[Piece]]:
        try:
            self.size, pieces = await self._place.open()
            yield pieces
        except Missing:  # from the beginning, or taken away in the middle
            raise not_found(self._place) from None


def not_found(place: Place) -> Failed:
    """Return the failure of an object that should be there."""
    return Failed(
        f"store {place.store.name!r} has no object {place.name!r}",
        reason="OBJECT_NOT_FOUND",
        metadata={"store": place.store.name, "object": place.name},
    )
