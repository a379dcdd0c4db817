"""The lock of a SQLite database: one server at a time, and none is locked out by one that crashed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from wharfinger_server.store.databases.forked import allow_children, keep_from_children
from wharfinger_server.store.errors import InUse

OPEN, CLOSED = "open", "closed"
"""How a server leaves a database: as it was when it was killed, or in order."""


class FileLock:
    """An advisory lock of the operating system on the database's file, which ends with the process that holds it.

    It is of another kind than the locks that SQLite takes, and does not meet with them. The file beside the database
    names the holder. It is locked as well, first: an open file of the database must not be closed in a process that
    has it open elsewhere, because SQLite's locks would go with it.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._note = database.with_name(database.name + ".lock")
        self._files: list[int] = []
        self.before = ""
        """How the server before left the database: OPEN, CLOSED, or "" where there was none that tells."""

    def take(self, look: Callable[[], None] = lambda: None) -> None:
        """Take the lock, and make the database's file where there is none; `look` is called before that.

        Raises InUse, naming the process that has it, and OSError where a file cannot be written.
        """
        try:
            self._lock(self._note)
            self.before = _lines(self._files[0])[1]
            look()
            self._lock(self._database)
        except BlockingIOError:
            holder = self._holder()
            self.release()
            raise InUse(f"{self._database} is in use by another server: {holder}") from None
        except BaseException:
            self.release()
            raise
        self.mark(self.before)
        keep_from_children(self._held)

    def _lock(self, path: Path) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._files.append(file)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def mark(self, state: str) -> None:
        """Note how the database stands, for the next server."""
        note = self._files[0]
        told = f"{os.getpid()}\n{state}\n".encode()
        os.pwrite(note, told, 0)
        os.ftruncate(note, len(told))

    def _held(self) -> list[int]:
        return self._files

    def _holder(self) -> str:
        """Return who has the lock, and what to do."""
        at, path = self._files[-1], self._note if len(self._files) == 1 else self._database
        # Who deletes the note takes the name away, but not the lock.
        named = _lines(at)[0] if path == self._note else _locker(at)
        if named.isdigit() and not is_alive(int(named)):
            return (
                f"process {named}, which took {path}, is gone, and left it to a process that it started;"
                f" `fuser {path}` names that one: end it"
            )
        return f"process {named or 'unknown'} holds {path}; stop that one, or give this one a data directory of its own"

    def release(self) -> None:
        """Give the lock back, from whoever has a copy too. The note stays: somebody may hold one of that name."""
        allow_children(self._held)
        while self._files:
            file = self._files.pop()
            fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)


def _lines(note: int) -> tuple[str, str]:
    """Return who has or had the lock, and how the database was left."""
    first, second, *_ = [*os.pread(note, 64, 0).decode("ascii", "replace").split("\n"), "", ""]
    return first.strip(), second.strip()


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _locker(file: int) -> str:
    """Return the number of the process that locked a file, "" where the system does not tell."""
    inode = str(os.fstat(file).st_ino)
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return ""
    rows = [line.split() for line in lines]
    return next((row[4] for row in rows if row[1:2] == ["FLOCK"] and row[5].rpartition(":")[2] == inode), "")
