"""Fetching price data by HTTP: only what changed, no more than is allowed, in the time that is allowed."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, TypeVar
from urllib.parse import urljoin

from wharfinger_outbound.connection import Connection
from wharfinger_outbound.locations import Location, shown, what_broke
from wharfinger_prices.catalogues.refusals import too_large
from wharfinger_prices.importing import url_refusals

_REDIRECTS = 5
_PIECE = 256 * 1024
_CONNECT = 10.0
_IDLE = 30.0
_SMALL = 64 * 1024
_DIGEST = re.compile(r"\b([0-9a-fA-F]{128}|[0-9a-fA-F]{64})\b")
T = TypeVar("T")
_BROKEN = (OSError, http.client.HTTPException)

OnBytes = Callable[[int, int], None]
"""Hears how many bytes came, of how many (0: not known)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: `unchanged` if the server has nothing newer than the `etag` that was asked with, and the new one."""

    unchanged: bool
    etag: str


class Fetcher:
    """Fetches within `timeout` seconds in all, from public addresses and the HOST:PORT in `allowed`. Blocks.

    `stop` may be called from any thread, and ends what blocks.
    """

    def __init__(self, allowed: Collection[str], timeout: float) -> None:
        self._allowed = allowed
        self._ends = time.monotonic() + timeout
        self._timeout = timeout
        self._connection: Connection | None = None
        self._response: http.client.HTTPResponse | None = None
        self._over = threading.Event()

    def stop(self) -> None:
        """End whatever blocks, now and later."""
        self._over.set()
        connection = self._connection
        if connection is not None:
            connection.shut()

    def fetch(
        self, url: str, file: BinaryIO, limit: int, *, etag: str = "", checked: bool = False, on_bytes: OnBytes
    ) -> Fetched:
        """Write what is at `url` into `file`, at most `limit` bytes.

        `etag` is that of what is there already. `checked` says that the bytes will be compared with a digest or a
        signature: then https may lead to http, and a length may be missing.

        Raises PermissionDenied PRICES_URL_REFUSED, Unavailable PRICES_UNREACHABLE, OutOfRange PRICES_TOO_LARGE, and
        OSError where the file can't be written.
        """
        try:
            response, location = self._follow(url, etag, checked=checked)
            if response.status == 304 and etag:
                return Fetched(unchanged=True, etag=etag)
            if response.status != 200:
                said = f"the server answered {response.status} {response.reason}".rstrip()
                raise url_refusals.unreachable(location.shown, said, response.status)
            if response.getheader("Content-Encoding", "identity").lower() != "identity":
                raise url_refusals.unreachable(
                    location.shown, "the server sends it encoded, though it was asked not to"
                )
            self._take(response, location, file, limit, on_bytes, checked=checked)
            return Fetched(unchanged=False, etag=response.getheader("ETag", ""))
        finally:
            self._close()

    def beside(self, url: str) -> bytes | None:
        """Return a small file, None where there is none (404, 403, 410). Raises as `fetch` does."""
        try:
            response, location = self._follow(url, "", checked=False)
            if response.status in (403, 404, 410):
                return None
            if response.status != 200:
                said = f"the server answered {response.status} {response.reason}".rstrip()
                raise url_refusals.unreachable(location.shown, said, response.status)
            return self._reading(location, partial(response.read, _SMALL))
        finally:
            self._close()

    def digest_beside(self, url: str) -> str:
        """Return the SHA-256 or SHA-512 that stands in a file beside `url`, "" where there is none."""
        for ending in (".sha256", ".sha512"):
            found = self.beside(url + ending)
            if found is not None:
                match = _DIGEST.search(found.decode("ascii", "replace"))
                if match is None or len(match[1]) * 4 != int(ending[4:]):
                    raise url_refusals.unreachable(shown(url + ending), f"there is no {ending[1:]} in it")
                return match[1].lower()
        return ""

    # ------------------------------------------------------------------ asking

    def _follow(self, url: str, etag: str, *, checked: bool) -> tuple[http.client.HTTPResponse, Location]:
        secure = False
        for _ in range(_REDIRECTS + 1):
            location = url_refusals.locate(url, self._allowed)
            if secure and location.scheme == "http" and not checked:
                raise url_refusals.refused(
                    location.shown, "a redirect leads from https to http; give its sha256 to allow it"
                )
            secure = location.scheme == "https"
            response = self._reading(location, partial(self._request, location, etag))
            if response.status not in (301, 302, 303, 307, 308):
                return response, location
            target = response.getheader("Location", "")
            self._close()
            if not target:
                raise url_refusals.unreachable(location.shown, "it redirects without saying where")
            url = urljoin(url, target)
        raise url_refusals.unreachable(shown(url), f"it redirects more than {_REDIRECTS} times")

    def _request(self, location: Location, etag: str) -> http.client.HTTPResponse:
        left = max(0.1, self._ends - time.monotonic())
        self._connection = connection = Connection(
            location, connect_timeout=min(_CONNECT, left), idle_timeout=min(_IDLE, left)
        )
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "wharfinger"}
        if etag:
            headers["If-None-Match"] = etag
        connection.connect()
        connection.request("GET", location.target, headers=headers)
        self._response = connection.getresponse()
        return self._response

    def _take(
        self,
        response: http.client.HTTPResponse,
        location: Location,
        file: BinaryIO,
        limit: int,
        on_bytes: OnBytes,
        *,
        checked: bool,
    ) -> None:
        total = response.length or 0
        if total > limit:
            raise too_large(limit, "has")
        if not total and not response.chunked and not checked:
            why = "the server does not say how long it is, so nobody could tell whether it is whole; give its sha256"
            raise url_refusals.unreachable(location.shown, why)
        taken = 0
        while piece := self._reading(location, partial(response.read1, _PIECE)):
            taken += len(piece)
            if taken > limit:
                raise too_large(limit, "has")
            file.write(piece)
            on_bytes(taken, total)
        if taken < total:
            raise url_refusals.unreachable(location.shown, f"only {taken} of {total} bytes came")

    def _reading(self, location: Location, read: Callable[[], T]) -> T:
        """Return what `read` does, within what is left of the time."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise self._too_slow(location)
        # An answer that trickles in would outlast any limit between two bytes.
        limit = threading.Timer(left, self._expire)
        limit.daemon = True
        limit.start()
        try:
            found = read()
        except _BROKEN as error:
            if time.monotonic() >= self._ends:
                raise self._too_slow(location) from None
            raise url_refusals.unreachable(location.shown, self._why(error)) from None
        finally:
            limit.cancel()
        if time.monotonic() >= self._ends:
            raise self._too_slow(location)
        if self._over.is_set():
            raise url_refusals.unreachable(location.shown, "it was interrupted")
        return found

    def _expire(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.shut()

    def _too_slow(self, location: Location) -> Exception:
        return url_refusals.unreachable(location.shown, f"it was not there within {self._timeout:g} s")

    def _why(self, error: BaseException) -> str:
        if self._over.is_set():
            return "it was interrupted"
        if isinstance(error, http.client.IncompleteRead):
            return "the connection ended before all came"
        return what_broke(error, _IDLE)

    def _close(self) -> None:
        response, connection = self._response, self._connection
        self._response = self._connection = None
        if response is not None:
            response.close()
        if connection is not None:
            connection.close()
