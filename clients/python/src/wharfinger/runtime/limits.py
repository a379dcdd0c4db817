"""Limits of what a script may report, and of the text that can be stored and sent: the rest is refused by name.

Each of these reaches everybody who reads the task, its events and its project's feed. What one message cannot carry
nobody could read any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wharfinger.runtime import reasons
from wharfinger.runtime.protocol import Failure, Intent, Rejected
from wharfinger.script.errors import Refused

TYPE, PLACE, KEY = 200, 256, 256
"""Characters of a type, of a profile or region, and of a key."""

EXTERNAL_ID = 4096
"""Characters of an id: twice what the longest of the large clouds have."""

ATTRIBUTES = 64 * 1024
"""Bytes (UTF-8) of all names and values of a thing's attributes."""

AFTER = 64 * 1024
"""Bytes (UTF-8) of the keys that one thing comes after."""

UNDO_DATA = MEMO = 1024 * 1024
"""Bytes of one thing's undo data, and of one saved answer, as JSON."""

PLANNED = 100_000
"""Keys of a plan."""

_LOST = "\N{REPLACEMENT CHARACTER}"

METADATA = 32
"""Facts of one failure that are kept."""

LONGEST_WINDOW = 366 * 86_400.0
"""Seconds."""


def check_intent(intent: Intent) -> None:
    """Raise Rejected REPORT_TOO_LARGE or REPORT_INVALID for an intent that is beyond what may be reported."""
    for one in (intent.key, intent.group, *intent.depends_on):
        _check_unicode("the key", one)
    key = intent.key[:64]
    _check_text(f"{key!r}: the type", intent.type, TYPE)
    for what, text in (("profile", intent.profile), ("region", intent.region)):
        _check_text(f"{key!r}: the {what}", text, PLACE)
    for name, value in intent.attributes.items():
        _check_unicode(f"{key!r}: the name of an attribute", name)
        _check_unicode(f"{key!r}: attributes[{_short(name)}]", value)
    _check_size(f"{key!r}: attributes", "bytes", _size(intent.attributes), ATTRIBUTES)
    _check_size(f"{key!r}: undo_data", "bytes of JSON", len(intent.undo_data.encode()), UNDO_DATA)
    _check_size(f"{key!r}: after", "bytes", sum(len(one.encode()) for one in intent.depends_on), AFTER)
    for what in ("send_window", "call_timeout", "settling"):
        seconds = getattr(intent, what)
        if not 0 <= seconds <= LONGEST_WINDOW:
            raise _invalid(what, f"{key!r}: {what} is {seconds!r}; it must be 0 to {LONGEST_WINDOW:g} seconds")


def check_plan(keys: Iterable[str]) -> None:
    """Raise Rejected for a plan of too many keys, or with one that is too long or cannot be stored."""
    listed = list(keys)
    _check_size("the plan", "keys", len(listed), PLANNED)
    for key in listed:
        _check_text("a key of the plan", key, KEY)


def check_memo(key: str, value: bytes) -> None:
    """Raise Rejected for a saved answer that is too large, or whose key is too long or cannot be stored."""
    _check_text(f"once({_short(key)})", key, KEY)
    _check_size(f"once({_short(key)})", "bytes of JSON", len(value), MEMO)


def fault_of_id(external_id: str) -> str:
    """Return why an id of a thing cannot be kept, "" for one that can.

    The thing is there, so this refuses nothing: whose id cannot be kept is in doubt.
    """
    if len(external_id) > EXTERNAL_ID:
        return f"an id of {len(external_id)} characters ({_short(external_id)}); {EXTERNAL_ID} are allowed"
    return ""


def readable(external_id: str) -> str:
    """Return an id as it is kept: what no database or message can hold of it, NUL and lone surrogates, as U+FFFD.

    Raises Rejected REPORT_INVALID for one that cannot be kept at all.
    """
    if fault := fault_of_id(external_id):
        raise _invalid("external_id", f"what was made was reported as {fault}")
    if not _unsendable(external_id):
        return external_id
    return "".join(
        _LOST if character == "\0" or "\ud800" <= character <= "\udfff" else character for character in external_id
    )


def check_whole(key: str, external_id: str) -> None:
    """Raise Refused for an id that is kept in readable form only: a call by it would be about something else."""
    if _LOST in external_id:
        said = f"the id of {key} could not be kept as it was ({external_id!a}); look for it by its token, by hand"
        raise Refused(said, reason="REPORT_INVALID", metadata={"field": "external_id"})


def facts(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts of a failure as text, METADATA of them; `left_out` counts the others."""
    if len(metadata) <= METADATA + ("left_out" in metadata):  # it may have been here before
        return {str(name): str(value) for name, value in metadata.items()}
    kept = {str(name): str(value) for name, value in list(metadata.items())[:METADATA]}
    return {**kept, "left_out": str(len(metadata) - METADATA)}


def _size(attributes: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in attributes.items())


def _check_text(what: str, text: str, most: int) -> None:
    _check_size(what, "characters", len(text), most)
    _check_unicode(what, text)


def _check_unicode(what: str, text: str) -> None:
    if why := _unsendable(text):
        raise _invalid(what, f"{what} {_short(text)} {why}")


def _unsendable(text: str) -> str:
    if "\0" in text:
        return "holds a NUL, which not every database can store"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "holds a lone surrogate, which is no valid Unicode: decode names of files with 'replace'"
    return ""


def _check_size(what: str, units: str, size: int, most: int) -> None:
    if size > most:
        said = f"{what} takes {size} {units}; {most} are allowed. Put large data into a store and report where it is"
        metadata = {"field": what[:300], "limit": str(most), "size": str(size)}
        raise Rejected(Failure(reasons.OUT_OF_RANGE, "REPORT_TOO_LARGE", said, metadata=metadata))


def _invalid(field: str, said: str) -> Rejected:
    failure = Failure(reasons.INVALID_ARGUMENT, "REPORT_INVALID", said, metadata={"field": field[:300]})
    return Rejected(failure)


def _short(text: str) -> str:
    """Return text as it is quoted in an error: never itself what cannot be sent."""
    return ascii(text if len(text) <= 40 else text[:40] + "…")
