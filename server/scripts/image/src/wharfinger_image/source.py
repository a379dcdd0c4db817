"""An image on a web server, read once from beginning to end, going on where it broke off if the server can.

Everything here blocks; `pump` brings it to the event loop. The client is the standard library's, because it leaves the
choice of address to us, reads straight into large buffers, and knows no proxies unless it is told of them.
"""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import re
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from wharfinger.script import Failed
from wharfinger_image import guard
from wharfinger_image.kept import Origin, StartOver
from wharfinger_image.requesting import BROKEN, Requesting
from wharfinger_image.settings import Settings
from wharfinger_outbound.locations import shown, what_broke

_LARGEST_PIECE = 4 * 1024 * 1024
_SMALLEST_PIECE = 64 * 1024
_PATIENCE = 0.5
"""Seconds after which what has come is handed on though the piece is not full, so that progress shows on slow links."""

_PROGRESS = 4096
"""How many new bytes a try must bring to count as one that did; with fewer an image would take a million tries."""

_PAUSE = 0.05
"""Seconds before a server that broke off is asked for the rest; one that brings nothing new is given more time."""

_LONGEST_WAIT = 120.0
"""How many seconds a server may ask for by Retry-After."""

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_ENCODED_FILES = {
    "gzip": (".gz", ".tgz", ".gzip"),
    "x-gzip": (".gz", ".tgz", ".gzip"),
    "bzip2": (".bz2", ".tbz2"),
    "x-bzip2": (".bz2", ".tbz2"),
    "compress": (".z",),
    "x-compress": (".z",),
    "xz": (".xz", ".txz"),
    "x-xz": (".xz", ".txz"),
    "zstd": (".zst", ".zstd"),
    "br": (".br",),
}
"""Files that are compressed themselves, and that servers send with that Content-Encoding without being asked to."""

Piece = bytearray | memoryview


