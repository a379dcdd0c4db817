"""What always holds for errors of a reason, read from the API: when the same request may be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from wharfinger.v1 import error_reason_pb2

_AGAIN = frozenset({error_reason_pb2.RETRY_RULE_SAME_REQUEST, error_reason_pb2.RETRY_RULE_AFTER_RETRY_INFO})


def may_repeat(reason: str) -> bool:
    """Whether the same request may be asked again after an error of that reason; not for one that is not known."""
    return _retries().get(reason, False)


@cache
def _retries() -> Mapping[str, bool]:
    values = error_reason_pb2.ErrorReason.DESCRIPTOR.values
    return {
        value.name.removeprefix("ERROR_REASON_"): value.GetOptions().Extensions[error_reason_pb2.error_rule].retry
        in _AGAIN
        for value in values
        if value.number
    }
