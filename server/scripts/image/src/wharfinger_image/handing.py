"""Handing one image over to whoever owns a presigned URL, with what that leaves in the ledger.

While bytes are on their way the ledger has an `image.upload`: the place behind the URL may hold what we wrote. In the
end that entry is taken back, and the image is listed as an `image.delivery` that is not ours: it belongs to the URL's
owner, is never undone, and keeps nobody from deleting the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from typing import Any

from wharfinger.runtime.protocol import LeaseLost, Rejected
from wharfinger.script import AsyncIntent, AsyncTask, Failed
from wharfinger_image.keys import delivery_key, upload_key
from wharfinger_image.placing import saved
from wharfinger_image.promise import Promise
from wharfinger_image.resources import DELIVERY, UPLOAD
from wharfinger_image.stored import Stored
from wharfinger_image.target import Target
from wharfinger_image.transfer import Content, Piece, too_large, transfer


class Handing:
    """One image's way from `original` to `target`; `promise` is what it must be."""

    def __init__(
        self, task: AsyncTask, original: Stored, target: Target, *, promise: Promise, limit: int, retries: int
    ) -> None:
        self._task = task
        self._original = original
        self._target = target
        self._promise = promise
        self._limit = limit
        self._retries = retries
        self._listed = False

    async def run(self) -> Content:
        """Write the image and return what it was. Raises Failed; what was certainly not taken leaves no entry open."""
        memo = await saved(self._task, "delivered")
        try:
            content = Content(**memo) if memo else await self._persist()
        except LeaseLost:
            raise
        except BaseException:
            if not self._target.whole:  # otherwise it may be there, and the entry says so
                await self._take_back()
            raise
        await self._task.once("delivered", lambda: asdict(content))
        facts = {"url": self._target.shown, "size": str(content.size), "sha256": content.sha256}
        await self._task.adopt(DELIVERY, delivery_key(self._target.shown), self._target.shown, attributes=facts)
        await self._take_back()
        return content

    async def _persist(self) -> Content:
        """Try, and again where the failure may pass: the same bytes to the same place do no harm."""
        tried = 0
        while True:
            try:
                return await self._once()
            except Failed as error:
                if not error.retryable or tried == self._retries:
                    raise
                self._task.notify(f"{error.message}; trying again", "warning")
            tried += 1
            await asyncio.sleep(min(0.1 * 2**tried, 10.0))

    async def _once(self) -> Content:
        async with self._original.stream() as pieces:
            size = self._original.size or 0
            self._promise.check_size(self._original.shown, size)
            if size > self._limit:
                raise too_large(self._limit, size)
            await self._list()
            with self._task.step("upload", total=size, unit="bytes") as step:
                content, errors = await transfer(
                    pieces,
                    [partial(self._put, size)],
                    limit=self._limit,
                    check=partial(self._check, size),
                    advance=step.advance,
                )
        for error in errors:
            if error is not None:
                raise error
        return content

    async def _put(self, size: int, pieces: AsyncIterator[Piece]) -> None:
        if not await self._target.put(pieces, size):
            self._task.notify(f"{self._target.shown} took the image, and gave no MD5 to compare it by", "debug")

    async def _check(self, size: int, content: Content) -> None:
        self._promise.check(self._original.shown, content)
        if content.size != size:
            facts = {"expected": str(size), "actual": str(content.size)}
            raise Failed(f"{self._original.shown} changed while it was read", reason="SIZE_MISMATCH", metadata=facts)

    # ------------------------------------------------------------------ the ledger

    async def _list(self) -> None:
        if self._listed:
            return  # by an earlier try

        async def call(intent: AsyncIntent) -> None:
            await intent.created(self._target.shown)

        shown = self._target.shown
        await self._task.create(UPLOAD, upload_key(shown), call, attributes={"url": shown})
        self._listed = True

    async def _take_back(self) -> None:
        """Close the entry of what is on its way: nothing of it is there, or it is not ours any more."""
        try:
            await self._task.remove(upload_key(self._target.shown), lambda _: None)
        except Rejected as error:
            if error.failure.reason not in ("KEY_UNKNOWN", "KEY_REUSED"):
                raise


def result(name: str, target: Target, content: Content) -> dict[str, Any]:
    """Return the result of an export to a URL."""
    host, _, path = target.shown.removeprefix("https://").removeprefix("http://").partition("/")
    return {
        "name": name,
        "size": content.size,
        "sha256": content.sha256,
        "objects": [{"store": host, "path": path}],
    }
