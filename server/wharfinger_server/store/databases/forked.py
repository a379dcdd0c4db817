"""The descriptors and signals that a child forked by a script must not keep: the server's lock, connections and port.

A child that outlives the server would otherwise hold all of them, and the next server could not start.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

Find = Callable[[], Iterable[int]]
_found_by: list[Find] = []
_FOLDER = Path("/proc/self/fd")
_hooked = False


def keep_from_children(find: Find) -> None:
    """Have the descriptors that `find` returns, called in the child, taken from every child forked from now on."""
    global _hooked  # noqa: PLW0603 - a hook can't be taken back, and one is enough
    if not _hooked:
        os.register_at_fork(after_in_child=_in_child)
        _hooked = True
    _found_by.append(find)


def allow_children(find: Find) -> None:
    """Take `keep_from_children` back."""
    with suppress(ValueError):
        _found_by.remove(find)


def of_files(*paths: str) -> Iterator[int]:
    """Yield this process's descriptors of files."""
    for number in _open_ones():
        with suppress(OSError):
            if str((_FOLDER / str(number)).readlink()) in paths:
                yield number


def of_port(port: int, path: str) -> Iterator[int]:
    """Yield the descriptors of sockets bound to a port, or to a path: of who listens there and of what it accepted."""
    for number in _open_ones():
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as copy:
            bound = copy.getsockname()
            if bound == path if path else isinstance(bound, tuple) and bound[1] == port:
                yield number


def _open_ones() -> list[int]:
    try:
        return [int(one.name) for one in _FOLDER.iterdir()]
    except (OSError, ValueError):
        return []


def _in_child() -> None:
    """Put the null device in the place of the server's descriptors, and give signals their usual effect again.

    Closed, their numbers would be given to others, and objects of the server that end in the child would write there.
    """
    with suppress(ValueError, OSError):
        # The child would tell the server's loop of its own signals: to end a child would end the server.
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(OSError):
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for find in _found_by:
            with suppress(Exception):
                for number in list(find()):
                    os.dup2(null, number, inheritable=False)
        os.close(null)
    _found_by.clear()
