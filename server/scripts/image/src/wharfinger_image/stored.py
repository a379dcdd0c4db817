"""An object of a store as what is read from."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from wharfinger.script import AsyncTask, Failed
from wharfinger_image.kept import Origin
from wharfinger_image.place import Place
from wharfinger_image.promise import Promise
from wharfinger_image.refusals import Missing
from wharfinger_image.transfer import Content, Piece


class Stored:
    """The object at `place` as a reader: see `wharfinger_image.placing.Reader`.

    `changed` is what the object was when that was noted, if it has been changed since; known after `promise`.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._e_tag = ""
        self.size: int | None = None
        self.changed: Content | None = None

    @property
    def shown(self) -> str:
        """What to call it in messages."""
        return f"the object {self._place.id}"

    doubtful = False

    @property
    def origin(self) -> Origin | None:
        """Which bytes they are: those with this entity tag."""
        if not self._e_tag or self._e_tag.startswith("W/"):
            return None
        return Origin(hashlib.sha256(self._place.id.encode()).hexdigest(), self._e_tag, self.size)

    def resume(self, origin: Origin) -> bool:
        """Whether this is still the object that an earlier attempt read."""
        mine = self.origin
        if mine is None or (origin.source, origin.e_tag) != (mine.source, mine.e_tag):
            return False
        self.size = origin.size
        return True

    async def promise(self, size: int | None) -> Promise:
        """Return what it must be: as it is on record, and of the `size` that was asked for, if one was."""
        with suppress(Missing):
            self._e_tag = await self._place.e_tag()
        known, unchanged = await self._place.recorded()
        self.changed = known if not unchanged else None
        if known is None or not unchanged:
            return Promise(size=size)
        # One digest will do; an image service has its own, and need not know the other.
        return Promise(known.sha256, size, "" if known.sha256 else known.sha512)

    def stream(self, start: int = 0) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from byte `start` on. Raises Failed (OBJECT_NOT_FOUND) if it is not there."""
        return self._stream(start)

    @asynccontextmanager
    async def _stream(self, start: int) -> AsyncIterator[AsyncIterator[Piece]]:
        try:
            self.size, self._e_tag, pieces = await self._place.open(start, self._e_tag)
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


def tell_changed(task: AsyncTask, what: str, recorded: Content | None, sha256: str) -> None:
    """Say that an object is not what was noted of it, if it is not; `sha256` is what it is now, "" if unread."""
    if recorded is None or recorded.sha256 == sha256:
        return
    now = f"its SHA-256 is {sha256} now" if sha256 else "it was copied unread"
    task.notify(
        f"{what} is no longer what was noted of it: somebody has changed it since, or the disk has. Its SHA-256 was"
        f" {recorded.sha256}; {now}. What was made of it is what is there now",
        "warning",
    )
