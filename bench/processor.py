"""Processor time for each item of a load: of all figures the one that moves least from machine to machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bench.h2load import Load


class Paid(Protocol):
    """A server whose processor time is known."""

    def cpu(self) -> float:
        """Return the processor time it has used, in seconds."""
        ...


class Costed:
    """A load whose turns also note what the server's processor did for each of its items.

    `items`: how many each call has. `drain` waits until what a turn began is over.
    """

    def __init__(self, server: Paid, load: Load, items: int = 1, drain: Callable[[], None] | None = None) -> None:
        self.cost: list[float] = []
        """Microseconds for each item, turn by turn."""
        self._server = server
        self._load = load
        self._items = items
        self._drain = drain

    def turn(self) -> float:
        """Put the server under load for a while; return how many items it took in a second."""
        used, sent = self._server.cpu(), self._load.sent
        rate = self._load.turn() * self._items
        if self._drain is not None:
            self._drain()
        self.cost.append((self._server.cpu() - used) / ((self._load.sent - sent) * self._items) * 1e6)
        return rate
