"""Putting one image into its places: read once, uploaded to all, then named, each step in the ledger beforehand."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Protocol, TypeVar

from wharfinger.runtime.protocol import LeaseLost, Rejected
from wharfinger.script import AsyncIntent, AsyncTask, Failed, Refused
from wharfinger_image.inspecting import Inspector
from wharfinger_image.kept import Origin, StartOver, skipped
from wharfinger_image.keys import object_key, staging_key
from wharfinger_image.place import Look, Place, Taken
from wharfinger_image.promise import Promise, mismatch
from wharfinger_image.refusals import Missing
from wharfinger_image.resources import STAGING, type_of
from wharfinger_image.resuming import Resuming
from wharfinger_image.standing import Standing, name_taken
from wharfinger_image.transfer import Content, Piece, too_large, transfer
from wharfinger_image.unbroken import unbroken

T = TypeVar("T")

_DEFINITE = frozenset({"STORE_REFUSED", "STORE_FULL"})
_UNANSWERED = frozenset({"RESOURCE_UNCERTAIN", "STORE_UNAVAILABLE"})


class Reader(Protocol):
    """Where an image comes from. `size` and `origin` are known, if they can be, once the first piece was read."""

    @property
    def size(self) -> int | None:
        """How many bytes there are; None: not known."""
        ...

    @property
    def shown(self) -> str:
        """What to call it in messages."""
        ...

    @property
    def origin(self) -> Origin | None:
        """Which bytes they are; None: nobody could tell later whether they are still the same."""
        ...

    @property
    def doubtful(self) -> bool:
        """Whether an early end can't be told from the end."""
        ...

    def resume(self, origin: Origin) -> bool:
        """Whether this is still `origin`, as far as is known before it is asked, so that it may be gone on from."""
        ...

    def stream(self, start: int = 0) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """Read it from byte `start` on. Reading may raise StartOver: then it is to be called again, from 0."""
        ...


class _NotSaved(Exception):
    """There is no memo."""


def _nothing() -> Any:
    raise _NotSaved


async def saved(task: AsyncTask, key: str) -> Any:
    """Return what `task.once(key, …)` saved in this or an earlier attempt; None if it saved nothing yet."""
    try:
        return await task.once(key, _nothing)
    except _NotSaved:
        return None


async def seed(task: AsyncTask) -> str:
    """Return the task's own random word, the same in every attempt, that its marks are made of."""
    return await task.once("mark", lambda: secrets.token_hex(16))


