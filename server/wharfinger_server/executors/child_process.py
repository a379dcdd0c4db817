"""One child process of the `process` executor, from its start to the end of all that it left behind."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from wharfinger.worker.desk import Desk
from wharfinger.worker.frames import HEADER, Kind, frame, parse_header, parse_request
from wharfinger.worker.marked import kill_marked
from wharfinger_server.sdk.executor import Job

log = logging.getLogger(__name__)

_LAST_WORDS = 50
"""Lines that a child writes past `print`, as a crash does, which are told with its end."""
_LINE = 2000
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a child is replaced: after so many `jobs`, or larger than `recycle_memory` bytes; and what it may use.

    `memory` is in bytes of address space, `processor_time` in seconds for each job; 0: no limit.
    """

    jobs: int
    recycle_memory: int
    memory: int
    processor_time: int


@dataclass(frozen=True, slots=True)
class Setup:
    """Where a job's script is: a module by its name, or by its `file` if that is not empty; and its colour."""

    module: str
    file: str
    asynchronous: bool


class Nursery(Protocol):
    """Who has children; hears of them on the loop."""

    def idle(self, child: ChildProcess) -> None:
        """Hear that a child can take a job."""
        ...

    def ended(self, job: Job, lost: str) -> None:
        """Hear that nothing of a job runs any more; `lost`: why it reported no outcome, "" if it did."""
        ...

    def broken(self, job: Job, why: str) -> None:
        """Hear that a job can report nothing more."""
        ...

    def gone(self, child: ChildProcess) -> None:
        """Hear that a child has ended, and all that it left behind."""
        ...


