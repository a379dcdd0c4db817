"""A script's reports as the ledger keeps them, and entries as a script sees them."""

from __future__ import annotations

import re
from typing import Protocol

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.ledger import Entry, Intent
from wharfinger.ledger.progress import Progress
from wharfinger.runtime import limits, protocol

LARGEST = 2**63 - 1
LONGEST_ETA = 365 * 86_400
"""Seconds: what is said to take longer stands still, and when it ends is not known."""

_KEY = re.compile(r"[^~\x00-\x1f\x7f]{1,256}")
_CODES = {code.value: code for code in Code}

FIND_COULD_NOT_TELL = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "the script's find could not tell whether it exists")

LOOK_COULD_NOT_TELL = Failure(Code.UNKNOWN, "RESOURCE_UNCERTAIN", "the script's exists could not tell")


class Refusal(Protocol):
    """Why a report is refused, in whichever place."""

    reason: str
    message: str
    metadata: dict[str, str]


def microseconds(seconds: float) -> int:
    """Return a duration in seconds as whole microseconds."""
    return int(seconds * 1_000_000)


def clean(text: str) -> str:
    """Return `text` without the one character that not every database keeps."""
    return text.replace("\0", "\ufffd")


def progress_of_script(value: protocol.Progress, now: int) -> Progress:
    """Return the kept form of progress that a script reported at `now`; never raises.

    It passes by here on its way to all who read, and with the attempt's end into the database: whatever it is, it must
    not stand in their way. A number that progress cannot have is left out.
    """
    done, total = _amount(value.done), None if value.total is None else _amount(value.total)
    eta = value.eta
    left = microseconds(eta) if isinstance(eta, (int, float)) and 0 <= eta <= LONGEST_ETA else None
    step, unit, message = (
        _text(text, most) for text, most in ((value.step, 200), (value.unit, 50), (value.message, 1000))
    )
    return Progress(step, done or 0, total, unit, message, left, now)


def _amount(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= LARGEST else None


def _text(value: object, most: int) -> str:
    return clean(str(value)[:most]).encode("utf-8", "replace").decode()


def failure_of_script(value: protocol.Failure) -> Failure:
    """Return the kept form of a failure that a script reported; texts are cut at 8 KiB."""
    code = _CODES.get(value.code) or Code.UNKNOWN
    metadata = {_text(name, 64): _text(fact, 512) for name, fact in limits.facts(value.metadata).items()}
    step = _text(value.step, 200)
    return Failure(code, _reason(value.reason), _text(value.message, 8192), value.retryable, step, metadata)


def _reason(told: str) -> str:
    """Return a script's own word in the form that reasons have: upper-case letters, digits and `_`."""
    return re.sub(r"[^A-Z0-9]+", "_", str(told).upper()).strip("_")[:63] or "SCRIPT_FAILED"


def rejection(refused: Refusal) -> protocol.Rejected:
    """Return how a refused report looks to the script."""
    return protocol.Rejected(
        protocol.Failure(Code.FAILED_PRECONDITION, refused.reason, refused.message, metadata=refused.metadata)
    )


def entry_for_script(entry: Entry) -> protocol.Entry:
    """Return a ledger entry as a script sees it."""
    return protocol.Entry(
        key=entry.key,
        type=entry.type,
        state=entry.state.name,
        generation=entry.generation,
        token=entry.token,
        external_id=entry.external_id,
        owned=entry.owned,
        step=entry.step,
        group=entry.group,
        profile=entry.profile,
        region=entry.region,
        attributes=dict(entry.attributes),
        depends_on=entry.depends_on,
        undo_data=entry.undo_data,
        version=entry.version,
        number=entry.number,
        undo=entry.undo_attempts,
    )


def intent_of_script(value: protocol.Intent) -> Intent:
    """Return what a script is about to make; raises Rejected KEY_INVALID for a key that is none."""
    if not _KEY.fullmatch(value.key):
        key = value.key[:64]
        said = f"{key!r} is no key: 1 to 256 printable characters, no '~'"
        facts = {"key": clean(key)}
        raise protocol.Rejected(protocol.Failure(Code.FAILED_PRECONDITION, "KEY_INVALID", said, metadata=facts))
    return Intent(
        key=value.key,
        type=value.type,
        request_digest=value.request_digest,
        step=value.step,
        group=value.group,
        profile=value.profile,
        region=value.region,
        attributes=dict(value.attributes),
        depends_on=tuple(value.depends_on),
        undo_data=value.undo_data,
        idempotent=value.idempotent,
        send_window=microseconds(value.send_window),
        call_timeout=microseconds(value.call_timeout),
        settling=microseconds(value.settling),
        temporary=value.temporary,
    )
