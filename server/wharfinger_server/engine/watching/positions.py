"""Positions of watches: tokens that name a position and the very event that stood there.

A position alone outlives its event: after an older backup was restored other events come to stand at positions that
watchers have seen already, and whoever went on by the number would miss them and never know.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

from wharfinger_server.domain.errors import InvalidArgument, OutOfRange, invalid

_FEED = struct.Struct(">B8sQ8s8s")
_FEED_SHOWING = struct.Struct(">B8sQ8s8sQ")
"""Given out while the tasks are shown that were there when the watch began: with the last one that was."""
_FEED_BEFORE = struct.Struct(">B8sQ8s")
"""Of servers whose tokens had no mark: taken until their clients have newer ones."""
_TASK = struct.Struct(">B8sQQ8s")
_FEED_VERSION, _FEED_VERSION_BEFORE, _FEED_VERSION_SHOWING, _TASK_VERSION = 2, 1, 3, 0x81

NO_MARK = bytes(8)
"""In place of the mark of an event that is not known: before the first one, or purged."""


class Position(NamedTuple):
    """A number in a feed or a task, and the mark of the event that stands there."""

    number: int
    mark: bytes = NO_MARK

    def agrees(self, body: bytes | None) -> bool:
        """Whether the event at the position, as it is stored, is the one that was meant; None: it is not kept."""
        return self.mark == NO_MARK or body is None or mark_of(body) == self.mark


def mark_of(body: bytes) -> bytes:
    """Return the mark of an event, as it is stored: eight bytes of it all, its task and its time included."""
    return hashlib.blake2b(body, digest_size=len(NO_MARK)).digest()


class FeedTokens:
    """Makes and reads the resume tokens of one project's watch: version, database, position, filter."""

    def __init__(self, incarnation: str, project: str, filter_text: str) -> None:
        self._store = _store(incarnation)
        self._question = hashlib.sha256(f"{project}\0{filter_text}".encode()).digest()[:8]

    def make(self, at: Position, shown: int | None = None) -> bytes:
        """Return the token of a position; `shown`: the id of the last task that was shown, until all were."""
        if shown is not None:
            return _FEED_SHOWING.pack(_FEED_VERSION_SHOWING, self._store, at.number, self._question, at.mark, shown)
        return _FEED.pack(_FEED_VERSION, self._store, at.number, self._question, at.mark)

    def read(self, token: bytes) -> tuple[Position, int | None]:
        """Return a token's position, and which task was shown last, None where all were.

        Raises InvalidArgument RESUME_TOKEN_INVALID for one that is not of this watch.
        """
        mark, shown = NO_MARK, None
        if len(token) == _FEED_SHOWING.size and token[0] == _FEED_VERSION_SHOWING:
            _, store, number, question, mark, shown = _FEED_SHOWING.unpack(token)
        elif len(token) == _FEED.size and token[0] == _FEED_VERSION:
            _, store, number, question, mark = _FEED.unpack(token)
        elif len(token) == _FEED_BEFORE.size and token[0] == _FEED_VERSION_BEFORE:
            _, store, number, question = _FEED_BEFORE.unpack(token)
        else:
            raise _not_ours("it is not a token of a project's watch that this server gave out")
        if store != self._store:
            raise _not_ours("it was given out by another database; begin without it")
        if question != self._question:
            raise _not_ours("it belongs to another parent or filter; send it with the same ones, or begin without it")
        return Position(number, mark), shown


class TaskTokens:
    """Makes and reads the resume tokens of single tasks' watches: version, database, task, sequence."""

    def __init__(self, incarnation: str) -> None:
        self._store = _store(incarnation)

    def make(self, task: int, at: Position) -> bytes:
        """Return the token of a position in a task."""
        return _TASK.pack(_TASK_VERSION, self._store, task, at.number, at.mark)

    def read(self, task: int, token: bytes) -> Position:
        """Return a token's position. Raises InvalidArgument RESUME_TOKEN_INVALID for one that is not of this task."""
        if len(token) != _TASK.size or token[0] != _TASK_VERSION:
            raise _not_ours("it is not a token of a task's watch that this server gave out")
        _, store, of, number, mark = _TASK.unpack(token)
        if store != self._store:
            raise _not_ours("it was given out by another database; begin without it")
        if of != task:
            raise _not_ours("it belongs to another task, or to an earlier one of the name; begin without it")
        return Position(number, mark)


def too_old(why: str) -> OutOfRange:
    """Return the refusal of a position at which there is not, or no longer, the event that was told."""
    return OutOfRange("RESUME_TOKEN_TOO_OLD", why)


def _store(incarnation: str) -> bytes:
    return bytes.fromhex(incarnation)[:8].ljust(8, b"\0")


def _not_ours(why: str) -> InvalidArgument:
    return invalid("resume_token", why, "RESUME_TOKEN_INVALID")
