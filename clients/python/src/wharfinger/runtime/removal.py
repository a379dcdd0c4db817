"""The outcome of a call that deletes a thing, read from its answer or its error."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from wharfinger.runtime.endings import failure_of
from wharfinger.runtime.protocol import Failure, Removal
from wharfinger.script.errors import Failed, NotSent, Refused
from wharfinger.script.removal import Unconfirmed

_UNCONFIRMED = {Unconfirmed.ACCEPTED: Removal.ACCEPTED, Unconfirmed.NOT_FOUND: Removal.NOT_FOUND}


def of_answer(answer: Any) -> Removal:
    """Return what a call that returned `answer` came to: everything but the two words for it means COMPLETE."""
    return _UNCONFIRMED[answer] if isinstance(answer, Unconfirmed) else Removal.COMPLETE


def of_error(error: BaseException, module: ModuleType, *, step: str = "") -> tuple[Removal, Failure]:
    """Return what a call that raised `error` came to, and why: definite are only a Refused and a NotSent (rule 24)."""
    if isinstance(error, NotSent):
        return Removal.REFUSED, failure_of(error, module, step=step)
    if isinstance(error, Refused):
        word = Failed(error.message, reason=error.reason, retryable=error.retryable, metadata=error.metadata)
        return Removal.REFUSED, failure_of(word, module, step=step)
    return Removal.LOST, failure_of(error, module, step=step)
