"""The redaction of an attempt's reports: nothing else of them is written or shown."""

from __future__ import annotations

from dataclasses import replace

from wharfinger.runtime import jsontext, protocol, reasons
from wharfinger.runtime.redaction import Redactor

_HOLDS = "holds a sealed param or a credential; keys are stored and shown, so make it of something else"


def check_keys(redactor: Redactor, what: str, *keys: str) -> None:
    """Raise Rejected for keys that hold secrets: a mark in them would make one key of two. No message repeats one."""
    for key in keys:
        if redactor.holds(key):
            said = f"{what} {redactor.text(key)[:64]!r} {_HOLDS}"
            raise protocol.Rejected(
                protocol.Failure(reasons.FAILED_PRECONDITION, "KEY_INVALID", said, metadata={"key": ""})
            )


def intent(redactor: Redactor, told: protocol.Intent) -> protocol.Intent:
    """Return an intent without secrets. Its digest is one of what is left: a plain one could be guessed at."""
    if not redactor:
        return told
    undo_data = redactor.json(told.undo_data.encode()).decode() if told.undo_data else ""
    attributes = {redactor.text(name): redactor.text(value) for name, value in told.attributes.items()}
    made = replace(
        told,
        type=redactor.text(told.type),
        step=redactor.text(told.step),
        profile=redactor.text(told.profile),
        region=redactor.text(told.region),
        attributes=attributes,
        undo_data=undo_data,
    )
    if made == told:
        return told
    after = tuple(made.depends_on)
    digest = jsontext.request_digest(made.type, made.profile, made.region, attributes, after, undo_data, made.group)
    return replace(made, request_digest=digest)


def failure(redactor: Redactor, told: protocol.Failure) -> protocol.Failure:
    """Return a failure without secrets."""
    if not redactor:
        return told
    return replace(
        told,
        reason=redactor.text(told.reason),
        message=redactor.text(told.message),
        step=redactor.text(told.step),
        metadata={redactor.text(str(k)): redactor.text(str(v)) for k, v in told.metadata.items()},
    )


def progress(redactor: Redactor, told: protocol.Progress) -> protocol.Progress:
    """Return progress without secrets."""
    if not redactor:
        return told
    step, unit, message = (redactor.text(str(text)) for text in (told.step, told.unit, told.message))
    return replace(told, step=step, unit=unit, message=message)


def outcome(redactor: Redactor, told: protocol.Outcome) -> protocol.Outcome:
    """Return an outcome without secrets."""
    if isinstance(told, protocol.Succeeded):
        return protocol.Succeeded(redactor.json(told.result))
    return failure(redactor, told) if isinstance(told, protocol.Failure) else told
