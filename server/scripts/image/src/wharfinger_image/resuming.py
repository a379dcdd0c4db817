"""Going on where an earlier attempt was cut short: what one place has kept is read back for all, then the source."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, Self

from wharfinger.script import Failed
from wharfinger_image.kept import Kept, Origin, StartOver
from wharfinger_image.place import Place
from wharfinger_image.refusals import Missing
from wharfinger_image.transfer import Piece


class Continued(Protocol):
    """What of a Reader matters here; see `placing.Reader`."""

    def resume(self, origin: Origin) -> bool:
        """Whether this is still `origin`."""
        ...

    def stream(self, start: int = 0) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from byte `start` on."""
        ...


class Resuming:
    """The bytes of `reader`, of which `donor` has the first `position`; each place has as many as `starts` says.

    They are read back though they are there: the checksum, and whoever looks at the format, must see all of them.
    """

    def __init__(self, reader: Continued, donor: Place | None = None, starts: Mapping[str, int] | None = None) -> None:
        self._reader = reader
        self._donor = donor
        self._starts = dict(starts or {})

    @classmethod
    async def of(cls, places: Sequence[Place], reader: Continued) -> Self:
        """Return what can be gone on from at `places`; where nothing can, all begins anew."""
        found = {place: kept for place in places if (kept := await _kept(place)) is not None}
        for donor, most in sorted(found.items(), key=lambda one: -one[1].position):
            if reader.resume(most.origin):
                return cls(reader, donor, {p.id: k.position for p, k in found.items() if k.origin == most.origin})
        return cls(reader)

    @property
    def position(self) -> int:
        """From which byte on the source is read."""
        return self.start(self._donor) if self._donor is not None else 0

    def start(self, place: Place) -> int:
        """Return how many bytes `place` has already."""
        return self._starts.get(place.id, 0)

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield all bytes. Raises StartOver, and what reading them raises."""
        if self._donor is not None:
            try:
                async for piece in self._donor.reading(self.position):
                    yield piece
            except (Failed, Missing):
                raise StartOver from None
        async with self._reader.stream(self.position) as rest:
            async for piece in rest:
                yield piece


async def _kept(place: Place) -> Kept | None:
    try:
        return await place.kept()
    except Failed:
        return None  # it will fail by itself, or not, once it is written to
