"""The check that a SQLite file is whole, before anything is done with it: SQLite itself opens nearly everything."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from wharfinger_server.store.errors import Damaged

log = logging.getLogger(__name__)

ALWAYS = 64 * 1024 * 1024
"""A file up to this size, in bytes, is looked through at every start, a larger one after a disorderly end."""
PATIENCE = 45.0
"""Seconds for that: a server that does not come up is no help either."""

_HEADER = 100
_MAGIC = b"SQLite format 3\0"
_STEPS = 20_000


def refuse_missing(path: Path, served: bool) -> None:
    """Refuse a file that is missing or empty though there was a database: SQLite would begin anew, and delete the log.

    `served`: a server has had it open. Raises Damaged.
    """
    log_file = path.with_name(f"{path.name}-wal")
    size = path.stat().st_size if path.exists() else -1
    left = [log_file] if log_file.exists() and log_file.stat().st_size else []
    if size > 0 or not (left or served):
        return
    note = path.with_name(f"{path.name}.lock")
    beside = " and ".join(str(one) for one in (*left, *([note] if served else [])))
    what = "is missing" if size < 0 else "is empty"
    raise Damaged(
        f"{path} {what}, though {beside} show that there was a database: put the file back or restore a backup;"
        f" to begin with an empty one, remove {beside}"
    )


def refuse_damaged(path: Path, *, served: bool, orderly: bool) -> None:
    """Refuse a file that is cut, or whose pages are not what they were. Nothing is changed. Raises Damaged.

    `served`: a server has had it open, and so it was a database; `orderly`: the last one to have it closed it.
    """
    size = path.stat().st_size
    if not size:
        return
    wal = path.with_name(f"{path.name}-wal")
    empty_log = not (wal.exists() and wal.stat().st_size)
    _check_header(path, size, log_is_empty=empty_log)
    if orderly and empty_log and size > ALWAYS:
        return
    began = time.monotonic()
    why = _looked_through(path, began + PATIENCE, served=served, alone=empty_log)
    took = time.monotonic() - began
    if why:
        raise _damaged(path, why)
    if took > 1:
        log.info("the database was looked through after a disorderly end", extra={"seconds": round(took, 1)})


def _check_header(path: Path, size: int, *, log_is_empty: bool) -> None:
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or head[:16] != _MAGIC:
        return  # told by whoever opens it
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    # Older libraries leave the number as it was; then it does not count.
    counts = head[24:28] == head[92:96] and page
    # Pages that are still in the log are not missing.
    if counts and log_is_empty and size < pages * page:
        raise _damaged(path, f"it has {size:,} bytes of the {pages * page:,} that its first page tells of")


def _looked_through(path: Path, until: float, *, served: bool, alone: bool) -> str:
    """Return what SQLite finds wrong, "" for nothing, or where it could not finish in time."""
    # Read-only: the log stays as it is, whatever is found; where there is none, none is made.
    url = f"file:{quote(os.fspath(path))}?mode=ro{'&immutable=1' if alone else ''}"
    with closing(sqlite3.connect(url, uri=True, timeout=5)) as driver:
        driver.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
        try:
            found = driver.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_CORRUPT or (code == sqlite3.SQLITE_NOTADB and served):
                return str(error)
            if code == sqlite3.SQLITE_INTERRUPT:
                log.warning("the database is too large to be looked through in %g s; it is opened as it is", PATIENCE)
            return ""  # anything else is told by whoever opens it
    return "" if found is None or found[0] == "ok" else " ".join(str(found[0]).split())


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(
        f"{path} is damaged: {why[:300]}. Restore a backup; what can still be read of this one is saved by"
        f" `sqlite3 {path} .recover` (nothing was changed)"
    )
