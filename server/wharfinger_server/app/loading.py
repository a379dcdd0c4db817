"""The guard around the loading of plug-ins, which may do anything and take the server along."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

log = logging.getLogger(__name__)

SLOW = 2.0
"""Seconds after which an import is told to be slow, and how often while it lasts."""
_OURS = "wharfinger"


class Watch:
    """Watches over the loading of plug-ins; `each` goes round one at a time, on the main thread."""

    def __init__(self) -> None:
        self._said = ""
        # What a plug-in closes is opened again from these; they can't be met by guessing low numbers.
        self._spare = {number: _copy(number) for number in (1, 2)}

    def close(self) -> None:
        """Give back what it holds."""
        for spare in self._spare.values():
            if spare is not None:
                os.close(spare)
        self._spare.clear()

    @contextmanager
    def each(self, group: str, name: str, distribution: str) -> Iterator[None]:
        """Tell that the plug-in is loaded, before; whether it is slow, meanwhile; what it did to the process, after."""
        facts = {"group": group, "plugin": name, "package": distribution}
        what = f"{name} of {distribution or 'an unnamed package'}"
        if self._said != what:
            # A plug-in of somebody else that ends the process is named by the last line that there is.
            log.log(logging.DEBUG if distribution.startswith(_OURS) else logging.INFO, "loading %s", what, extra=facts)
            self._said = what
        over = threading.Event()
        threading.Thread(target=_tell_slow, args=(what, over), name="wharfinger loading", daemon=True).start()
        began, leave, own = time.monotonic(), os._exit, os.getpid()

        def told_exit(status: int) -> None:
            """Say who ends the process, and end it."""
            if os.getpid() == own:
                log.critical("%s ended the process with os._exit(%s) while it was loaded", what, status)
            leave(status)

        os._exit = told_exit  # type: ignore[assignment]
        try:
            yield
        finally:
            os._exit = leave
            over.set()
            self._put_right(what)
            took = time.monotonic() - began
            log.log(logging.INFO if took > SLOW else logging.DEBUG, "loaded %s in %.2f s", what, took, extra=facts)

    def _put_right(self, what: str) -> None:
        """Open standard output and error again: their numbers would be given to files of the server."""
        names = {1: "standard output", 2: "standard error"}
        closed = [number for number in self._spare if _copy(number, look=True) is None]
        for number in closed:
            spare = self._spare[number]
            with suppress(OSError):
                null = os.open(os.devnull, os.O_RDWR) if spare is None else spare
                os.dup2(null, number)
        if closed:
            log.warning("%s closed %s; opened again", what, " and ".join(names[number] for number in closed))


def _copy(number: int, *, look: bool = False) -> int | None:
    """Return a copy of a descriptor, None for one that is closed; with `look` only whether it is open."""
    try:
        if look:
            os.fstat(number)
            return number
        return os.dup(number)
    except OSError:
        return None


def _tell_slow(what: str, over: threading.Event) -> None:
    began, pause = time.monotonic(), SLOW
    while not over.wait(pause):
        log.warning("still loading %s after %.0f s", what, time.monotonic() - began)
        pause = min(pause * 2, 30.0)


def running_threads() -> list[str]:
    """Return the names of the threads that keep the process from ending."""
    main: Any = threading.main_thread()
    return [one.name for one in threading.enumerate() if not one.daemon and one is not main]


def end_within(seconds: float, status: int) -> None:
    """Have the process end with `status` after some seconds, whatever a plug-in left behind that keeps it."""

    def end() -> None:
        """Wait, say what kept the process, and end it."""
        time.sleep(seconds)
        kept = ", ".join(running_threads()) or "what runs at exit, such as a function of atexit,"
        log.warning("ended though %s still runs, %g s after the server's end", kept, seconds)
        with suppress(Exception):
            logging.shutdown()
            sys.stdout.flush()
        os._exit(status)

    threading.Thread(target=end, name="wharfinger end", daemon=True).start()
