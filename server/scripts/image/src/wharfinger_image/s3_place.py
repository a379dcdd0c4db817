"""A place on S3 and its kin: staged as many small objects, which the store itself puts together under the name.

Each part of what is staged is an object of its own, there whole or not at all; so an upload that was cut short can be
read back and gone on from, and leaves nothing that no listing shows. The name is the key of a multipart upload whose
parts the store copies from them, of any size, and whose completion is conditional: it fails if the name is taken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore

from wharfinger.script import Failed
from wharfinger_image import conditions
from wharfinger_image.kept import Kept, Origin, blocks, decode
from wharfinger_image.place import MARK, MIB, PIECE, TYPE, Place, Taken, limited
from wharfinger_image.refusals import Missing, NoBucket, told
from wharfinger_image.s3_client import Begun, ConditionFailed, Range, S3Client, client_of
from wharfinger_image.transfer import Piece
from wharfinger_image.unbroken import unbroken

_SMALLEST_PART = 5 * MIB
"""What S3 takes as a part of an object, its last one aside."""

_COPIES = 8
"""How many parts the store is asked to copy at once."""

_PATIENCE = 20.0
"""Seconds that requests may take to end once they are of no use any more."""

_UNHEARD = timedelta(minutes=2)
"""An upload that was begun, and whose id nobody heard, was begun within that time of the note about it."""


class S3Place(Place):
    """A name in a bucket; see Place. `prepare` and `prepare_copy` begin what `publish` completes."""

    prepares = True
    _upload = ""
    _tags: Sequence[str] = ()

    @property
    def _notes(self) -> str:
        return f"{self.staging}/naming"

    @property
    def _origin(self) -> str:
        return f"{self.staging}/from"

    # ------------------------------------------------------------------ what is staged

    async def staged(self, size: int) -> bool:
        """As Place.staged."""
        return await self._size() == size

    async def kept(self) -> Kept | None:
        """As Place.kept: all parts without a gap, from the first on."""
        try:
            with told(self.store.name):
                found = await obstore.get_async(self.store.raw, self._origin)
                origin = decode(bytes(await found.bytes_async()))
        except (Missing, NoBucket):
            return None
        if origin is None:
            return None
        chain = await self._chain()
        position = sum(part.size for part in chain)
        if chain and chain[-1].size < self._least and position != origin.size:
            position -= chain[-1].size  # a part too small to be followed by another
        return Kept(position, origin) if position else None

    @property
    def _least(self) -> int:
        return min(_SMALLEST_PART, self._part)

    async def _size(self) -> int:
        return sum(part.size for part in await self._chain())

    async def _chain(self, end: int | None = None) -> list[Range]:
        """Return the staged parts that follow each other without a gap, up to byte `end`."""
        chain: list[Range] = []
        position = 0
        for part in sorted(await self._parts(), key=lambda part: part.start):
            short = bool(chain) and chain[-1].size < self._least
            if part.start != position or short or (end is not None and position + part.size > end):
                break
            chain.append(part)
            position += part.size
        return chain

    async def _parts(self) -> list[Range]:
        """Return all staged parts; `start` of each is where it belongs."""
        found = []
        for path, size, e_tag in await self._listed():
            start = path.rpartition("/")[2]
            if len(start) == 16:
                found.append(Range(path, int(start, 16), size, e_tag, whole=True))
        return found

    async def _listed(self) -> list[tuple[str, int, str]]:
        try:
            with told(self.store.name):
                listing = obstore.list(self.store.raw, prefix=self.staging)
                return [(one["path"], one["size"], one["e_tag"] or "") async for batch in listing for one in batch]
        except (Missing, NoBucket):
            return []

    def _path(self, start: int) -> str:
        return f"{self.staging}/{start:016x}"

    async def reading(self, position: int) -> AsyncIterator[Piece]:
        """As Place.reading."""
        chain = await self._chain(position)
        if sum(part.size for part in chain) != position:
            raise Missing(self.store.name)
        with told(self.store.name):
            for part in chain:
                found = await obstore.get_async(self.store.raw, part.key)
                async for piece in found.stream(min_chunk_size=PIECE):
                    yield memoryview(piece)

    # ------------------------------------------------------------------ writing

    async def upload(
        self,
        pieces: AsyncIterator[Piece],
        size: int | None,
        *,
        most: int = 0,
        start: int = 0,
        origin: Origin | None = None,
    ) -> None:
        """As Place.upload."""
        self._check_limit(size)
        await self._forget_parts(start)
        if origin is not None:
            await self._put(self._origin, origin.encode())
        parts = blocks(limited(pieces, self.limit, start), self._part_of(size, most))
        running: set[asyncio.Task[None]] = set()
        try:
            async for block in parts:
                running.add(asyncio.ensure_future(self._put(self._path(start), block)))
                start += len(block)
                if len(running) >= self._width:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
            for task in running:
                await task
        finally:
            await _ended(running)

    async def _put(self, path: str, data: bytes | bytearray) -> None:
        with told(self.store.name):
            await obstore.put_async(
                self.store.raw, path, data, attributes={"Content-Type": TYPE, MARK: self.mark}, use_multipart=False
            )

    async def _forget_parts(self, start: int) -> None:
        """Delete the parts that do not belong to the first `start` bytes."""
        kept = {part.key for part in await self._chain(start)} if start else set()
        await self._delete_all([part.key for part in await self._parts() if part.key not in kept])

    # ------------------------------------------------------------------ naming

    async def prove(self) -> None:
        """As Place.prove."""
        await conditions.prove(self.store, self.store.key(f"{self.staging}/condition"))

    async def prepare(self, size: int) -> None:
        """As Place.prepare."""
        chain = await self._chain()
        if sum(part.size for part in chain) != size:
            raise Missing(self.store.name)
        await self._compose([Range(self.store.key(p.key), 0, p.size, p.e_tag, whole=True) for p in chain])

    async def prepare_copy(self, original: Place, size: int, e_tag: str) -> None:
        """As Place.prepare_copy."""
        key, step = original.store.key(original.name), self._copy_part
        if size <= step:
            await self._compose([Range(key, 0, size, e_tag, whole=True)])
        else:
            await self._compose([Range(key, at, min(step, size - at), e_tag) for at in range(0, size, step)])

    async def _compose(self, ranges: Sequence[Range]) -> None:
        """Begin the upload of the name and let the store copy `ranges` to its parts.

        Uploads bear no mark. So it is noted beforehand which of that key there are, and afterwards which is ours.
        """
        client, key = await client_of(self.store), self.store.key(self.name)
        await self._begin_noted()
        room, stopped = asyncio.Semaphore(_COPIES), False

        async def copy(number: int, source: Range) -> str:
            async with room:
                return "" if stopped else await client.copy_part(key, self._upload, number, source)

        copies = [asyncio.ensure_future(copy(number, source)) for number, source in enumerate(ranges, 1)]
        try:
            self._tags = await asyncio.gather(*copies)
        except ConditionFailed:
            raise Missing(self.store.name) from None  # what is to be copied is not what it was
        finally:
            stopped = True
            await _ended(copies)

    async def _begin_noted(self) -> None:
        client, key = await client_of(self.store), self.store.key(self.name)
        await self._abort_named(client)
        before = [one.id for one in await client.uploads(key) if one.key == key]
        await self._put(self._notes, json.dumps({"before": before}).encode())
        await unbroken(self._begin(client, key, before))

    async def _begin(self, client: S3Client, key: str, before: list[str]) -> None:
        self._upload = await client.create_upload(key, TYPE, {MARK: self.mark})
        await self._put(self._notes, json.dumps({"before": before, "upload": self._upload}).encode())

    async def publish(self, *, replace: bool = False) -> None:
        """Complete the upload of the name; see Place.publish."""
        client = await client_of(self.store)
        try:
            await client.complete(self.store.key(self.name), self._upload, list(self._tags), replace=replace)
        except ConditionFailed:
            raise Taken from None

    # ------------------------------------------------------------------ taking away

    async def discard(self) -> None:
        """As Place.discard: uploads of our keys, what is staged, and last what tells which upload is ours."""
        client = await client_of(self.store)
        try:
            for one in await client.uploads(self.store.key(self.staging)):
                await client.abort(one.key, one.id)
            await self._abort_named(client)
        except (Missing, NoBucket):
            return
        paths = [path for path, _, _ in await self._listed()]
        await self._delete_all([path for path in paths if path != self._notes])
        await self._delete(self.staging)
        if self._notes in paths:
            await self._delete(self._notes)

    async def _delete_all(self, paths: list[str]) -> None:
        if paths:
            try:
                with told(self.store.name):
                    await obstore.delete_async(self.store.raw, paths)
            except (Missing, NoBucket):
                return

    async def _abort_named(self, client: S3Client) -> None:
        """Abort our upload of the name, if one was begun; others of the same key are left alone."""
        try:
            with told(self.store.name):
                found = await obstore.get_async(self.store.raw, self._notes)
                when: datetime = found.meta["last_modified"]
                notes = json.loads(bytes(await found.bytes_async()))
        except (Missing, NoBucket, ValueError):
            return
        key = self.store.key(self.name)
        if notes.get("upload"):
            await client.abort(key, notes["upload"])
            return
        for one in await client.uploads(key):
            if one.key == key and one.id not in notes["before"] and await self._unheard(client, one, when):
                await client.abort(key, one.id)

    async def _unheard(self, client: S3Client, one: Begun, when: datetime) -> bool:
        """Whether it is the upload that we began just before we died: nothing was copied to it yet."""
        begun = one.when if one.when.tzinfo else one.when.replace(tzinfo=UTC)
        if begun - when > _UNHEARD:
            return False
        try:
            return await client.parts(one.key, one.id) == 0
        except Missing:
            return False


async def _ended(requests: Collection[asyncio.Task[Any]]) -> None:
    """Wait until `requests` have ended: none may land after what is done next."""
    if requests:
        await asyncio.wait(requests, timeout=_PATIENCE)
    for task in requests:
        task.cancel()
    await asyncio.gather(*requests, return_exceptions=True)


class CopiedS3Place(Place):
    """A name in a bucket whose operator has said by what header a copy is conditional (`copy_if_not_exists`)."""

    _largest_copy = 5 * 1024 * MIB

    @property
    def limit(self) -> int | None:
        """As Place.limit: such a copy is one request, and S3 copies 5 GiB by one at most."""
        return min(self.store.max_size or self._largest_copy, self._largest_copy)

    async def discard(self) -> None:
        """As Place.discard; an upload that was cut short is aborted."""
        client = await client_of(self.store)
        try:
            for one in await client.uploads(self.store.key(self.staging)):
                await client.abort(one.key, one.id)
        except (Missing, NoBucket):
            return
        await super().discard()

    async def prove(self) -> None:
        """As Place.prove, by two copies to a key of what is staged."""
        path = f"{self.staging}-condition"
        if not conditions.known(self.store):
            try:
                await self._try_condition(path)
            finally:
                await self._delete(path)
                await self._delete(f"{path}-copy")

    async def _try_condition(self, path: str) -> None:
        with told(self.store.name):
            await obstore.put_async(self.store.raw, path, b"condition")
        try:
            await self._copy(self.store.raw, path, f"{path}-copy", replace=True)
            await self._copy(self.store.raw, path, f"{path}-copy")
        except Taken:
            conditions.remember(self.store, None)
        except Failed as error:
            if error.reason == "STORE_REFUSED":
                raise conditions.refused(self.store, error.message) from None
            raise
        else:
            raise conditions.ignored(self.store)