class ChildProcess:
    """A child, on the server's loop. Implements `wharfinger.worker.desk.Owner` for the one job that it has."""

    def __init__(self, nursery: Nursery, limits: Limits) -> None:
        self._nursery = nursery
        self._limits = limits
        self.mark = secrets.token_hex(4)
        self.job: Job | None = None
        self.started = False
        self._whole_mark = ""
        self._leaving = False
        self._jobs = 0
        self._why = ""
        self._words: list[str] = []
        self._gone = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._desk = Desk(self, self._send)
        self._watching: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether it can take a job."""
        return self.started and self.job is None and not self._leaving and not self._why and not self._gone.is_set()

    @property
    def number(self) -> int:
        """The process's number, 0 before there is one."""
        return self._process.pid if self._process is not None else 0

    async def gone(self) -> None:
        """Wait until it has ended."""
        if self._watching is not None:
            await self._gone.wait()

    async def start(self, environment: Mapping[str, str], mark: str) -> None:
        """Start it, with this environment, by whose `mark` what it leaves behind is found. Raises OSError."""
        self._whole_mark = mark
        ours, its = socket.socketpair()
        # Not one of asyncio's own: for it a process is over when its pipes are, and what it forked may hold those.
        heard, said = os.pipe()
        try:
            with its, os.fdopen(said, "wb") as words:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "wharfinger.worker.child", str(its.fileno()), str(os.getpid())),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=words,
                    stderr=asyncio.subprocess.STDOUT,
                    pass_fds=(its.fileno(),),
                    env=environment,
                    start_new_session=True,
                )
            reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            os.close(heard)
            raise
        self._watching = asyncio.ensure_future(self._watch(self._process, reader, os.fdopen(heard, "rb")))
        self.started = True

    # ------------------------------------------------------------------ the job

    def give(self, job: Job, setup: Setup) -> None:
        """Give it a job."""
        self.job = job
        self._jobs += 1
        told = job.assignment
        environment = told.environment
        body = {
            "module": setup.module,
            "file": setup.file,
            "asynchronous": setup.asynchronous,
            "path": [place for place in sys.path if place],
            "environment": {
                "stores": _plain(environment.stores),
                "profiles": _plain(environment.profiles),
                "settings": _plain(environment.settings),
            },
            "secrets": sorted(told.redactor.secrets),
            "memory": self._limits.memory,
            "processor": self._limits.processor_time,
        }
        self._write(frame(Kind.SETUP, json.dumps(body).encode()))
        self._desk.give(told, job.version, job.session)

    def cancel(self, job: Job) -> None:
        """Ask its job to stop."""
        if self.job is job:
            for key in self._desk.held:
                self._desk.cancel(key, job.stop.reason)

    def kill(self, why: str) -> None:
        """Kill it, and all of its process group; its job is lost, because of `why`."""
        self._why = self._why or why
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                self._process.kill()

    def ended(self, key: object, lost: str) -> None:
        """Hear that nothing of its job runs any more."""
        job, self.job = self.job, None
        if job is not None:
            self._nursery.ended(job, lost)
        if self._leaving or self._jobs >= self._limits.jobs or self._is_large():
            self._leave()
        else:
            self._nursery.idle(self)

    def broken(self, key: object, why: str) -> None:
        """Hear that its job can report nothing more."""
        if self.job is not None:
            self._nursery.broken(self.job, why)

    def stranger(self, report: object) -> None:
        """Hear a report of a job that it does not have: what a job left running may still say so."""
        log.debug("a child process reports on a job that has ended")

    def _is_large(self) -> bool:
        most = self._limits.recycle_memory
        if not most or self._process is None:
            return False
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, ValueError):
            return False
        return pages * _PAGE > most

    def _leave(self) -> None:
        """Let it end: without the socket it does."""
        self._leaving = True
        if self._writer is not None:
            self._writer.close()

    # ------------------------------------------------------------------ the socket

    def _send(self, response: Any) -> None:
        self._write(frame(Kind.MESSAGE, response.SerializeToString()))

    def _write(self, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    async def _watch(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, heard: IO[bytes]) -> None:
        """Read what it says until its end, however that comes; then end what it left behind, and tell."""
        reading = asyncio.ensure_future(self._read(reader))
        words = asyncio.ensure_future(self._hear_words(heard))
        await process.wait()
        # What a script forked may hold the pipes open, for as long as it lives.
        await asyncio.to_thread(kill_marked, self._whole_mark)
        await asyncio.wait((reading, words), timeout=2.0)
        reading.cancel()
        words.cancel()
        if self._writer is not None:
            self._writer.close()
        self._gone.set()
        job, self.job = self.job, None
        if job is not None:
            for line in self._words[-_LAST_WORDS:]:
                job.session.log(3, line)
            self._nursery.ended(job, self._why or _how_it_ended(process.returncode or 0))
        self._nursery.gone(self)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                kind, length = parse_header(await reader.readexactly(HEADER.size))
                body = await reader.readexactly(length)
                if kind is Kind.LEAVING:
                    self._leaving = True
                elif kind is Kind.MESSAGE:
                    self._hear(body)
        except (asyncio.IncompleteReadError, OSError):
            await self._end_without_socket()
        except ValueError as malformed:
            self.kill(f"its process sent what can't be read: {malformed}")

    async def _end_without_socket(self) -> None:
        """Kill it if it does not end: whoever has closed the socket has most often just ended."""
        process = self._process
        if process is None:
            return
        try:
            await asyncio.wait_for(process.wait(), 2.0)
        except TimeoutError:
            self.kill("its process closed the connection to the server")

    def _hear(self, body: bytes) -> None:
        request = parse_request(body)
        kind = request.WhichOneof("kind")
        if kind == "report":
            self._desk.hear_report(request.report)
        elif kind == "ended":
            self._desk.hear_end(request.ended)

    async def _hear_words(self, heard: IO[bytes]) -> None:
        """Keep what it writes to its standard output and error past `print`: what C code says, or a crash."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), heard
        )
        try:
            rest = b""
            while part := await reader.read(1 << 16):
                # A crash is told a few bytes at a time: a line is one once it has ended.
                *lines, rest = (rest + part).split(b"\n")
                self._keep_words(lines)
                if len(rest) > _LINE:
                    self._keep_words([rest])
                    rest = b""
            self._keep_words([rest])
        finally:
            transport.close()

    def _keep_words(self, lines: Iterable[bytes]) -> None:
        """Keep the last lines that say something."""
        told = (line.decode(errors="replace").rstrip()[:_LINE] for line in lines)
        self._words += [line for line in told if line]
        del self._words[:-_LAST_WORDS]


def _how_it_ended(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"its process was ended by {name}"
    return f"its process ended with the exit code {code}"


def _plain(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: dict(table) for name, table in tables.items()}
