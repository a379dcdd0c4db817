"""Keeps what a server knows of its callers true: the token file, and the tokens and certificates of the settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from wharfinger_server.access.callers import Callers
from wharfinger_server.access.tokens import used_since
from wharfinger_server.config import BadTokenFile, ConfigError, Settings, read_access, token_file

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds between two looks at the files: a token that is revoked opens nothing after that."""
_RECHECK_AFTER, _NOTE_AFTER = 30, 120
"""After how many looks callers of open streams are looked at again, and is noted which tokens were shown."""


class Knowing:
    """The callers of a server, by its settings and its token file as they are now."""

    def __init__(self, settings: Settings) -> None:
        """Read both. Raises ConfigError where the token file can't be used."""
        self._settings = settings
        self._seen = self._stamps()
        self._noted: dict[str, int] = {}
        try:
            self.callers = Callers(settings, token_file.read(settings.token_file))
        except BadTokenFile as error:
            raise ConfigError([str(error)]) from None

    async def watch(self, recheck: Callable[[], None], pause: float = PAUSE) -> None:
        """Look at the files for ever, and take what changed; what can't be used is told, and what was known stays.

        `recheck` looks again at the callers of what is open: when something changed, and now and then, for credentials
        expire.
        """
        looks = 0
        while True:
            await asyncio.sleep(pause)
            looks += 1
            stamps = self._stamps()
            changed = stamps != self._seen
            if changed:
                self._seen = stamps
                await asyncio.to_thread(self._take)
            if changed or looks % _RECHECK_AFTER == 0:
                recheck()
            if looks % _NOTE_AFTER == 0:
                await asyncio.to_thread(self.note)

    def note(self) -> None:
        """Write down when tokens of the file were shown last."""
        if self.callers.tokens.used == self._noted:
            return
        file = self._settings.token_file
        try:
            token_file.write_used(file, used_since(token_file.read_used(file), self.callers.tokens.used))
            self._noted = dict(self.callers.tokens.used)
        except OSError as error:
            log.warning("which tokens were shown can't be written down beside %s: %s", file, error)

    def _take(self) -> None:
        try:
            filed = token_file.read(self._settings.token_file)
            settings = read_access(self._settings)
        except (BadTokenFile, ConfigError) as error:
            log.warning("who may call could not be read again, and stays as it was: %s", error)
            return
        self._settings = settings
        self.callers.take(settings, filed)
        held = sum(not token.revoked for token in filed)
        log.info("who may call was read again", extra={"tokens": len(settings.tokens) + held})

    def _stamps(self) -> list[tuple[int, int, int]]:
        return [_stamp(path) for path in (self._settings.token_file, self._settings.source)]


def _stamp(path: Path | None) -> tuple[int, int, int]:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        found = None
    if found is None:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)
