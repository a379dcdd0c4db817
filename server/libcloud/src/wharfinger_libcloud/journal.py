"""A record of every request that may change something, kept where libcloud sends it.

`recording()` puts a journal into a context variable; while it is there, each request that passes libcloud's
`LibcloudConnection` is looked at: those that may change something are noted before they are sent and once more when
they are answered. Every request gets a timeout. Code that runs without a journal is not touched.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import requests
from libcloud.http import LibcloudConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from wharfinger_libcloud import window
from wharfinger_libcloud.reading import Asked, Made, read_answer, read_request, removed_ids
from wharfinger_libcloud.redaction import redacted
from wharfinger_libcloud.storing import of_store, stored

TIMEOUT = 60.0
"""Seconds that a request may take, from the first wait for a connection to the last byte of its answer."""


# EC2 says so with a 503, before it looks at the request.
_THROTTLED = re.compile(r"<Code>(RequestLimitExceeded|Throttling|ThrottlingException)</Code>")


class NotSent(Exception):
    """The request was not sent, because the call that wanted to send it was given up before."""


@dataclass(slots=True)
class Exchange:
    """One request and what came of it. `status` None: no answer. Bodies are redacted and cut.

    `sent` and `ended` are seconds since the epoch; `error` says why there is no answer; `unsent` that the request never
    left, as where no connection could be had.
    """

    asked: Asked
    request: str
    sent: float
    ended: float | None = None
    status: int | None = None
    answer: str = ""
    error: str = ""
    unsent: bool = False
    made: list[Made] = field(default_factory=list)
    said_done: bool = False
    throttled: bool = False

    @property
    def refused(self) -> bool:
        """Whether it definitely changed nothing: a 4xx other than a timeout, too many requests, or never sent."""
        return (
            self.unsent
            or self.throttled
            or (self.status is not None and 400 <= self.status < 500 and self.status not in (408, 499))
        )

    @property
    def in_doubt(self) -> bool:
        """Whether it may have made something whose id nobody knows."""
        if self.refused or self.made or self.asked.removes:
            return False
        if self.status is None or self.status >= 500 or self.status == 408:
            return True
        begun = self.asked.method == "PUT" and self.status == 202
        return (self.asked.makes or begun) and not self.said_done

    @property
    def why(self) -> str:
        """Why it is in doubt, in words."""
        if self.status is None:
            return self.error or "it was not answered yet"
        if self.status < 300:
            return f"the answer {self.status} names nothing that was made"
        return f"it was answered {self.status}"

    def __str__(self) -> str:
        return f"{self.asked.verb} → {self.status if self.status is not None else self.error or 'no answer yet'}"


class Journal:
    """The exchanges of one call, in the order they were sent. Safe to read from another thread.

    `storing`: they go to an object store.
    """

    def __init__(self, timeout: float = TIMEOUT, outer: Journal | None = None, *, storing: bool = False) -> None:
        self.timeout = timeout
        self.storing = storing
        self._outer = outer
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._closed = False

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges so far."""
        with self._lock:
            return list(self._exchanges)

    @property
    def made(self) -> list[Made]:
        """What was made and not taken away again, oldest first."""
        found: dict[tuple[str, str], Made] = {}
        for exchange in self.exchanges:
            if exchange.asked.removes and exchange.status is not None and exchange.status < 300:
                gone = removed_ids(exchange.asked)
                found = {key: made for key, made in found.items() if made.id not in gone}
            found |= {(made.kind, made.id): made for made in exchange.made}
        return list(found.values())

    @property
    def in_doubt(self) -> list[Exchange]:
        """The requests that may have made something unknown."""
        return [exchange for exchange in self.exchanges if exchange.in_doubt]

    @property
    def names(self) -> set[str]:
        """All names that were asked for."""
        return {name for exchange in self.exchanges for name in exchange.asked.names}

    @property
    def on_its_way(self) -> bool:
        """Whether a change was sent and is not answered yet."""
        return any(exchange.ended is None for exchange in self.exchanges)

    def close(self) -> None:
        """Let nothing more be sent: it raises NotSent. What is on its way just now goes on."""
        with self._lock:
            self._closed = True

    def check_open(self, asked: Asked) -> None:
        """Raises NotSent if this journal or one around it is closed."""
        if self._outer is not None:
            self._outer.check_open(asked)
        if self._closed:
            raise NotSent(f"{asked.verb} was not sent: the call was given up before")

    def begin(self, asked: Asked, body: Any) -> Exchange:
        """Note that a request is about to be sent. Raises NotSent once the journal is closed."""
        if isinstance(body, (bytes, bytearray)):
            body = bytes(body[:65536]).decode("utf-8", "replace")
        text = body if isinstance(body, str) else ""
        exchange = Exchange(asked, redacted(text), time.time())
        self.add(exchange)
        return exchange

    def add(self, exchange: Exchange) -> None:
        """Add an exchange here and in the journals around, or nowhere. Raises NotSent if one of them is closed."""
        with self._lock:
            self.check_open(exchange.asked)
            if self._outer is not None:
                self._outer.add(exchange)
            self._exchanges.append(exchange)


