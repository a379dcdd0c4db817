"""The lock file beside a SQLite database: one server at a time, and none is locked out by one that crashed."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from wharfinger_server.store.errors import InUse


class FileLock:
    """An advisory lock of the operating system, which ends with the process that holds it; the file names that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock. Raises InUse, naming the process that has it, and OSError where the file cannot be written."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise InUse(
                f"{self._path.with_suffix('')} is in use by another server: process {holder} holds {self._path}; "
                "stop that one, or give this one a data directory of its own"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two servers each lock one of that name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
