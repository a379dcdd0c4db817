"""The connection by which a half-done task's error resumes or rolls back: it blocks, and is remembered or made anew."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from wharfinger._core.connection import settings
from wharfinger._core.connection.blocking import BlockingTransport, run
from wharfinger._core.connection.transport import Transport
from wharfinger._core.verbs import asking
from wharfinger.models import Task


class ByServer:
    """Goes on with tasks of one server: over the connection that told of them while it is open, else over a new one.

    It keeps no connection alive. What is pickled of it is the server's address alone: what else a connection needs is
    taken from the environment.
    """

    def __init__(self, origin: str, transport: Transport | None = None) -> None:
        self._origin = origin
        self._known = weakref.ref(transport) if isinstance(transport, BlockingTransport) else None

    def __reduce__(self) -> tuple[Any, ...]:
        return (ByServer, (self._origin,))

    def rollback(self, name: str, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> Task:
        """Undo what the task made, and return it as it then is."""
        with self._transport() as transport:
            return run(asking.rollback(transport, name, only, retain, "", ""))

    def resume(self, name: str, *, script_version: str = "") -> Task:
        """Let the task run again, and return it as it then is."""
        with self._transport() as transport:
            return run(asking.resume(transport, name, script_version, "", ""))

    @contextmanager
    def _transport(self) -> Iterator[BlockingTransport]:
        known = self._known() if self._known else None
        if known is not None and not known.closed:
            yield known
            return
        own = BlockingTransport(settings.resolve(self._origin))
        try:
            yield own
        finally:
            run(own.close())
