"""A driver at work: a process that is asked in JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.conformance.runner.languages import Language

LONGEST_LINE = 64 * 1024 * 1024
# A driver that is told that there is no more to do has so many seconds to end.
LEAVE = 5.0
# What is kept of what a driver wrote to stderr.
KEPT = 20_000


class Ended(Exception):
    """The driver ended, or said what is no answer."""

    said = ""


@dataclass(eq=False)
class Stream:
    """What was answered to one request: events, and in the end `answer`, which has a `value` or an `error`."""

    number: int
    events: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Driver:
    """A process of a language's driver; `said` is what it wrote to stderr."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._open: dict[int, Stream] = {}
        self._over = ""
        self.said = ""
        self._readers = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._read_stderr())]

    @classmethod
    async def start(cls, language: Language, environ: Mapping[str, str]) -> Driver:
        """Start the driver of a language."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")}
        process = await asyncio.create_subprocess_exec(
            *language.run,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=language.folder,
            env={**own, **language.environ, **environ},
            limit=LONGEST_LINE,
        )
        return cls(process)

    @property
    def over(self) -> str:
        """Why nothing can be asked any more; "" while it can."""
        return self._over

    def ask(self, op: str, args: Mapping[str, Any]) -> Stream:
        """Send a request, and return what will be answered."""
        stream = Stream(next(self._numbers))
        self._open[stream.number] = stream
        assert self._process.stdin is not None, "it was started with pipes"
        if self._over:
            raise Ended(self._over)
        self._process.stdin.write(json.dumps({"id": stream.number, "op": op, "args": args}).encode() + b"\n")
        return stream

    async def next(self, stream: Stream) -> None:
        """Wait until something more is known of a stream. Raises Ended."""
        while not stream.news.is_set():
            if self._over:
                raise Ended(self._over)
            waiting = asyncio.ensure_future(stream.news.wait())
            await asyncio.wait([waiting, self._readers[0]], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        stream.news.clear()

    async def close(self) -> None:
        """End the driver: in order where it does, and otherwise by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(LEAVE):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _read(self) -> None:
        try:
            assert self._process.stdout is not None, "it was started with pipes"
            while line := await self._process.stdout.readline():
                self._take(json.loads(line))
            self._over = f"the driver ended with {await self._process.wait()}"
        except (ValueError, KeyError, TypeError) as error:
            self._over = f"the driver wrote what is no answer: {error!r}"

    def _take(self, answer: dict[str, Any]) -> None:
        stream = self._open[answer["id"]]
        if "event" in answer:
            stream.events.append(answer["event"])
        else:
            stream.answer = answer
        stream.news.set()

    async def _read_stderr(self) -> None:
        assert self._process.stderr is not None, "it was started with pipes"
        while text := await self._process.stderr.read(4096):
            self.said = (self.said + text.decode(errors="replace"))[-KEPT:]
            if os.environ.get("CONFORMANCE_STDERR"):
                sys.stderr.write(text.decode(errors="replace"))
