"""The look-out: driver objects tell their calls while a block keeps them, libcloud's connections what they send.

All is put in place when the first block opens and taken away when the last has ended; a driver's attributes are as they
were when its own has. What a context without a journal does passes untouched.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import requests
from libcloud.common.base import BaseDriver, Connection
from libcloud.http import LibcloudConnection
from libcloud.storage.base import StorageDriver
from urllib3.connection import HTTPConnection

from wharfinger_libcloud import window
from wharfinger_libcloud.calls import MAKES, READS, Call, Role, begin, id_of
from wharfinger_libcloud.journal import TIMEOUT, Exchange, Journal, reads
from wharfinger_libcloud.reading import Asked, last_word, read_request
from wharfinger_libcloud.results import read_result


@dataclass(frozen=True, slots=True)
class _Request:
    """What a connection of a driver's is about to send."""

    driver: Any
    url: str


_journal: ContextVar[Journal | None] = ContextVar("wharfinger_libcloud_journal", default=None)
_call: ContextVar[Call | None] = ContextVar("wharfinger_libcloud_call", default=None)
_request: ContextVar[_Request | None] = ContextVar("wharfinger_libcloud_request", default=None)
_sending: ContextVar[bool] = ContextVar("wharfinger_libcloud_sending", default=False)


LOOK = "look"
"""The name of the call by which a block sees whether something is there already."""


def current_call() -> Call | None:
    """Return the driver's method that this context is in."""
    return _call.get()


@contextlib.contextmanager
def recording(timeout: float = TIMEOUT) -> Iterator[Journal]:
    """Record what is sent inside. Within another recording both get it."""
    with _open():
        journal = Journal(timeout, _journal.get())
        token = _journal.set(journal)
        try:
            yield journal
        finally:
            _journal.reset(token)


@contextlib.contextmanager
def watching(driver: Any, journal: Journal) -> Iterator[None]:
    """Let `driver` tell the journal its calls, from whatever thread they come."""
    mine: dict[str, Any] = {}
    for name in _methods(driver.__class__):
        if name not in vars(driver) or _original(vars(driver)[name]) is not None:
            mine[name] = _told(driver, name, getattr(driver, name), journal)
    before = {name: vars(driver)[name] for name in mine if name in vars(driver)}
    vars(driver).update(mine)
    try:
        yield
    finally:
        for name, method in mine.items():
            if vars(driver).get(name) is method:
                if name in before:
                    vars(driver)[name] = before[name]
                else:
                    del vars(driver)[name]


@functools.lru_cache(512)
def _methods(kind: Any) -> tuple[str, ...]:
    """Return the names of a class's public methods."""
    return tuple(
        name
        for name in dir(kind)
        if not name.startswith("_") and isinstance(inspect.getattr_static(kind, name), FunctionType)
    )


def _told(driver: Any, name: str, method: Callable[..., Any], journal: Journal) -> Callable[..., Any]:
    method = _original(method) or method  # an outer block's: its journal is ours' outer one, or another thread's

    @functools.wraps(method)
    def told(*values: Any, **named: Any) -> Any:
        inside = _call.get()
        call: Call = begin(driver, name, method, values, named, inside if inside and inside.error is None else None)
        # A thread of the block's own has none in its context.
        mine = None if _journal.get() is not None else _journal.set(journal)
        try:
            own = _journal.get() or journal
            if call.role.effect == MAKES:
                own.note_names(call.names)
                call.replaces = _was_there(driver, call, own)
            return _run(call, own, method, values, named)
        finally:
            if mine is not None:
                _journal.reset(mine)

    told.wharfinger_watch = method  # type: ignore[attr-defined]
    return told


def _original(method: Any) -> Any:
    """Return the method that another block of the same driver has replaced, None where none has."""
    return getattr(method, "__dict__", {}).get("wharfinger_watch")


def _run(call: Call, journal: Journal, method: Callable[..., Any], values: Any, named: Any) -> Any:
    token = _call.set(call)
    try:
        value = method(*values, **named)
    except BaseException as error:
        call.error = error
        raise
    finally:
        _call.reset(token)
    if inspect.isgenerator(value):
        return _lazily(call, value)
    journal.note_return(call, read_result(call, value))
    return value


