"""The keys that one attempt has used: each once, until what it made under it is undone (rule 4)."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from wharfinger.ledger.refusals import FailedPrecondition


class UsedKeys:
    """The keys of one attempt, each with those that were used together with it. For any thread."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[str, ...]] = {}
        self._lock = threading.RLock()

    def __contains__(self, key: str) -> bool:
        return key in self._used

    def use(self, keys: Sequence[str]) -> None:
        """Use keys. Raises FailedPrecondition KEY_REUSED for one that was used before (rule 4)."""
        with self._lock:
            together = tuple(keys)
            fresh: dict[str, tuple[str, ...]] = {}
            for key in together:
                if key in self._used or key in fresh:
                    raise FailedPrecondition(
                        "KEY_REUSED",
                        f"the key {key} is used twice in one attempt; every thing needs a key of its own",
                        {"key": key},
                    )
                fresh[key] = together
            self._used |= fresh

    def used_with(self, keys: Sequence[str]) -> list[str]:
        """Return `keys`, and all that were used together with one of them."""
        with self._lock:
            return list(dict.fromkeys(one for key in keys for one in (key, *self._used.get(key, ()))))

    def free(self, keys: Sequence[str]) -> None:
        """Let keys be used once more: what was made under them is undone, or was never sent (rule 4)."""
        with self._lock:
            for key in keys:
                self._used.pop(key, None)
