"""The watch of a whole project: it must tell each event of each task once, in order, without a gap."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from wharfinger import aio
from wharfinger.events import ProgressUpdate, Snapshot

FEED_LAG = 20.0
"""Seconds within which the watch must have told everything at the end."""


class Feed:
    """Watches a project from its construction on, across every death of the server; `told` are the events by task."""

    def __init__(self, client: aio.Client) -> None:
        self.told: dict[str, list[int]] = {}
        self._shown: dict[str, int] = {}
        self._client = client
        self._watching = asyncio.create_task(self._watch(client))

    async def begun(self, script: str, params: Mapping[str, Any]) -> None:
        """Return once the watch tells what happens: of a task that ended before that it rightly tells nothing.

        It is known by a task of `script` that is not to begin today, of which nothing is left afterwards.
        """
        later = {"not_before_time": datetime.now(UTC) + timedelta(days=1)}
        mark = (await self._client.submit(script, dict(params), policy=later)).name
        async with asyncio.timeout(FEED_LAG):
            while mark not in self.told and not self._watching.done():
                await asyncio.wait([self._watching], timeout=0.05)
        await self._client.cancel(mark)
        await self._client.wait(mark)
        await self._client.delete(mark)

    async def _watch(self, client: aio.Client) -> None:
        async for news in client.watch_project(heartbeat=1.0):
            told = self.told.setdefault(news.name, [])
            if isinstance(news, Snapshot):  # of what was there when the watch began; some of it may be told as events
                told[:] = range(1, news.sequence + 1)
                self._shown[news.name] = news.sequence
            elif not isinstance(news, ProgressUpdate):
                shown = self._shown.pop(news.name, 0)
                if news.sequence <= shown:
                    del told[news.sequence - 1 :]
                told.append(news.sequence)

    async def end(self, seen: Mapping[str, list[int]]) -> list[str]:
        """Wait until the watch has told all that others saw, by task; return what it told otherwise."""
        watching = self._watching
        with suppress(TimeoutError):
            async with asyncio.timeout(FEED_LAG):
                while not watching.done() and any(self.told.get(name, []) != told for name, told in seen.items()):
                    await asyncio.wait([watching], timeout=0.1)
        watching.cancel()
        (error,) = await asyncio.gather(watching, return_exceptions=True)
        wrongs = [f"the watch of the project ended: {error}"] if isinstance(error, Exception) else []
        return wrongs + [
            f"{name}: the project's watch told {len(told)} events, and the task's {len(sequences)}; "
            f"the first that differs is {_first_difference(told, sequences)}"
            for name, sequences in seen.items()
            if (told := self.told.get(name, [])) != sequences
        ]


def _first_difference(told: list[int], right: list[int]) -> str:
    """Return where two lists of events part."""
    for one, other in itertools.zip_longest(told, right):
        if one != other:
            return f"{one} where {other} was due"
    return "none"
