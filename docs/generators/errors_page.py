"""Every reason for an error, from the comments of the API's ErrorReason."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators import api
from generators.rendering import Rendered, anchor, linked, table
from wharfinger.v1 import error_reason_pb2

OF_TASKS = 100
"""The first reason that stands in tasks rather than in the answers of calls."""


class ErrorReasons(Rendered):
    """`{error-reasons} calls` or `tasks`: the reasons of one half."""

    required_arguments = 1

    def markdown(self) -> Iterator[str]:
        """Yield a section for each."""
        of_tasks = self.arguments[0] == "tasks"
        reasons = [value for value in api.enum("ErrorReason").values if value.number]
        for value in reasons:
            if (value.number >= OF_TASKS) is of_tasks:
                yield from _section(value)


def _section(value: api.Value) -> Iterator[str]:
    code, text, keys = read(value)
    yield from ("", f"({anchor('reason', value.name)})=", f"### {value.name}", "")
    yield from table(
        ("Status", "The same request again", "Metadata"), [(f"`{code}`", again(value), linked(keys) or "none")]
    )
    yield from (linked(text), "")


def again(value: api.Value) -> str:
    """Return when the same request may be asked again, as the reason's rule in the API says."""
    number = error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{value.name}")
    options = error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_number[number].GetOptions()
    rule = options.Extensions[error_reason_pb2.error_rule].retry
    return _AGAIN[rule]


_AGAIN = {
    error_reason_pb2.RETRY_RULE_NEVER: "no",
    error_reason_pb2.RETRY_RULE_SAME_REQUEST: "yes, with a wait that grows",
    error_reason_pb2.RETRY_RULE_AFTER_RETRY_INFO: "after `RetryInfo`",
}


def read(value: api.Value) -> tuple[str, str, str]:
    """Return a reason's status code, what it means, and the keys of its metadata as the comment tells them.

    Raises ValueError where the comment does not begin with the status code.
    """
    comment = " ".join(value.comment.split())
    code, colon, text = comment.partition(": ")
    if not colon or not re.fullmatch(r"[A-Z_]+", code):
        raise ValueError(f"the comment of {value.name} does not begin with a status code: {comment}")
    before, keys, after = _keys(text)
    told = f"{before}{after}".strip()
    return code, told[:1].upper() + told[1:], "" if keys == "no keys" else keys


def _keys(text: str) -> tuple[str, str, str]:
    """Split off the last parentheses, which list the keys."""
    every = list(re.finditer(r" \(([^()]*)\)", text))
    found = every[-1] if every else None
    return (text[: found.start()], found[1], text[found.end() :]) if found else (text, "", "")