class Placing:
    """One task's way from `reader` into `places`.

    `promise` is what the bytes must be, `limit` how many there may be; `verb` names the step in which they are read.
    `form` is the format that they must have (see Inspector), or `any`. `if_exists` is what becomes of a name that is
    taken (see Standing).
    """

    def __init__(
        self,
        task: AsyncTask,
        places: Sequence[Place],
        reader: Reader,
        *,
        promise: Promise,
        limit: int,
        verb: str,
        form: str = "any",
        if_exists: str = "refuse",
    ) -> None:
        self._task = task
        self._places = places
        self._reader = reader
        self._promise = promise
        self._limit = limit
        self._verb = verb
        self._form = form
        self._standing = Standing(promise, if_exists)
        self._failures: dict[str, Failed] = {}
        self._staging: set[str] = set()
        self._ours: set[str] = set()
        self._kept_as_proof: set[str] = set()

    async def run(self) -> dict[str, Any]:
        """Do it all and return the result; places that exist from an earlier attempt are used as they are.

        Raises Failed if any place failed; the others are completed all the same.
        """
        # What an earlier attempt staged is taken away with the rest, however this one ends.
        mine = {place.id for place in self._places} if self._task.attempt > 1 else self._staging
        try:
            return await self._run()
        except LeaseLost:
            raise
        except BaseException:
            for place in self._places:
                if place.id in mine | self._staging and place.id not in self._kept_as_proof:
                    with suppress(Failed, Rejected):  # what is left is in the ledger; the first error counts
                        await self._discard(place)
            raise

    async def _run(self) -> dict[str, Any]:
        content = await self._known_content()
        ready = await self._look(content)
        done = [*ready, *(place for place in self._places if place.id in self._failures)]
        missing = [place for place in self._places if place not in done and not self._standing.settled(place)]
        if missing:
            content, uploaded = await self._upload(missing)
            ready += uploaded
            await self._each(missing, partial(self._compare, content=content))
        elif content is None:
            content = self._standing.content
        if content is not None:
            await self._each(ready, partial(self._publish, content=content))
            await self._each(self._places, self._adopt)
        if self._failures or content is None:
            raise self._failure()
        return {
            "name": self._places[0].name,
            "size": content.size,
            "sha256": content.sha256,
            "objects": [{"store": place.store.name, "path": place.name, **place.about} for place in self._places],
        }

    async def _known_content(self) -> Content | None:
        memo = await saved(self._task, "content")
        return Content(**memo) if memo else None

    # ------------------------------------------------------------------ what is there

    async def _look(self, content: Content | None) -> list[Place]:
        """Return the places that have, or have staged, the whole image from an earlier attempt."""
        ready: list[Place] = []

        async def one(place: Place) -> None:
            found = await place.look()
            if found in (Look.TAKEN, Look.UNKNOWN):
                await self._standing.judge(place)
            if found is Look.OURS:
                self._ours.add(place.id)
            if content is not None and (found is Look.OURS or await place.staged(content.size)):
                ready.append(place)

        await self._each(self._places, one)
        return ready

    async def _compare(self, place: Place, *, content: Content) -> None:
        await self._standing.compare(place, content)

    async def _adopt(self, place: Place) -> None:
        """List an object that is the very image already; it stays whose it was."""
        if self._standing.settled(place):
            self._task.notify(f"{place.id} is this very image already; it stays as it is")
            key = object_key(place.store.name, place.name)
            await self._task.adopt(type_of(place), key, place.id, attributes=_facts(place))
            if self._task.attempt > 1:
                await self._discard(place)

    # ------------------------------------------------------------------ bytes

    async def _upload(self, places: Sequence[Place]) -> tuple[Content, list[Place]]:
        resuming = await Resuming.of(places, self._reader) if self._task.attempt > 1 else Resuming(self._reader)
        while True:
            try:
                async with aclosing(resuming.pieces()) as pieces:
                    return await self._transfer(pieces, places, resuming)
            except StartOver:
                resuming = Resuming(self._reader)
                said = f"{self._reader.shown} could not go on where it broke off; reading it from the beginning"
                self._task.notify(said, "warning")

    async def _transfer(
        self, pieces: AsyncIterator[Piece], places: Sequence[Place], resuming: Resuming
    ) -> tuple[Content, list[Place]]:
        first = await anext(pieces, None)
        size = self._reader.size
        if first is None:
            raise Failed(f"{self._reader.shown} is empty", reason="SOURCE_FAILED", metadata={"cause": "empty"})
        self._promise.check_size(self._reader.shown, size)
        if size is not None and size > self._limit:
            raise too_large(self._limit, size)
        open_places = await self._opened([place for place in places if not self._standing.compares(place)])
        if resuming.position:
            self._task.notify(f"going on at byte {resuming.position}, where an earlier attempt was cut short")
        checked = _chain(first, pieces)
        if self._form != "any":
            checked = Inspector(self._form, self._reader.shown).watched(checked)
        with self._task.step(self._verb, total=size, unit="bytes") as step:
            content, errors = await transfer(
                self._promise.bounded(self._reader.shown, checked),
                [partial(self._send, place, size, resuming.start(place)) for place in open_places],
                limit=self._limit,
                check=self._check,
                advance=step.advance,
                sha512=bool(self._promise.sha512),
            )
        uploaded = []
        for place, error in zip(open_places, errors, strict=True):
            if error is None:
                uploaded.append(place)
            elif isinstance(error, Failed):
                self._failures[place.id] = error
                await self._each([place], self._discard)
            else:
                raise error
        return content, uploaded

    async def _opened(self, places: Sequence[Place]) -> list[Place]:
        """Return those of `places` that can be uploaded to. Raises Failed if there are some, and none can."""
        await self._each(places, self._stage)
        for place in places:
            if place.id in self._failures:
                self._task.notify(self._failures[place.id].message, "warning")  # the other stores may go on for hours
                await self._each([place], self._discard)
        found = [place for place in places if place.id not in self._failures]
        if places and not found:
            raise self._failure()
        return found

    async def _stage(self, place: Place) -> None:
        if place.id not in self._staging:  # otherwise from before it started over
            # A cancellation in the middle would leave an entry that nobody here knows of.
            await unbroken(self._list(place))
        await place.prove()

    async def _list(self, place: Place) -> None:
        await list_staging(self._task, place)
        self._staging.add(place.id)

    async def _send(self, place: Place, size: int | None, start: int, pieces: AsyncIterator[Piece]) -> None:
        try:
            await place.upload(skipped(pieces, start), size, most=self._limit, start=start, origin=self._reader.origin)
        except (Failed, Missing) as error:
            word = error if isinstance(error, Failed) else vanished(place)
            self._task.notify(word.message, "warning")
            raise word from None

    async def _check(self, content: Content) -> None:
        try:
            self._promise.check(self._reader.shown, content)
        except Failed as error:
            if not self._reader.doubtful:
                raise
            why = f"{error.message}. Its server does not say how long it is, so it may have been cut short"
            raise Failed(why, reason=error.reason, retryable=True, metadata=error.metadata) from None
        before = Content(**await self._task.once("content", lambda: asdict(content)))
        if before != content:
            raise mismatch(f"{self._reader.shown} changed since an earlier attempt", before.sha256, content.sha256)

    # ------------------------------------------------------------------ names

    async def _publish(self, place: Place, *, content: Content) -> None:
        facts = {**_facts(place), "size": str(content.size), "sha256": content.sha256, **place.about}
        replace = self._standing.replaces(place)
        try:
            if place.id not in self._ours:
                await place.prepare(content.size)
            await self._task.create(
                type_of(place),
                object_key(place.store.name, place.name),
                lambda _: name_it(place, replace=replace, made=place.id in self._ours),
                attributes=facts,
                undo_data=_undo_data(place),
            )
        except (Failed, Missing) as error:
            if isinstance(error, Failed) and error.reason in _UNANSWERED:
                self._kept_as_proof.add(place.id)  # what is staged stays: the proof of what became of it
            else:
                await self._discard(place)
            raise
        await note(self._task, place, content)
        await self._discard(place)

    async def _discard(self, place: Place) -> None:
        """Take away what is staged for `place`, if the ledger has it."""
        await discard_staging(self._task, place)
        self._staging.discard(place.id)

    # ------------------------------------------------------------------ failures

    async def _each(self, places: Sequence[Place], work: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
        """Do `work` for all places at once; a place that fails is noted, and does not harm the others."""
        errors = await asyncio.gather(*map(work, places), return_exceptions=True)
        for place, error in zip(places, errors, strict=True):
            word = vanished(place) if isinstance(error, Missing) else error
            if isinstance(word, Failed):
                self._failures.setdefault(place.id, word)
            elif word is not None:
                raise word

    def _failure(self) -> Failed:
        failures = list(self._failures.items())
        first = failures[0][1]
        if len(self._places) == 1:
            return first
        whole = [place.id for place in self._places if place.id not in self._failures]
        said = "; ".join(error.message for _, error in failures)
        said += f". Complete: {', '.join(whole)}" if whole else ""
        return Failed(
            said,
            reason=first.reason,
            code=first.code,
            retryable=all(error.retryable for _, error in failures),
            metadata=first.metadata,
        )


async def list_staging(task: AsyncTask, place: Place) -> None:
    """Have the ledger list what is going to be uploaded to `place`, before anything is."""

    async def call(intent: AsyncIntent) -> None:
        await intent.created(place.staging_id)

    await task.create(
        STAGING,
        staging_key(place.store.name, place.name),
        call,
        attributes=_facts(place),
        undo_data=_undo_data(place),
    )


async def discard_staging(task: AsyncTask, place: Place) -> None:
    """Take away what is staged for `place`, if the ledger has it."""
    try:
        await task.remove(staging_key(place.store.name, place.name))
    except Rejected as error:
        if error.failure.reason not in ("KEY_UNKNOWN", "KEY_REUSED"):
            raise


async def name_it(place: Place, *, replace: bool = False, made: bool = False) -> str:
    """Give the image at `place` its name, unless an earlier attempt has `made` it; the call of its `create`."""
    try:
        if made and await place.look() is Look.OURS:
            return place.id
        await place.publish(replace=replace)
    except (Taken, Missing, Failed) as error:
        if isinstance(error, Failed) and error.reason not in _DEFINITE:
            raise
        if await place.look() is Look.OURS:
            return place.id  # by an earlier call, or all but for what came after
        if isinstance(error, Taken):
            raise name_taken(place) from None
        word = error if isinstance(error, Failed) else vanished(place)
        raise Refused(word.message, reason=word.reason, metadata=word.metadata) from None
    return place.id


async def note(task: AsyncTask, place: Place, content: Content) -> None:
    """Note beside the object at `place` what it holds; that this fails is told, and changes nothing.

    Raises Missing if the object itself is not there any more: what a store has taken back is no success.
    """
    try:
        await place.note(content)
    except Failed as error:
        task.notify(f"the checksum of {place.id} could not be noted beside it: {error}", "warning")


def _facts(place: Place) -> dict[str, str]:
    return {"store": place.store.name, "name": place.name}


def _undo_data(place: Place) -> dict[str, str]:
    return {"store": place.home, "name": place.name, "mark": place.mark}


def vanished(place: Place) -> Failed:
    """Return the failure of what was in a store, and is not there any more."""
    why = f"what was uploaded to store {place.store.name!r} is gone again; somebody else deletes there"
    metadata = {"store": place.store.name, "cause": "gone"}
    return Failed(why, reason="STORE_UNAVAILABLE", retryable=True, metadata=metadata)


async def _chain(first: Piece, rest: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    yield first
    async for piece in rest:
        yield piece
