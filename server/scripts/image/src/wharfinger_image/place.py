"""Where an image is put: one name in one object store, written so that nothing half-done ever bears the name.

The bytes go to a staging path first. When they are whole and checked they get their name in one step that fails if the
name is taken: a hard link in a folder, a conditional copy by the provider elsewhere. What bears our mark, a random word
that the task keeps, is ours; anything else is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, cast

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from wharfinger.runtime.stores import Store
from wharfinger.script import Failed
from wharfinger_image.refusals import Missing, NoBucket, told
from wharfinger_image.transfer import Content, Piece, too_large

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MIB = 1024 * 1024
PIECE = 4 * MIB
_PARTS = 9000
"""Into how many parts a large image is divided at most; S3 and its kin take 10,000."""

_MARK = "wharfingermark"
_TYPE = "application/octet-stream"
_HOME = ".wharfinger"
_LARGEST_COPY = 5 * 1024**3
"""What S3 and its kin copy in one request, and so how large an image can become there."""


class Look(Enum):
    """What stands under the name: nothing, what this task made, something else, or something that may be either."""

    ABSENT = "absent"
    OURS = "ours"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class Taken(Exception):
    """Something that is not ours has the name."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What is noted beside an object: which one it is about, and what its content was when it was made."""

    mark: str
    e_tag: str
    size: int
    sha256: str


def mark_of(seed: str, store: str) -> str:
    """Return the mark of one store, made of the task's own random `seed`: two names of one bucket must not collide."""
    return hashlib.sha256(f"{seed}\0{store}".encode()).hexdigest()[:32]


