"""The place of an image: one name in one object store, written so that nothing half-done ever bears the name.

The bytes go to a staging path first. When they are whole and checked they get their name in one step that fails if the
name is taken: a hard link in a folder, a conditional completion on S3, a conditional copy by the provider elsewhere.
What bears our mark, a random word that the task keeps, is ours; anything else is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import obstore
from obstore.exceptions import AlreadyExistsError

from wharfinger.script import Failed, Store
from wharfinger_image.kept import Kept, Origin, StartOver
from wharfinger_image.refusals import Missing, NoBucket, told
from wharfinger_image.transfer import Content, Piece, too_large

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MIB = 1024 * 1024
PIECE = 4 * MIB
PARTS = 9000
"""Into how many parts a large image is divided at most; S3 and its kin take 10,000."""

MARK = "wharfingermark"
TYPE = "application/octet-stream"
HOME = ".wharfinger"
_LONGEST_NAME = 255
"""What file systems take as one part of a path, in bytes."""


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
    sha512: str = ""


def mark_of(seed: str, store: str) -> str:
    """Return the mark of one store, made of the task's own random `seed`: two names of one bucket must not collide."""
    return hashlib.sha256(f"{seed}\0{store}".encode()).hexdigest()[:32]


class Place:
    """One name in one store.

    `mark` tells what is ours. `inherited` is the mark that a copy made by the provider brings along from its original.
    `part` is how many bytes one request uploads at least, `copy` how many the provider is asked to copy by one.
    Every method raises Failed (STORE_FULL, STORE_REFUSED, STORE_UNAVAILABLE) where the store does not do its part.
    """

    prepares: ClassVar[bool] = False
    """Whether `prepare` and `prepare_copy` do something that a staging entry must tell of."""

    _width: ClassVar[int] = 4
    """How many parts of an upload are on their way at once."""

    def __init__(
        self,
        store: Store,
        name: str,
        mark: str = "",
        inherited: str = "",
        *,
        part: int = 8 * MIB,
        copy: int = 1024 * MIB,
    ) -> None:
        self.store = store
        self.name = name
        self.mark = mark
        self.staging = f"{HOME}/staging/{mark}"
        self._inherited = inherited
        self._part = part
        self._copy_part = copy
        self._record_path = f"{HOME}/objects/{_noted_as(name)}.json"

    @property
    def id(self) -> str:
        """The object's id in the ledger."""
        return f"{self.store.name}/{self.name}"

    @property
    def about(self) -> dict[str, str]:
        """What else the ledger and the result tell of the object, once it is uploaded."""
        return {}

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
        return self.store.max_size

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
        """Return what the object is known to hold; None if nothing is known, or it was changed since."""
        content, unchanged = await self.recorded()
        return content if unchanged else None

    async def recorded(self) -> tuple[Content | None, bool]:
        """Return what was noted of the object, None if nothing was; and whether it has stayed the same since."""
        record = await self._record()
        if record is None or not record.sha256:
            return None, False
        try:
            e_tag, _, _ = await self._head(self.name)
        except Missing:
            return None, False
        return Content(record.size, record.sha256, record.sha512), record.e_tag == e_tag

    async def facts(self) -> tuple[int, str]:
        """Return the size of what stands under the name and the mark on it, whosever it is, or "". Raises Missing."""
        _, size, mark = await self._head(self.name)
        return size, mark

    async def e_tag(self) -> str:
        """Return the entity tag of what stands under the name. Raises Missing."""
        return (await self._head(self.name))[0]

    async def _head(self, path: str) -> tuple[str, int, str]:
        """Return e_tag, size and mark of what is at `path`. Raises Missing."""
        with told(self.store.name):
            found = await obstore.get_async(self.store.raw, path, options={"head": True})
            kind = str(found.attributes.get("Content-Type", ""))
            mark = found.attributes.get(MARK) or kind.partition(f"{MARK}=")[2]
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

    async def open(self, start: int = 0, e_tag: str = "") -> tuple[int, str, AsyncIterator[Piece]]:
        """Return the object's size, its entity tag and its bytes from `start` on, piece by piece.

        Raises Missing; and StartOver if it is not what had `e_tag` any more, from whose middle on it is asked for.
        """
        with told(self.store.name):
            if not start:
                found = await obstore.get_async(self.store.raw, self.name)
                return found.meta["size"], found.meta["e_tag"] or "", self._pieces(found.stream(min_chunk_size=PIECE))
            now, size, _ = await self._head(self.name)
            if now != e_tag or start > size:
                raise StartOver
            if start == size:
                return size, now, _none()
            found = await obstore.get_async(self.store.raw, self.name, options={"range": {"offset": start}})
            if found.meta["e_tag"] != e_tag:
                raise StartOver
            return size, now, self._pieces(found.stream(min_chunk_size=PIECE))

    async def _pieces(self, stream: Any) -> AsyncIterator[Piece]:
        with told(self.store.name):
            async for piece in stream:
                yield memoryview(piece)

    # ------------------------------------------------------------------ writing

    async def kept(self) -> Kept | None:
        """Return what an upload that was cut short has left that one can go on from; None: nothing."""
        return None

    def reading(self, position: int) -> AsyncIterator[Piece]:
        """Read the first `position` bytes of what is `kept`. Raises Missing if they are not all there."""
        raise NotImplementedError

    async def prove(self) -> None:
        """See, once for each store, that it keeps to conditions; what is staged is there to try it on.

        Raises Failed (STORE_MISCONFIGURED) for a store that would overwrite what has a name, or takes no conditions.
        """

    async def upload(
        self,
        pieces: AsyncIterator[Piece],
        size: int | None,
        *,
        most: int = 0,
        start: int = 0,
        origin: Origin | None = None,
    ) -> None:
        """Write `pieces` (of `size` bytes in all, if that is known, and never more than `most`) to the staging path.

        `pieces` begin at byte `start`: what is `kept` up to there is built upon. `origin` is what they are, for those
        who go on later. Nothing looks whole until all of it is there. Raises Failed (SIZE_LIMIT) too, and what `pieces`
        raises.
        """
        self._check_limit(size)
        with told(self.store.name):
            await obstore.put_async(
                self.store.raw,
                self.staging,
                limited(pieces, self.limit),
                attributes=self._attributes(),
                chunk_size=self._part_of(size, most),
                max_concurrency=self._width,
            )

    def _check_limit(self, size: int | None) -> None:
        if size is not None and self.limit is not None and size > self.limit:
            raise too_large(self.limit, size)

    def _part_of(self, size: int | None, most: int) -> int:
        """Return how large the parts must be that an image of `size`, or at most `most`, bytes is divided into."""
        largest = size if size is not None else min(filter(None, (self.limit, most)), default=0)
        return max(self._part, -(-largest // PARTS // MIB) * MIB)

    def _attributes(self) -> dict[str, str] | None:
        return {"Content-Type": TYPE, MARK: self.mark}

    async def prepare(self, size: int) -> None:
        """Get what is staged, `size` bytes, so far that `publish` is one request. Raises Missing if it is not whole."""

    async def prepare_copy(self, original: Place, size: int, e_tag: str) -> None:
        """As `prepare`, of `original` in the same bucket. Raises Missing."""
        raise NotImplementedError

    async def publish(self, *, replace: bool = False) -> None:
        """Give what is staged its name. Raises Taken if something has it, unless it may `replace` that; and Missing."""
        await self._copy(self.store.raw, self.staging, self.name, replace=replace)

    async def copy_from(self, original: Place, *, replace: bool = False) -> None:
        """Let the provider copy `original`, of the same provider, to this name. Raises Taken, and Missing."""
        source, target = original.store.key(original.name), self.store.key(self.name)
        await self._copy(self.store.root, source, target, replace=replace)

    async def _copy(self, store: ObjectStore, source: str, target: str, *, replace: bool = False) -> None:
        with told(self.store.name):
            try:
                await obstore.copy_async(store, source, target, overwrite=replace)
            except AlreadyExistsError:
                raise Taken from None

    async def note(self, content: Content) -> None:
        """Note beside the object what it holds, so that copies of it can be checked; `sha256` "" if it is not known."""
        e_tag, _, _ = await self._head(self.name)
        record = _Record(self.mark, e_tag, content.size, content.sha256, content.sha512)
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


def _noted_as(name: str) -> str:
    """Return what the note about the object `name` is called: a file of that name with an ending must be possible."""
    longest = max(len(part.encode()) for part in name.split("/"))
    # While it is written there are a "#" and a number behind it.
    return name if longest + len(".json#99999") <= _LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()


async def _none() -> AsyncIterator[Piece]:
    nothing: tuple[Piece, ...] = ()
    for piece in nothing:
        yield piece


async def limited(pieces: AsyncIterator[Piece], limit: int | None, size: int = 0) -> AsyncIterator[Piece]:
    """Pass `pieces` on, before which `size` bytes went; raise Failed (SIZE_LIMIT) at one that is too many."""
    async for piece in pieces:
        size += len(piece)
        if limit is not None and size > limit:
            raise too_large(limit)
        yield piece
