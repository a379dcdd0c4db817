"""A limit for the whole of a request: a server that sends a byte now and then must not hold its caller for ever."""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import requests

SMALL = 1024 * 1024
"""Bytes of a body up to which a request is limited as a whole; larger ones take the time that the link needs."""


class Window:
    """The time that one request has. When it is over the request's socket is shut down, which ends any wait on it."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.expired = False
        self._lock = threading.Lock()
        self._socket: Any = None
        self._over = False

    def watch(self, connected: Any) -> None:
        """Note the socket that the answer will come from."""
        with self._lock:
            self._socket = connected
            if self.expired:
                _shut(connected)

    def close(self) -> None:
        """The request has ended; its socket may serve another."""
        with self._lock:
            self._over, self._socket = True, None

    def expire(self) -> None:
        """End the wait, unless the request has ended."""
        with self._lock:
            if self._over:
                return
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connected: Any) -> None:
    with contextlib.suppress(OSError):
        if isinstance(connected, socket.socket):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not TLS's own, which would wait for the other side
        else:
            connected.shutdown(socket.SHUT_RDWR)


class _Watchman:
    """One thread that lets windows expire."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._windows: list[tuple[float, int, Window]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, window: Window) -> None:
        """Let `window` expire in its time."""
        with self._changed:
            heapq.heappush(self._windows, (window.ends, next(self._numbers), window))
            if self._thread is None or not self._thread.is_alive():  # it does not live on in a forked process
                self._thread = threading.Thread(target=self._run, name="libcloud-timeouts", daemon=True)
                self._thread.start()
            elif self._windows[0][2] is window:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                left = self._windows[0][0] - time.monotonic() if self._windows else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                window = heapq.heappop(self._windows)[2]
            window.expire()


_watchman = _Watchman()
_active: ContextVar[Window | None] = ContextVar("wharfinger_libcloud_window", default=None)


def telling(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return urllib3's `getresponse`, that tells the active window its socket before the answer is waited for.

    Without a window, as in all code that does not ask for one, it is as it was.
    """

    @functools.wraps(original)
    def getresponse(self: Any) -> Any:
        window = _active.get()
        if window is not None:
            window.watch(self.sock)
        return original(self)

    return getresponse


@contextlib.contextmanager
def bounded(session: Any, seconds: float, own: Callable[..., Any] | None = None) -> Iterator[Callable[..., Any]]:
    """See to it that a request on `session` ends within `seconds`, whatever the server does; yield what sends it so.

    `own` is what sends it without a limit, by default the session's `send`. A request with a large or streamed body,
    and the body of an answer that is streamed to the caller, may take longer; there the limit is for each wait. Raises
    requests.ReadTimeout inside where a limit is passed.
    """
    before, kept = own or session.send, "send" in vars(session)

    def send(request: Any, **options: Any) -> Any:
        """Send it with a timeout for each wait, and one for all of it."""
        given = options.get("timeout")
        most = options["timeout"] = min(given, seconds) if isinstance(given, (int, float)) else seconds
        if not _is_small(request.body):
            return before(request, **options)
        return _within(most, lambda: before(request, **options))

    replaced = vars(session).get("send")
    session.send = send
    auth = session.auth
    # Without one requests looks for a .netrc at each request, and what it finds there displaces the driver's own.
    session.auth = auth or _as_it_is
    try:
        yield send
    finally:
        session.auth = auth
        if kept:
            session.send = replaced
        else:
            del session.send


def _as_it_is(request: Any) -> Any:
    """Leave the request's authorization to the driver that made it."""
    return request


def _is_small(body: Any) -> bool:
    return body is None or (isinstance(body, (str, bytes, bytearray)) and len(body) <= SMALL)


def _within(seconds: float, work: Callable[[], Any]) -> Any:
    window = Window(seconds)
    _watchman.add(window)
    token = _active.set(window)
    try:
        answer = work()
    except Exception as error:
        if window.expired and not isinstance(error, requests.Timeout):
            raise _too_late(seconds) from error
        raise
    finally:
        _active.reset(token)
        window.close()
    if window.expired:  # an answer of unknown length looks whole when it is cut off
        raise _too_late(seconds)
    return answer


def _too_late(seconds: float) -> requests.ReadTimeout:
    return requests.ReadTimeout(f"there was no whole answer within {seconds:g} s")