class Source:
    """What `url` leads to. `size` is what the server said (None: nothing), known once the first piece was read.

    `headers` are sent along, `checked` is as in Requesting. `expected` is how many bytes there must be, if that is
    known; `whole` says that somebody will know whether they are all there: then the server need not tell a length.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        *,
        checked: bool,
        whole: bool,
        expected: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.size: int | None = None
        self.unframed = False
        self._asking = Requesting(url, settings, headers or {}, shown(url), checked=checked)
        self._url = url
        self._settings = settings
        self._whole = whole or expected is not None
        self._expected = expected
        self._e_tag = ""
        self._furthest = 0
        self._breaks = 0
        self._in_vain = 0

    @property
    def shown(self) -> str:
        """The URL as it may be told."""
        return self._asking.shown

    @property
    def origin(self) -> Origin | None:
        """What is being read, for those who go on later; None if it can't be told whether it is still the same."""
        if not self._e_tag.startswith('"'):
            return None
        return Origin(self._digest, self._e_tag, self.size)

    @property
    def _digest(self) -> str:
        # Without the query, where signatures are that change from day to day.
        return hashlib.sha256(self._url.partition("?")[0].encode()).hexdigest()

    def interrupt(self) -> None:
        """End whatever blocks, now and later."""
        self._asking.interrupt()

    def resume(self, origin: Origin) -> bool:
        """Whether what was read of `origin` may be gone on from; `pieces` can then begin in the middle."""
        if origin.source != self._digest or not origin.e_tag.startswith('"'):
            return False
        self._e_tag, self.size = origin.e_tag, origin.size
        return True

    def pieces(self, start: int = 0) -> Generator[Piece, None, None]:
        """Yield the image piece by piece from byte `start` on, `size` bytes in all if that is known.

        Raises StartOver; or Failed: SOURCE_REFUSED, SOURCE_FAILED, or SIZE_MISMATCH when the server sends more bytes
        than it said.
        """
        try:
            yield from self._pieces(start)
        except StartOver:
            raise  # what comes next is being sent already
        except BaseException:
            self._asking.close()
            raise

    def _pieces(self, position: int) -> Generator[Piece, None, None]:
        self._furthest = max(self._furthest, position)
        while self.size is None or position < self.size or position == 0:
            try:
                if self._asking.response is None:
                    self._ask(position)
                for piece in self._read(position):
                    position += len(piece)
                    yield piece
            except BROKEN as error:
                self._give_up_or_wait(error, position)
            else:
                self._asking.close()
                return

    # ------------------------------------------------------------------ asking

    def _ask(self, position: int) -> None:
        """Send the request, from `position` on if that can be asked safely, and take the head of the answer."""
        ranged = position > 0 and self._e_tag.startswith('"')
        response = self._asking.get(position if ranged else 0, self._e_tag)
        if response.status == 206 and ranged and self._goes_on(response, position):
            return
        if response.status == 206 and not ranged and self._begins(response):
            if position:
                raise StartOver
            return
        if response.status != 200:
            self._asking.close()
            if ranged and response.status in (206, 416):
                self._e_tag = ""  # it cannot do ranges after all: the next request asks for everything
                raise ConnectionError(f"the server answered a request for the rest with {response.status}")
            if response.status in _TRANSIENT:
                raise _Unavailable(response.status, _asked_to_wait(response.getheader("Retry-After", "")))
            why = f"the server answered {response.status} {response.reason}".rstrip()
            raise guard.unreadable(self.shown, why, status=response.status, retryable=False)
        self._begin(response)
        if position:
            raise StartOver

    def _begin(self, response: http.client.HTTPResponse) -> None:
        self._check_encoding(response)
        if response.length is None and not response.chunked and not self._whole:
            self._asking.close()
            why = "the server does not say how long it is, so nobody could tell whether it is whole"
            why += "; give its size or sha256"
            raise guard.unreadable(self.shown, why, retryable=False)
        self._e_tag = response.getheader("ETag", "")
        self.unframed = response.length is None and not response.chunked
        self.size = self._expected if self.unframed else response.length

    def _check_encoding(self, response: http.client.HTTPResponse) -> None:
        """Raise Failed for what is not the file itself; a compressed file may well be called compressed."""
        encoding = response.getheader("Content-Encoding", "identity").strip().lower()
        path = urlsplit(self.shown).path.lower()
        asked = urlsplit(self._url).path.lower()
        endings = _ENCODED_FILES.get(encoding, ())
        if encoding in ("", "identity") or (endings and (path.endswith(endings) or asked.endswith(endings))):
            return
        self._asking.close()
        why = f"the server sends it compressed ({encoding}), though it was asked not to"
        raise guard.unreadable(self.shown, why, retryable=False)

    def _begins(self, response: http.client.HTTPResponse) -> bool:
        """Whether a 206 that nobody asked for is the file from its first byte on; then learn its size."""
        match = _CONTENT_RANGE.fullmatch(response.getheader("Content-Range", "").strip())
        if match is None or int(match[1]) != 0 or match[3] == "*":
            return False
        self._check_encoding(response)
        self._e_tag = response.getheader("ETag", "")
        self.unframed = False
        self.size = int(match[3])
        return True

    def _goes_on(self, response: http.client.HTTPResponse, position: int) -> bool:
        """Whether this is the rest of what was read so far; learn the size from it if it was not known."""
        match = _CONTENT_RANGE.fullmatch(response.getheader("Content-Range", "").strip())
        if match is None or int(match[1]) != position or response.getheader("ETag", self._e_tag) != self._e_tag:
            return False
        size = self.size if match[3] == "*" else int(match[3])
        if self.size not in (None, size):
            return False
        if response.length not in (None, int(match[2]) - position + 1):
            return False
        self.unframed = False
        self.size = size
        return True

    def _give_up_or_wait(self, error: BaseException, position: int) -> None:
        """Wait before the next try, or raise what ends them: only those that brought nothing new are counted."""
        self._asking.close()
        self._breaks += 1
        self._in_vain = 0 if position >= self._furthest + _PROGRESS else self._in_vain + 1
        self._furthest = max(self._furthest, position)
        wait = min(0.1 * 2.0**self._in_vain, 10.0) if self._in_vain else _PAUSE
        if isinstance(error, _Unavailable):
            wait = max(wait, error.wait)
        again = self._settings.retries > 0 and self._in_vain <= self._settings.retries
        if not again or self._asking.ended.is_set() or wait > _LONGEST_WAIT:
            raise self._last_word(error) from None
        self._asking.ended.wait(wait)

    def _last_word(self, error: BaseException) -> Failed:
        told = what_broke(error, self._settings.idle_timeout)
        status = error.status if isinstance(error, _Unavailable) else None
        if self._furthest:
            times = "once" if self._breaks == 1 else f"{self._breaks} times"
            of = "" if self.size is None else f" of {self.size}"
            told = f"it broke off {times} at byte {self._furthest}{of}: {told}"
        return guard.unreadable(self.shown, told, status=status)

    # ------------------------------------------------------------------ reading

    def _read(self, position: int) -> Iterator[Piece]:
        response = self._asking.response
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
            raise ConnectionError(f"the connection ended, and {left} bytes are missing")
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
            except BROKEN as error:
                return filled, error
            filled += read
            if not read or time.monotonic() >= until:
                break
        return filled, None

    def _check_end(self, response: http.client.HTTPResponse) -> None:
        """Raise SIZE_MISMATCH if more comes after all that was promised: then the promise can't be trusted."""
        connection = self._asking.connection
        if connection is None or connection.socket is None:
            return
        # A server that is about to close is given the time to; of another one, what is here already must do.
        connection.socket.settimeout(0.2 if response.will_close else 0.0)
        with suppress(OSError):
            if response.fp.peek(1):
                raise _too_many(self.shown, self.size or 0)


class _Unavailable(ConnectionError):
    """The server answered that it can't now, and perhaps for how many seconds it would be left alone."""

    def __init__(self, status: int, wait: float) -> None:
        later = f", and asks to come back in {wait:.0f} s" if wait else ""
        super().__init__(f"the server answers {status}{later}")
        self.status = status
        self.wait = wait


def _asked_to_wait(value: str) -> float:
    """Return the seconds that a Retry-After asks for, which may be a date; 0 for none."""
    text = value.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _too_many(shown: str, expected: int) -> Failed:
    said = f"the source {shown} said it has {expected} bytes, but sends more"
    return Failed(said, reason="SIZE_MISMATCH", metadata={"expected": str(expected), "actual": f"more than {expected}"})