class Place:
    """One name in one store.

    `mark` tells what is ours. `inherited` is the mark that a copy made by the provider brings along from its original.
    Every method raises Failed (STORE_FULL, STORE_REFUSED, STORE_UNAVAILABLE) where the store does not do its part.
    """

    _part: ClassVar[int] = 8 * MIB
    _width: ClassVar[int] = 4
    """How large a part of an upload is at least, and how many are on their way at once."""

    def __init__(self, store: Store, name: str, mark: str = "", inherited: str = "") -> None:
        self.store = store
        self.name = name
        self.mark = mark
        self.staging = f"{_HOME}/staging/{mark}"
        self._inherited = inherited
        self._record_path = f"{_HOME}/objects/{name}.json"

    @property
    def id(self) -> str:
        """The object's id in the ledger."""
        return f"{self.store.name}/{self.name}"

    @property
    def home(self) -> str:
        """By what name the store is found again when this is undone."""
        return self.store.name

    @property
    def staging_id(self) -> str:
        """The id of what is being uploaded."""
        return f"{self.store.name}/{self.staging}"

    @property
    def limit(self) -> int | None:
        """How many bytes an image may have here; None: as many as one likes."""
        limits = [self.store.max_size, _LARGEST_COPY if self.store.url_scheme == "s3" else None]
        return min((limit for limit in limits if limit is not None), default=None)

    # ------------------------------------------------------------------ looking

    async def look(self) -> Look:
        """Return what stands under the name."""
        try:
            e_tag, _, mark = await self._head(self.name)
        except Missing:
            return Look.ABSENT
        record = await self._record()
        if record is not None and record.mark == self.mark:
            return Look.OURS if record.e_tag == e_tag else Look.TAKEN
        if mark == self.mark:
            return Look.OURS
        return Look.TAKEN if mark and mark != self._inherited else Look.UNKNOWN

    async def staged(self, size: int) -> bool:
        """Whether an upload of `size` bytes waits, whole, for its name."""
        try:
            _, found, _ = await self._head(self.staging)
        except Missing:
            return False
        return found == size

    async def content(self) -> Content | None:
        """Return what the object is known to hold; None if nothing is known, or it was replaced since."""
        record = await self._record()
        if record is None:
            return None
        try:
            e_tag, _, _ = await self._head(self.name)
        except Missing:
            return None
        return Content(record.size, record.sha256) if record.e_tag == e_tag and record.sha256 else None

    async def facts(self) -> tuple[int, str]:
        """Return the size of what stands under the name and the mark on it, whosever it is, or "". Raises Missing."""
        _, size, mark = await self._head(self.name)
        return size, mark

    async def _head(self, path: str) -> tuple[str, int, str]:
        """Return e_tag, size and mark of what is at `path`. Raises Missing."""
        with told(self.store.name):
            found = await obstore.get_async(self.store.raw, path, options={"head": True})
            kind = str(found.attributes.get("Content-Type", ""))
            mark = found.attributes.get(_MARK) or kind.partition(f"{_MARK}=")[2]
            return found.meta["e_tag"] or "", found.meta["size"], str(mark)

    async def _record(self) -> _Record | None:
        try:
            with told(self.store.name):
                found = await obstore.get_async(self.store.raw, self._record_path)
                text = bytes(await found.bytes_async())
            return _Record(**json.loads(text))
        except (Missing, TypeError, ValueError):
            return None  # none, or none of ours

    # ------------------------------------------------------------------ reading

    async def open(self) -> tuple[int, AsyncIterator[Piece]]:
        """Return the object's size and its bytes, piece by piece. Raises Missing."""
        with told(self.store.name):
            found = await obstore.get_async(self.store.raw, self.name)
            return found.meta["size"], self._pieces(found.stream(min_chunk_size=PIECE))

    async def _pieces(self, stream: Any) -> AsyncIterator[Piece]:
        with told(self.store.name):
            async for piece in stream:
                yield memoryview(piece)

    # ------------------------------------------------------------------ writing

    async def upload(self, pieces: AsyncIterator[Piece], size: int | None) -> None:
        """Write `pieces` (of `size` bytes in all, if that is known) to the staging path; nothing is there until all is.

        Raises Failed (SIZE_LIMIT) too, and what `pieces` raises.
        """
        if size is not None and self.limit is not None and size > self.limit:
            raise too_large(self.limit, size)
        most = size if size is not None else self.limit or 0
        part = max(self._part, -(-most // _PARTS // MIB) * MIB)
        with told(self.store.name):
            await obstore.put_async(
                self.store.raw,
                self.staging,
                _limited(pieces, self.limit),
                attributes=self._attributes(),
                chunk_size=part,
                max_concurrency=self._width,
            )

    def _attributes(self) -> dict[str, str] | None:
        return {"Content-Type": _TYPE, _MARK: self.mark}

    async def publish(self) -> None:
        """Give what is staged its name. Raises Taken."""
        await self._copy(self.store.raw, self.staging, self.name)

    async def copy_from(self, original: Place) -> None:
        """Let the provider copy `original`, of the same provider, to this name. Raises Taken, and Missing."""
        await self._copy(self.store.root, original.store.key(original.name), self.store.key(self.name))

    async def _copy(self, store: ObjectStore, source: str, target: str) -> None:
        with told(self.store.name):
            try:
                await obstore.copy_async(self._marking(store), source, target, overwrite=False)
            except AlreadyExistsError:
                raise Taken from None

    def _marking(self, store: ObjectStore) -> ObjectStore:
        """Return `store`, on S3 with what its conditional copy needs.

        That copy is a multipart upload of one part, which keeps no attributes; the media type is what it can be given,
        and so it carries the mark. One large part takes its time before the answer begins.
        """
        if not isinstance(store, S3Store) or "copy_if_not_exists" in store.config:
            return store
        client = {**(store.client_options or {}), "default_content_type": f"{_TYPE}; {_MARK}={self.mark}"}
        return S3Store(
            prefix=store.prefix,
            config=cast(Any, {**store.config, "copy_if_not_exists": "multipart"}),
            client_options=cast(Any, client | {"read_timeout": "15m"}),
            retry_config=store.retry_config,
        )

    async def note(self, content: Content) -> None:
        """Note beside the object what it holds, so that copies of it can be checked; `sha256` "" if it is not known."""
        e_tag, _, _ = await self._head(self.name)
        record = _Record(self.mark, e_tag, content.size, content.sha256)
        with told(self.store.name):
            await obstore.put_async(self.store.raw, self._record_path, json.dumps(asdict(record)).encode())

    # ------------------------------------------------------------------ taking away

    async def discard(self) -> None:
        """Delete what is staged, or was left of it."""
        await self._delete(self.staging)

    async def delete(self) -> None:
        """Delete the object if it is ours still; what replaced it stays. Raises Failed if that can't be told."""
        found = await self.look()
        if found is Look.UNKNOWN:
            why = f"{self.id} bears no mark, so nobody can tell whether it is what the task made; look, then resolve"
            raise Failed(why, reason="RESOURCE_UNCERTAIN", metadata={"store": self.store.name, "object": self.name})
        if found is Look.OURS:
            await self._delete(self.name)
            await self._delete(self._record_path)

    async def _delete(self, path: str) -> None:
        try:
            with told(self.store.name):
                await obstore.delete_async(self.store.raw, path)
        except (Missing, NoBucket):
            return


async def _limited(pieces: AsyncIterator[Piece], limit: int | None) -> AsyncIterator[Piece]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if limit is not None and size > limit:
            raise too_large(limit)
        yield piece
