"""The line that says what a watched task waits for and until when, asked for once nothing else comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from wharfinger import EntryChanged, Event, LedgerEntryState, WharfingerError

QUIET = 0.5
"""For so many seconds nothing must have been told before it is asked for."""
_IN_DOUBT = (LedgerEntryState.INTENDED, LedgerEntryState.UNCERTAIN)
_NAMED = 5


class Waiting:
    """Asks in a thread of its own, while it is entered, and tells each answer that is new.

    `ask` returns the task's `waiting_reason`; what it raises of the client's own errors is passed over, since the watch
    itself tells of a server that is away.
    """

    def __init__(self, ask: Callable[[], str | None], tell: Callable[[str], None], quiet: float = QUIET) -> None:
        self._ask, self._tell, self._quiet = ask, tell, quiet
        self._doubtful: dict[str, None] = {}
        self._news = threading.Event()
        self._over = False
        self._last = ""
        self._thread = threading.Thread(target=self._run, name="waiting", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; nothing is told any more afterwards, unless an answer is under way."""
        self._over = True
        self._news.set()
        self._thread.join(1.0)

    def hear(self, event: Event) -> None:
        """Take note that something was told, and of the keys that are in doubt."""
        if isinstance(event, EntryChanged):
            self._doubtful.pop(event.entry.key, None)
            if event.entry.state in _IN_DOUBT:
                self._doubtful[event.entry.key] = None
        self._news.set()

    def _run(self) -> None:
        while not self._over:
            self._news.wait()
            self._news.clear()
            while self._news.wait(self._quiet) and not self._over:
                self._news.clear()
            if not self._over:
                self._say()

    def _say(self) -> None:
        try:
            reason = self._ask() or ""
        except WharfingerError:
            return
        if reason != self._last and not self._over:
            self._last = reason
            if reason:
                self._tell(reason + self._keys(reason))

    def _keys(self, reason: str) -> str:
        """Return the keys that an answer about things in doubt does not name."""
        keys = list(self._doubtful)
        if not keys or not reason.startswith("until "):
            return ""
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        return f": {', '.join(keys[:_NAMED])}{more}"
