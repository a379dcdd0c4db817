"""Time-ordered identifiers and the tokens derived from them."""

from __future__ import annotations

import hashlib
import secrets
import threading

ID = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""The pattern of the ids of projects and tasks."""
ID_RULE = "1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_LOW_BITS = 21
_RANDOM_BITS = _LOW_BITS - 1
_DRAWN = 256
"""So many are drawn at once: at each draw the thread gives up the interpreter, and waits for it while others work."""


class TaskIds:
    """Makes 63-bit task ids that rise with time: 42 bits of milliseconds, 21 bits that start at random and count up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._random = self._left = 0

    def new(self, now: int) -> int:
        """Return an id for the time `now` (microseconds), higher than every id returned before."""
        with self._lock:
            if not self._left:
                self._left, self._random = _DRAWN, secrets.randbits(_DRAWN * _RANDOM_BITS)
            fresh = (now // 1000 << _LOW_BITS) | self._random & (1 << _RANDOM_BITS) - 1
            self._left, self._random = self._left - 1, self._random >> _RANDOM_BITS
            self._last = fresh if fresh > self._last else self._last + 1
            return self._last


def made_at(task: int) -> int:
    """Return when a task's id was made, in microseconds, to the millisecond."""
    return (task >> _LOW_BITS) * 1000


def default_task_id(task: int) -> str:
    """Return the name a task gets when its caller chose none: sorts as the tasks were created."""
    return "t" + _ALPHABET[task >> 60 & 31] + "".join([_PAIRS[task >> shift & 1023] for shift in range(50, -1, -10)])


def uid(store: str, task: int) -> str:
    """Return a task's uid: unique across databases, because `store` is the database's own random name."""
    return f"{store}-{task:016x}"


def token(task_uid: str, key: str, generation: int) -> str:
    """Return the idempotency token of one generation of one ledger entry: 42 characters, lower-case letters and digits.

    A function of the task's uid, the key and the generation only, so that any later attempt derives the same one.
    """
    digest = hashlib.sha256(f"{task_uid}\0{key}\0{generation}".encode()).hexdigest()
    return "wf" + digest[:40]
