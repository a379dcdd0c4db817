"""An image on a web server, read once from beginning to end, going on where it broke off if the server can.

Everything here blocks; `pump` brings it to the event loop. The client is the standard library's, because it leaves the
choice of address to us, reads straight into large buffers, and knows no proxies unless it is told of them.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from urllib.parse import urljoin

from wharfinger.runtime.locations import Connection, Location, shown, what_broke
from wharfinger.script import Failed
from wharfinger_image import guard
from wharfinger_image.settings import Settings

_REDIRECTS = 5
_LARGEST_PIECE = 4 * 1024 * 1024
_SMALLEST_PIECE = 64 * 1024
_PATIENCE = 0.5
"""Seconds after which what has come is handed on though the piece is not full, so that progress shows on slow links."""

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_BROKEN = (OSError, http.client.HTTPException)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Piece = bytearray | memoryview


class StartOver(Exception):
    """What was read so far is void: the source changed, or can't go on in the middle. Read `pieces()` again."""


class Source:
    """What `url` leads to. `size` is what the server said (None: nothing), known once the first piece was read.

    `checked` says that the bytes will be compared with a checksum: then https may lead to http. `whole` says that
    somebody will know whether they are all there: then the server need not tell a length. `interrupt` may be called
    from any thread, and ends a read that blocks.
    """

    def __init__(self, url: str, settings: Settings, *, checked: bool, whole: bool) -> None:
        self.size: int | None = None
        self.shown = shown(url)
        self._url = url
        self._settings = settings
        self._checked = checked
        self._whole = whole
        self._retries = settings.retries
        self._etag = ""
        self._ended = threading.Event()
        self._connection: Connection | None = None
        self._response: http.client.HTTPResponse | None = None

    def pieces(self) -> Generator[Piece, None, None]:
        """Yield the image piece by piece, `size` bytes in all if that is known.

        Raises StartOver; or Failed: SOURCE_REFUSED, SOURCE_FAILED, or SIZE_MISMATCH when the server keeps sending fewer
        bytes than it said, or sends more.
        """
        try:
            yield from self._pieces()
        except StartOver:
            raise  # what comes next is being sent already
        except BaseException:
            self._close()
            raise

    def _pieces(self) -> Generator[Piece, None, None]:
        position = 0
        while True:
            try:
                if self._response is None:
                    self._ask(position)
                for piece in self._read(position):
                    position += len(piece)
                    yield piece
            except _BROKEN as error:
                self._give_up_or_wait(error, position)
            else:
                self._close()
                return

    def interrupt(self) -> None:
        """End whatever blocks, now and later."""
        self._ended.set()
        connection = self._connection
        if connection is not None:
            connection.shut()

    # ------------------------------------------------------------------ asking

    def _ask(self, position: int) -> None:
        """Send the request, from `position` on if that can be asked safely, and take the head of the answer."""
        ranged = position > 0 and self._etag.startswith('"')
        response = self._follow(position if ranged else 0)
        if response.status == 206 and ranged and self._goes_on(response, position):
            return
        if response.status != 200:
            self._close()
            if ranged and response.status in (206, 416):
                self._etag = ""  # it cannot do ranges after all: the next request asks for everything
                raise ConnectionError(f"the server answered a request for the rest with {response.status}")
            if response.status in _TRANSIENT:
                raise _Unavailable(response.status)
            why = f"the server answered {response.status} {response.reason}".rstrip()
            raise guard.unreadable(self.shown, why, status=response.status, retryable=False)
        self._begin(response)
        if position:
            raise StartOver

    def _begin(self, response: http.client.HTTPResponse) -> None:
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            self._close()
            why = "the server sends it compressed, though it was asked not to"
            raise guard.unreadable(self.shown, why, retryable=False)
        if response.length is None and not response.chunked and not self._whole:
            self._close()
            why = "the server does not say how long it is, so nobody could tell whether it is whole"
            why += "; give its size or sha256"
            raise guard.unreadable(self.shown, why, retryable=False)
        self._etag = response.getheader("ETag", "")
        self.size = response.length

    def _goes_on(self, response: http.client.HTTPResponse, position: int) -> bool:
        """Whether this is the rest of what was read so far; learn the size from it if it was not known."""
        match = _CONTENT_RANGE.fullmatch(response.getheader("Content-Range", ""))
        if match is None or int(match[1]) != position or response.getheader("ETag", self._etag) != self._etag:
            return False
        size = self.size if match[2] == "*" else int(match[2])
        if self.size not in (None, size) or (size is not None and response.length not in (None, size - position)):
            return False
        self.size = size
        return True

    def _follow(self, position: int) -> http.client.HTTPResponse:
        url, secure = self._url, False
        for _ in range(_REDIRECTS + 1):
            location = guard.locate(url, self._settings.allow_sources)
            if secure and location.scheme == "http" and not self._checked:
                raise guard.refused(location.shown, "a redirect leads from https to http; give its sha256 to allow it")
            secure = location.scheme == "https"
            response = self._request(location, position)
            if response.status not in (301, 302, 303, 307, 308):
                self.shown = location.shown
                return response
            target = response.getheader("Location", "")
            self._close()
            if not target:
                raise guard.unreadable(location.shown, "it redirects without saying where", retryable=False)
            url = urljoin(url, target)
        raise guard.unreadable(self.shown, f"it redirects more than {_REDIRECTS} times", retryable=False)

    def _request(self, location: Location, position: int) -> http.client.HTTPResponse:
        self._close()
        self._connection = connection = Connection(
            location, connect_timeout=self._settings.connect_timeout, idle_timeout=self._settings.idle_timeout
        )
        if self._ended.is_set():
            raise guard.unreadable(location.shown, "it was interrupted")
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "wharfinger-image",
        }
        if position:
            headers |= {"Range": f"bytes={position}-", "If-Range": self._etag}
        connection.connect()
        # A head that trickles in would outlast any time limit between two bytes.
        limit = threading.Timer(2 * self._settings.idle_timeout, connection.expire)
        limit.daemon = True
        limit.start()
        try:
            connection.request("GET", location.target, headers=headers)
            self._response = connection.getresponse()
        except _BROKEN:
            if not connection.overdue:
                raise
        finally:
            limit.cancel()
        if connection.overdue or self._response is None:
            raise ConnectionError(f"its answer did not begin within {limit.interval:g} s")
        return self._response

    def _give_up_or_wait(self, error: BaseException, position: int) -> None:
        """Wait before the next try, or raise what ends them."""
        self._close()
        if self._retries <= 0 or self._ended.is_set():
            raise self._last_word(error, position) from None
        tried = self._settings.retries - self._retries
        self._retries -= 1
        self._ended.wait(min(0.2 * 2**tried, 10.0))

    def _last_word(self, error: BaseException, position: int) -> Failed:
        if isinstance(error, _Short) and self.size is not None:
            return _size_mismatch(self.shown, self.size, position, "fewer")
        if isinstance(error, _Unavailable):
            return guard.unreadable(self.shown, str(error), status=error.status)
        return guard.unreadable(self.shown, what_broke(error, self._settings.idle_timeout))

    def _close(self) -> None:
        response, connection = self._response, self._connection
        self._response = self._connection = None
        if response is not None:
            response.close()
        if connection is not None:
            connection.close()

    # ------------------------------------------------------------------ reading

    def _read(self, position: int) -> Iterator[Piece]:
        response = self._response
        assert response is not None
        left = None if self.size is None else self.size - position
        capacity = _SMALLEST_PIECE * 4
        while left is None or left > 0:
            piece = bytearray(capacity if left is None else min(capacity, left))
            begun = time.monotonic()
            filled, error = self._fill(response, piece, begun + _PATIENCE)
            if filled:
                left = None if left is None else left - filled
                yield piece if filled == len(piece) else memoryview(piece)[:filled]
            if error is not None:
                raise error
            if filled < len(piece) and time.monotonic() - begun < _PATIENCE:
                break  # the end
            quick = time.monotonic() - begun < _PATIENCE / 5
            capacity = min(capacity * 2, _LARGEST_PIECE) if quick else max(capacity // 2, _SMALLEST_PIECE)
        if left:
            raise _Short(f"{left} bytes are missing")
        if left == 0 and not response.chunked:
            self._check_end(response)

    def _fill(
        self, response: http.client.HTTPResponse, piece: bytearray, until: float
    ) -> tuple[int, OSError | http.client.HTTPException | None]:
        """Read into `piece` until it is full, time is up or the end has come.

        Return how many bytes came, and what broke the reading off.
        """
        view, filled = memoryview(piece), 0
        while filled < len(piece):
            try:
                if response.chunked:
                    data = response.read1(len(piece) - filled)
                    view[filled : filled + len(data)] = data
                    read = len(data)
                else:
                    read = response.fp.readinto1(view[filled:])
            except _BROKEN as error:
                return filled, error
            filled += read
            if not read or time.monotonic() >= until:
                break
        return filled, None

    def _check_end(self, response: http.client.HTTPResponse) -> None:
        """Raise SIZE_MISMATCH if more comes after all that was promised: then the promise can't be trusted."""
        connection = self._connection
        if connection is None or connection.socket is None:
            return
        # A server that is about to close is given the time to; of another one, what is here already must do.
        connection.socket.settimeout(0.2 if response.will_close else 0.0)
        with suppress(OSError):
            if response.fp.peek(1):
                raise _size_mismatch(self.shown, self.size or 0, None, "more")


class _Short(ConnectionError):
    """The connection ended before all came."""


class _Unavailable(ConnectionError):
    """The server answered that it can't now."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answers {status}")
        self.status = status


def _size_mismatch(shown: str, expected: int, actual: int | None, word: str) -> Failed:
    said = f"the source {shown} said it has {expected} bytes, but sends {word}"
    metadata = {"expected": str(expected), "actual": f"more than {expected}" if actual is None else str(actual)}
    return Failed(said, reason="SIZE_MISMATCH", retryable=actual is not None, metadata=metadata)
