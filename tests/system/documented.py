"""What the API promises of its reasons, read as programs can: from the option `error_rule` of each ErrorReason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import grpc
from google.rpc import code_pb2
from tests.rpc.wire import Told

from wharfinger.v1 import error_reason_pb2

MOST_TRAILERS = 4096


@dataclass(frozen=True)
class Promise:
    """A reason's status code, the keys that its metadata may have, and when the same request may be asked again."""

    code: str
    keys: frozenset[str]
    retry: str


@cache
def promises() -> dict[str, Promise]:
    """Return what is promised of each reason."""
    found = {}
    for value in error_reason_pb2.ErrorReason.DESCRIPTOR.values:
        rule = value.GetOptions().Extensions[error_reason_pb2.error_rule]
        if rule.code:
            code, retry = code_pb2.Code.Name(rule.code), error_reason_pb2.RetryRule.Name(rule.retry)
            found[value.name.removeprefix("ERROR_REASON_")] = Promise(
                code, frozenset(rule.metadata), retry.removeprefix("RETRY_RULE_")
            )
    return found


def as_promised(told: Told) -> Told:
    """Check a refusal against what is promised of every one, and return it."""
    promise = promises()[told.reason]
    assert told.code is getattr(grpc.StatusCode, promise.code), told
    assert set(told.metadata) <= promise.keys, f"{told.reason} does not promise {set(told.metadata) - promise.keys}"
    assert all(told.metadata.values()), told
    assert (told.retry_after is not None) == (promise.retry == "AFTER_RETRY_INFO"), told
    size = sum(len(key) + len(value) for key, value in told.trailers.items())
    assert size < MOST_TRAILERS, f"{size} bytes of trailers"
    assert 10 < len(told.message) <= 1000
    assert "Traceback" not in told.message
    return told
