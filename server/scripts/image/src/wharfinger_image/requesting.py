"""One GET of a source: what is sent, redirects with their cookies, and the head of the answer."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import threading
import urllib.request
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from wharfinger_image import guard
from wharfinger_image.settings import Settings
from wharfinger_outbound.connection import Connection
from wharfinger_outbound.locations import Location

_REDIRECTS = 5
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_OWN = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "if-range", "range", "te", "transfer-encoding"}
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TEXT = re.compile(r"[\x20-\x7e\t]*")

BROKEN = (OSError, http.client.HTTPException)
"""What a connection that breaks off raises."""


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise Failed (PARAMS_INVALID) for headers that can't be sent, or that are HTTP's own. No value is told."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OWN or not _TEXT.fullmatch(value):
            raise guard.unsendable()


class Requesting:
    """Asks for `url`, and follows where it leads. `headers` go to the url's own scheme, host and port only.

    `checked` says that the bytes will be compared with a checksum: then https may lead to http. `shown` is, once there
    was an answer, the URL that gave it. `interrupt` may be called from any thread, and ends what blocks.
    """

    def __init__(self, url: str, settings: Settings, headers: Mapping[str, str], shown: str, *, checked: bool) -> None:
        check_headers(headers)
        self.shown = shown
        self.connection: Connection | None = None
        self.response: http.client.HTTPResponse | None = None
        self._url = url
        self._settings = settings
        self._headers = dict(headers)
        self._checked = checked
        self._cookies = http.cookiejar.CookieJar()
        self.ended = threading.Event()

    def get(self, position: int, e_tag: str) -> http.client.HTTPResponse:
        """Return the answer to a request for the bytes from `position` on, which must be of what has `e_tag`.

        Raises Failed, and OSError and HTTPException for a connection that breaks off.
        """
        url, secure = self._url, False
        for _ in range(_REDIRECTS + 1):
            location = guard.locate(url, self._settings.allow_sources, unresolved=bool(self._settings.proxy))
            if secure and location.scheme == "http" and not self._checked:
                raise guard.refused(location.shown, "a redirect leads from https to http; give its sha256 to allow it")
            secure = location.scheme == "https"
            response = self._request(url, location, position, e_tag)
            if response.status not in _REDIRECTING:
                self.shown = location.shown
                return response
            target = response.getheader("Location", "")
            self.close()
            if not target:
                raise guard.unreadable(location.shown, "it redirects without saying where", retryable=False)
            url = urljoin(url, _plain(target))
        raise guard.unreadable(self.shown, f"it redirects more than {_REDIRECTS} times", retryable=False)

    def interrupt(self) -> None:
        """End whatever blocks, now and later."""
        self.ended.set()
        connection = self.connection
        if connection is not None:
            connection.shut()

    def close(self) -> None:
        """Close the connection."""
        response, connection = self.response, self.connection
        self.response = self.connection = None
        if response is not None:
            response.close()
        if connection is not None:
            connection.close()

    def _request(self, url: str, location: Location, position: int, e_tag: str) -> http.client.HTTPResponse:
        self.close()
        self.connection = connection = Connection(
            location,
            connect_timeout=self._settings.connect_timeout,
            idle_timeout=self._settings.idle_timeout,
            ca_file=str(self._settings.ca_file or ""),
            proxy=self._settings.proxy,
        )
        if self.ended.is_set():
            raise guard.unreadable(location.shown, "it was interrupted")
        jar = urllib.request.Request(url)  # noqa: S310 - not opened: it carries cookies
        self._cookies.add_cookie_header(jar)
        # A head that trickles in would outlast any time limit between two bytes.
        limit = threading.Timer(2 * self._settings.idle_timeout, connection.expire)
        limit.daemon = True
        try:
            connection.connect()
            limit.start()
            headers = self._head(url, position, e_tag) | dict(jar.header_items())
            connection.request("GET", connection.asked_as, headers=headers)
            self.response = connection.getresponse()
        except BROKEN:
            if not connection.overdue:
                raise
        finally:
            limit.cancel()
        if connection.overdue or self.response is None:
            raise ConnectionError(f"its answer did not begin within {limit.interval:g} s")
        self._cookies.extract_cookies(self.response, jar)
        return self.response

    def _head(self, url: str, position: int, e_tag: str) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "wharfinger-image"}
        if origin_of(url) == origin_of(self._url):
            own = {name.lower() for name in self._headers}
            headers = {name: value for name, value in headers.items() if name.lower() not in own} | self._headers
        headers["Connection"] = "close"
        if position:
            headers |= {"Range": f"bytes={position}-", "If-Range": e_tag}
        return headers


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL: who may see what is sent there."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _plain(target: str) -> str:
    """Return a Location as a URL: http.client reads it as Latin-1, many servers send UTF-8, and some leave spaces."""
    raw = target.strip().encode("latin-1", "replace")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)
    return text.replace(" ", "%20")
