"""A server that does not answer: waited for where it answered before, given up where it never did."""

from __future__ import annotations

import logging
import time

from wharfinger import errors
from wharfinger._core.connection.transport import Transport

_log = logging.getLogger("wharfinger")

# A server that this client never spoke with is waited for so long, in seconds: as a restart takes, and no longer, since
# most such addresses are wrong.
FIRST = 5.0
# That nobody answered yet is a warning after so many seconds, once: somebody may sit before it and wonder.
SOON = 1.0
# An outage is a warning after so many seconds, once.
LONG = 10.0


class Outage:
    """What one watch or wait bears; `doing` is what goes on once the server answers, such as "watching"."""

    def __init__(self, transport: Transport, doing: str) -> None:
        self._transport = transport
        self._doing = doing
        self._began = time.monotonic()
        self._since = 0.0
        self._out = False
        self._warned = False

    def over(self) -> None:
        """Note that the server answered."""
        self._out = self._warned = False

    def bear(self, error: errors.WharfingerError) -> None:
        """Note that it did not, and return if it is to be asked again.

        Raises:
            WharfingerError: the `error` itself, when nothing was ever heard from the server.
        """
        now = time.monotonic()
        if not self._out:
            self._out, self._since = True, now
        if not self._transport.connected and now - self._began >= FIRST:
            raise error

    def tell(self, error: errors.WharfingerError | None, pause: float) -> None:
        """Log that it is asked again in `pause` seconds: a warning once, soon where nobody ever answered, else late."""
        why = error or "the connection was cut off"
        _log.info("%s; %s again in %.1f seconds", why, self._doing, pause)
        if not self._transport.connected:
            if time.monotonic() - self._began >= SOON and not self._warned:
                self._warned = True
                _log.warning("%s; asked again, and given up after %g seconds without an answer", why, FIRST)
            return
        away = time.monotonic() - self._since if self._out else 0.0
        if away >= LONG and not self._warned:
            self._warned = True
            _log.warning("%s, for %.0f seconds now; %s goes on once it answers", why, away, self._doing)
