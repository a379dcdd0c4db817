"""Static bearer tokens: those of the settings, and those of the token file, which is read again when it changes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from wharfinger_server.engine.interface.requests import Caller


class Known(NamedTuple):
    """A token by the SHA-256 of it (64 hexadecimal digits, as bytes): who shows it, until when it holds, and its id.

    `expire` is in microseconds of the wall clock, 0: for ever. `id` is "" for those of the settings.
    """

    digest: bytes
    caller: Caller
    expire: int = 0
    id: str = ""


class Expired(Exception):
    """The token was one, and its time is over."""


class Tokens:
    """Finds the caller of a token. `used` are the times at which tokens with an id were shown last, by their ids."""

    def __init__(self, known: Iterable[Known] = ()) -> None:
        self.used: dict[str, int] = {}
        self._known: Sequence[Known] = tuple(known)

    def __bool__(self) -> bool:
        return bool(self._known)

    def take(self, known: Iterable[Known]) -> None:
        """Know these from now on, and no others."""
        self._known = tuple(known)

    def of(self, token: str, now: int) -> Caller | None:
        """Return who shows the token, None for one that is not known. Raises Expired."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest().encode()
        found = None
        # Every hash is compared, each in constant time: how long it takes tells nothing.
        for known in self._known:
            if hmac.compare_digest(known.digest, digest):
                found = known
        if found is None:
            return None
        if found.expire and now >= found.expire:
            raise Expired
        if found.id:
            self.used[found.id] = now
        return found.caller


def used_since(before: Mapping[str, int], used: Mapping[str, int]) -> dict[str, int]:
    """Return both together, the later of each."""
    return {**before, **{name: max(time, before.get(name, 0)) for name, time in used.items()}}
