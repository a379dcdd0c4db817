"""Calls of libcloud drivers that lose no id: as a context manager, and as a driver whose methods all are so."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from libcloud.common.base import Connection
from libcloud.utils.retry import Retry

from wharfinger_libcloud.answers import UnexpectedAnswer, check
from wharfinger_libcloud.failure import PartialFailureError, failure_of
from wharfinger_libcloud.journal import TIMEOUT, Journal
from wharfinger_libcloud.reading import read_request
from wharfinger_libcloud.watching import recording, watching


class ReadOnlyRetry(Retry):
    """Libcloud's own retry, for requests that change nothing: a change repeated may be made twice."""

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func` with retries where it only reads."""
        again = super().__call__(func)  # type: ignore[no-untyped-call]

        @functools.wraps(func)
        def send(*arguments: Any, **options: Any) -> Any:
            asked = read_request(options.get("method", "POST"), options.get("url", ""), options.get("data"))
            return (func if asked.changes else again)(*arguments, **options)

        return send


def harden(driver: Any) -> None:
    """Keep libcloud from repeating requests of `driver` that may change something."""
    for connection in _connections(driver):
        connection.retryCls = _careful(connection.retryCls)


def _connections(driver: Any) -> list[Connection]:
    return [value for value in vars(driver).values() if isinstance(value, Connection)]


def _careful(retry: type[Retry]) -> type[Retry]:
    if issubclass(retry, ReadOnlyRetry):
        return retry
    return ReadOnlyRetry if retry is Retry else type(f"ReadOnly{retry.__name__}", (ReadOnlyRetry, retry), {})


@contextlib.contextmanager
def _hardened(driver: Any) -> Iterator[None]:
    before = [(connection, vars(connection).get("retryCls")) for connection in _connections(driver)]
    harden(driver)
    try:
        yield
    finally:
        for connection, own in before:
            if own is not None:
                connection.retryCls = own
            else:
                vars(connection).pop("retryCls", None)


@contextlib.contextmanager
def keeping(driver: Any, *others: Any, planned: Iterable[str] = (), timeout: float = TIMEOUT) -> Iterator[Journal]:
    """Lose no id of what the drivers make inside: an error that leaves the block becomes a PartialFailureError.

    It does so only where something was made or may have been; otherwise the error passes as it is. `planned` names what
    shall be made, so that the error can tell what was never tried. Each request ends within `timeout` seconds, or
    fails. KeyboardInterrupt, a cancellation and the like pass too; the PartialFailureError is their cause.

    Threads of the block's own are recorded too, where they call methods of these drivers. A driver that is not given,
    but used inside, is recorded by its requests alone; what it makes is its own to remove as well.
    """
    names = list(planned)
    with contextlib.ExitStack() as kept:
        journal = kept.enter_context(recording(timeout))
        for one in (driver, *others):
            kept.enter_context(_hardened(one))
            kept.enter_context(watching(one, journal))
        try:
            yield journal
        except BaseException as error:
            failure = failure_of(journal, error, driver, names)
            if failure is None or isinstance(error, PartialFailureError):
                raise
            if isinstance(error, Exception):
                raise failure from error
            raise error from failure


def checked(driver: Any, method: str, /, *arguments: Any, **options: Any) -> Any:
    """Call that method of `driver`, and check that its answer is what it promises.

    Raises UnexpectedAnswer for an answer of the wrong type, and what the method raises.
    """
    answer = getattr(driver, method)(*arguments, **options)
    wrong = check(method, answer)
    if wrong:
        raise UnexpectedAnswer(f"{type(driver).__name__}.{method} returned {wrong}")
    return answer


class Lossless:
    """A driver whose every method loses no id; else it is the driver it was made of.

    Use it as `cloud = Lossless(driver)`, then `cloud.deploy_node(…)` as ever.
    """

    def __init__(self, driver: Any, *, timeout: float = TIMEOUT) -> None:
        self._driver = driver
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<Lossless {self._driver!r}>"

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_driver", "_timeout"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._driver, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in ("_driver", "_timeout"):  # not made yet, as in a copy
            raise AttributeError(name)
        value = getattr(self._driver, name)
        if name.startswith("_") or not callable(value):
            return value

        @functools.wraps(value)
        def method(*arguments: Any, **options: Any) -> Any:
            with keeping(self._driver, timeout=self._timeout):
                return checked(self._driver, name, *arguments, **options)

        return method
