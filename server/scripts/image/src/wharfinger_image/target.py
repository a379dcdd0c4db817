"""Writing an image to a presigned URL: one PUT, held to its checksum, asked again where that may help.

The URL is a secret. What is shown of it is scheme, host and path; of one without a query the host alone, because then
its path must be what opens it.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

from wharfinger.script import Failed
from wharfinger_image import guard
from wharfinger_image.settings import Settings
from wharfinger_image.transfer import Piece
from wharfinger_outbound import locations
from wharfinger_outbound.connection import Connection
from wharfinger_outbound.locations import Location

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_BROKEN = (OSError, http.client.HTTPException)
_DEFINITE = frozenset({"STORE_REFUSED", "STORE_FULL"})
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_FORBIDDEN = frozenset({"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Target:
    """Where `url` leads. `headers` go with the request; `shown` may be told.

    `whole`: all of the image was sent at least once and not refused, so that it may be there.
    """

    def __init__(self, url: str, headers: Mapping[str, str], settings: Settings) -> None:
        self.shown = shown(url)
        self.whole = False
        self._url = url
        self._headers = dict(headers)
        self._settings = settings
        self._check_headers()

    def _check_headers(self) -> None:
        for name, value in self._headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _FORBIDDEN or not re.fullmatch(r"[\x20-\x7e]*", value):
                raise guard.unsendable()

    async def put(self, pieces: AsyncIterator[Piece], size: int) -> bool:
        """Write `pieces`, `size` bytes in all; return whether the server's answer proves that it has them.

        The last piece leaves only once the iterator has come to its good end: where it raises, the server has fewer
        bytes than it was promised, and takes none. Raises Failed: STORE_REFUSED, STORE_FULL, STORE_UNAVAILABLE.
        """
        connection = await asyncio.to_thread(self._open, size)
        digest = hashlib.md5(usedforsecurity=False)
        earlier = self.whole
        held: Piece = b""
        try:
            async for piece in pieces:
                await asyncio.to_thread(self._send, connection, held, digest)
                held = piece
            self.whole = True
            await asyncio.to_thread(self._send, connection, held, digest)
            return await asyncio.to_thread(self._answer, connection, digest)
        except Failed as error:
            if error.reason in _DEFINITE:
                self.whole = earlier
            raise
        finally:
            connection.shut()
            connection.close()
            if connection.socket is not None:
                connection.socket.close()

    def _open(self, size: int) -> Connection:
        location = self._locate()
        connection = Connection(
            location,
            connect_timeout=self._settings.connect_timeout,
            idle_timeout=self._settings.idle_timeout,
            ca_file=str(self._settings.ca_file or ""),
            proxy=self._settings.proxy,
        )
        try:
            connection.connect()
            connection.putrequest("PUT", connection.asked_as, skip_accept_encoding=True)
            for name, value in self._headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(size))
            connection.endheaders()
        except _BROKEN as error:
            connection.close()
            raise self._unavailable(_why(error)) from None
        return connection

    def _locate(self) -> Location:
        try:
            return locations.locate(
                self._url, self._settings.allow_targets, "[image] allow_targets", unresolved=bool(self._settings.proxy)
            )
        except locations.Unresolved as error:
            raise self._unavailable(error.cause) from None
        except locations.UrlRefused as error:
            raise self._refused(error.cause + error.advice) from None

    def _send(self, connection: Connection, piece: Piece, digest: hashlib._Hash) -> None:
        digest.update(piece)
        try:
            connection.send(piece)
        except _BROKEN as error:
            # A server that refuses says so at once, and does not read on.
            with suppress(*_BROKEN):
                self._judge(connection.getresponse())
            raise self._unavailable(_why(error)) from None

    def _answer(self, connection: Connection, digest: hashlib._Hash) -> bool:
        try:
            response = connection.getresponse()
            self._judge(response)
        except _BROKEN as error:
            raise self._unavailable(f"it was sent the whole image, and did not answer: {_why(error)}") from None
        tag = _MD5.fullmatch(response.getheader("ETag", ""))
        return tag is not None and tag[1] == digest.hexdigest()

    def _judge(self, response: http.client.HTTPResponse) -> None:
        """Raise what an answer means that is no success. Its text may repeat the URL: only S3's code is told."""
        status = response.status
        if 200 <= status < 300:
            return
        code = _CODE.search(response.read(8192))
        why = f"the server answered {status}" + (f" {code[1].decode()}" if code else "")
        if status in _TRANSIENT:
            raise self._unavailable(why)
        if status in (HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            raise Failed(f"{self.shown} has no room for it: {why}", reason="STORE_FULL", metadata=self._facts(why))
        if 300 <= status < 400:
            why += ", a redirect, which is not followed: sign the URL for where it leads"
        elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            why += "; perhaps the URL has expired, or was signed for another method than PUT or for other headers"
        raise self._refused(why)

    def _facts(self, cause: str) -> dict[str, str]:
        return {"store": self.shown, "cause": cause}

    def _refused(self, cause: str) -> Failed:
        return Failed(f"{self.shown} does not take it: {cause}", reason="STORE_REFUSED", metadata=self._facts(cause))

    def _unavailable(self, cause: str) -> Failed:
        return Failed(
            f"{self.shown} could not be written to: {cause}",
            reason="STORE_UNAVAILABLE",
            retryable=True,
            metadata=self._facts(cause),
        )


def shown(url: str) -> str:
    """Return what may be told of a presigned URL."""
    told = locations.shown(url)
    try:
        query = urlsplit(url).query
    except ValueError:
        return told
    return told if query else "/".join([*told.split("/", 3)[:3], "…"])


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not take or send anything in time"
    return getattr(error, "strerror", None) or type(error).__name__