def _lazily(call: Call, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Go on with a call that sends its requests while its result is read."""
    try:
        while True:
            token = _call.set(call)
            try:
                one = next(steps)
            except StopIteration:
                return
            finally:
                _call.reset(token)
            yield one
    finally:
        steps.close()


def _was_there(driver: Any, call: Call, journal: Journal) -> bool | None:
    """Return whether what a store is about to be given is there already; None if that can't be seen.

    The answer to a PUT does not tell what was made from what was written over; what was there is nobody's to delete.
    """
    if not isinstance(driver, StorageDriver) or call.role.kind not in ("container", "object") or not call.names:
        return False
    name, container = call.names[0], id_of(call.of)
    if call.inside is not None and call.inside.role.kind == call.role.kind and call.inside.role.effect == MAKES:
        return call.inside.replaces
    made = {(one.kind, one.id) for one in journal.made if one.driver is driver}
    if call.role.kind == "object" and (("container", container) in made or ("object", f"{container}/{name}") in made):
        return False
    token = _call.set(Call(driver, LOOK, Role(READS), (), inside=call))
    try:
        _ = driver.get_container(name) if call.role.kind == "container" else driver.get_object(container, name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the upload itself will tell
        return False if type(error).__name__.endswith("DoesNotExistError") else None
    finally:
        _call.reset(token)
    return True


# ---------------------------------------------------------------- where requests are sent

_lock = threading.Lock()
_blocks = 0
_replaced: list[tuple[Any, str, Any]] = []


@contextlib.contextmanager
def _open() -> Iterator[None]:
    """Have the look-out in its place as long as any block is open."""
    global _blocks  # noqa: PLW0603 - what is replaced is of the whole process, and so is the count
    with _lock:
        if not _blocks:
            places: tuple[tuple[Any, str, Any], ...] = (
                (LibcloudConnection, "request", _watched),
                (LibcloudConnection, "prepared_request", _watched),
                (Connection, "_retryable_request", _of_driver),
                (requests.Session, "send", _straight),
                (HTTPConnection, "getresponse", window.telling),
            )
            for owner, name, watched in places:
                original = vars(owner)[name]
                _replaced.append((owner, name, original))
                setattr(owner, name, watched(original))
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                while _replaced:
                    owner, name, original = _replaced.pop()
                    setattr(owner, name, original)


def _of_driver(original: Callable[..., Any]) -> Callable[..., Any]:
    """Tell the request below which driver it is of, and its address as the driver has it."""

    @functools.wraps(original)
    def send(self: Any, url: str, *rest: Any, **options: Any) -> Any:
        if _journal.get() is None:
            return original(self, url, *rest, **options)
        token = _request.set(_Request(_driver_of(self), url))
        try:
            return original(self, url, *rest, **options)
        finally:
            _request.reset(token)

    return send


def _driver_of(connection: Any) -> Any:
    driver = getattr(connection, "driver", None)
    return driver if isinstance(driver, BaseDriver) else None


def _watched(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def send(self: Any, method: str, url: str, body: Any = None, *rest: Any, **options: Any) -> Any:
        journal = _journal.get()
        if journal is None:
            return original(self, method, url, body, *rest, **options)
        known = _request.get()
        address = known.url if known is not None else url
        driver = known.driver if known is not None else None

        def work() -> Any:
            original(self, method, url, body, *rest, **options)
            return self.response

        with window.bounded(self.session, journal.timeout):
            _recorded(journal, (method, address, body, driver), work, streamed=bool(options.get("stream")))
        return None

    return send


def _straight(original: Callable[..., Any]) -> Callable[..., Any]:
    """Watch what a driver sends past libcloud's connections."""

    @functools.wraps(original)
    def send(self: Any, request: Any, **options: Any) -> Any:
        journal = _journal.get()
        if journal is None or _call.get() is None or _sending.get():
            return original(self, request, **options)
        asked = (request.method or "GET", request.url or "", request.body, None)
        with window.bounded(
            self, journal.timeout, lambda *values, **named: original(self, *values, **named)
        ) as limited:
            return _recorded(journal, asked, lambda: limited(request, **options), streamed=bool(options.get("stream")))

    return send


def _recorded(journal: Journal, what: tuple[str, str, Any, Any], work: Callable[[], Any], *, streamed: bool) -> Any:
    """Send by `work`, and note in the journal what may change something."""
    method, url, body, driver = what
    call = _call.get()
    asked = read_request(method, url, body)
    token = _sending.set(True)
    try:
        if reads(call) or not (asked.changes or _no_login(asked, driver, call)):
            journal.check_open(asked)
            response = work()
            if "/operations/" in asked.path and not streamed:
                journal.note_read(response.text)
            return response
        exchange = journal.begin(asked, body, url, call, _owner(driver, call))
        try:
            response = work()
            _note(exchange, response, streamed=streamed)
        except BaseException as error:
            exchange.note_error(error)
            raise
        finally:
            exchange.ended = time.time()
        return response
    finally:
        _sending.reset(token)


def _no_login(asked: Asked, driver: Any, call: Call | None) -> bool:
    """Return whether what looks like a login is none: a key of a store, or a session that a method makes."""
    if not asked.logs_in or call is None or call.work.role.effect != MAKES or driver is not call.driver:
        return False
    return isinstance(driver, StorageDriver) or call.work.role.kind.endswith(last_word(asked.path).rstrip("s").lower())


def _owner(driver: Any, call: Call | None) -> Any:
    """Return whose request it is: a driver that is part of another, as a balancer's, sends in the other's call."""
    return driver if driver is not None else call.driver if call is not None else None


def _note(exchange: Exchange, response: Any, *, streamed: bool) -> None:
    # Reading a stream here would take it from the caller.
    text = "" if streamed else response.text
    exchange.note_answer(int(response.status_code), text, response.headers.get("Location", ""))
