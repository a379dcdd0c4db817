"""Sealed params: encrypted where they rest, and opened only for an attempt.

AES-256-GCM under one of the operator's keys, bound to the task's uid, so that what was moved to another task does not
open. Both keys that are used, for encryption and for digests, are derived from that key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wharfinger.ledger.failure import Code, Failure
from wharfinger_server.config import ConfigError, SealKeys
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.task import Task
from wharfinger_server.store.store import Sealed

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Secret:
    """The sealed values of a new task, by JSON pointer, and how the store gets them: sealed for the task's uid.

    `key` is the id of the key that they are sealed under.
    """

    key: str
    values: Mapping[str, Any] = field(repr=False)
    seal: Callable[[str], Sealed]


class CannotOpen(Exception):
    """Sealed params that can't be opened; `failure` says why, and what to do."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Vault:
    """Seals and opens with the keys of one server."""

    def __init__(self, keys: SealKeys) -> None:
        self._keys = keys

    def missing(self, needed: Mapping[str, int]) -> dict[str, int]:
        """Return those of the `needed` keys, with the number of their tasks, that are not there."""
        return {name: count for name, count in needed.items() if self._keys.find(name) is None}

    @property
    def place(self) -> str:
        """Where the keys are, for people."""
        return self._keys.place

    def secret(self, values: Mapping[str, Any]) -> Secret:
        """Return the sealed `values` of a new task.

        Raises:
            FailedPrecondition: SEAL_KEY_MISSING, where there is no key and none can be made.
        """
        name, key = self._current()
        plain = orjson.dumps(values)

        def seal(uid: str) -> Sealed:
            """Encrypt for the task `uid`."""
            nonce = os.urandom(_NONCE)
            return Sealed(name, nonce + AESGCM(_derived(key, "params")).encrypt(nonce, plain, _bound(uid, name)))

        return Secret(name, values, seal)

    def open(self, task: Task, sealed: Sealed | None) -> dict[str, Any]:
        """Return the values by JSON pointer, {} for a task without any, or whose values are erased.

        Raises:
            CannotOpen: SEAL_KEY_MISSING, or SEALED_PARAMS_DAMAGED.
        """
        if not task.seal_key:
            return {}
        key = self._keys.find(task.seal_key)
        if key is None:
            raise CannotOpen(
                Failure(
                    Code.FAILED_PRECONDITION,
                    "SEAL_KEY_MISSING",
                    f"the task's sealed params need the key {task.seal_key}, which is not in {self.place}; put it back"
                    " there, on any line, then resume the task or roll it back",
                    metadata={"key": task.seal_key},
                )
            )
        try:
            if sealed is None or sealed.key != task.seal_key:
                raise InvalidTag
            nonce, body = sealed.body[:_NONCE], sealed.body[_NONCE:]
            plain = AESGCM(_derived(key, "params")).decrypt(nonce, body, _bound(task.uid, sealed.key))
        except (InvalidTag, ValueError):
            why = "the task's sealed params are not as this server wrote them: changed, moved or gone; restore a backup"
            raise CannotOpen(
                Failure(Code.DATA_LOSS, "SEALED_PARAMS_DAMAGED", why, metadata={"key": task.seal_key})
            ) from None
        values: dict[str, Any] = orjson.loads(plain)
        return values

    def digest(self, told: bytes, name: str = "") -> str:
        """Return a digest of `told` that can't be guessed at without the key `name`, or the one that seals.

        "" where there is no such key. Raises as `secret`.
        """
        if name:
            key = self._keys.find(name)
            if key is None:
                return ""
        else:
            name, key = self._current()
        return f"{_KEYED}{name}:{hmac.new(_derived(key, 'digest'), told, hashlib.sha256).hexdigest()}"

    def same(self, digest: str, told: bytes) -> bool:
        """Whether `digest` is that of `told`, under whichever key."""
        name = digest.removeprefix(_KEYED).partition(":")[0]
        return digest.startswith(_KEYED) and hmac.compare_digest(self.digest(told, name), digest)

    def _current(self) -> tuple[str, bytes]:
        try:
            return self._keys.current()
        except ConfigError as error:
            raise FailedPrecondition(
                "SEAL_KEY_MISSING", f"the server can seal no params: {error}", {"key": ""}
            ) from None


_KEYED = "hmac-sha256:"


def _derived(key: bytes, use: str) -> bytes:
    return hmac.new(key, f"wharfinger {use}".encode(), hashlib.sha256).digest()


def _bound(uid: str, name: str) -> bytes:
    return f"wharfinger sealed params 1\n{uid}\n{name}".encode()