_active: ContextVar[Journal | None] = ContextVar("wharfinger_libcloud_journal", default=None)
_installing = threading.Lock()


def current() -> Journal | None:
    """Return the journal that this context writes to."""
    return _active.get()


@contextlib.contextmanager
def recording(timeout: float = TIMEOUT, *, storing: bool = False) -> Iterator[Journal]:
    """Record what is sent inside. Within another recording both get it. `storing`: it is sent to an object store."""
    _install()
    journal = Journal(timeout, _active.get(), storing=storing)
    token = _active.set(journal)
    try:
        yield journal
    finally:
        _active.reset(token)


def _install() -> None:
    """Put the look-out where libcloud sends its requests, once a process."""
    with _installing:
        window.install()
        for name in ("request", "prepared_request"):
            original = getattr(LibcloudConnection, name)
            if not hasattr(original, "wharfinger_original"):
                setattr(LibcloudConnection, name, _watched(original))


def _watched(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def send(self: Any, method: str, url: str, body: Any = None, *rest: Any, **options: Any) -> Any:
        journal = _active.get()
        if journal is None:
            return original(self, method, url, body, *rest, **options)
        asked = read_request(method, url, body)
        if journal.storing:
            asked = of_store(asked, url)
        with window.bounded(self.session, journal.timeout):
            if not asked.changes:
                journal.check_open(asked)
                return original(self, method, url, body, *rest, **options)
            exchange = journal.begin(asked, body)
            try:
                original(self, method, url, body, *rest, **options)
                _note_answer(exchange, self.response, streamed=bool(options.get("stream")))
                if journal.storing and exchange.status is not None and exchange.status < 300:
                    exchange.made, exchange.said_done = stored(asked, url), True
            except BaseException as error:
                _note_error(exchange, error)
                raise
            finally:
                exchange.ended = time.time()
            return None  # as libcloud's own: the answer is in `self.response`

    send.wharfinger_original = original  # type: ignore[attr-defined]
    return send


def _note_answer(exchange: Exchange, response: Any, *, streamed: bool) -> None:
    exchange.status = int(response.status_code)
    # Reading a stream here would take it from the caller.
    text = "" if streamed else response.text
    exchange.answer = redacted(text)
    exchange.throttled = exchange.status == 503 and bool(_THROTTLED.search(text))
    if exchange.status < 300:
        exchange.said_done = "<return>true</return>" in text or exchange.status == 204
        # A PUT that was answered 200 has changed what was there before.
        if exchange.asked.method != "PUT" or exchange.status == 201:
            exchange.made = read_answer(exchange.asked, text, response.headers.get("Location", ""))


def _note_error(exchange: Exchange, error: BaseException) -> None:
    exchange.unsent = isinstance(error, (NotSent, requests.ConnectTimeout)) or isinstance(
        getattr(error.args[0] if error.args else None, "reason", None), (NewConnectionError, NameResolutionError)
    )
    exchange.error = f"{type(error).__name__} before an answer came"
