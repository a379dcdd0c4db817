"""What the API promises of its reasons, read from where it is written down: the comments of ErrorReason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grpc
from google.rpc import code_pb2
from tests.rpc.wire import Told

PROTO = Path(__file__).parents[2] / "protos" / "wharfinger" / "v1" / "failure.proto"
MOST_TRAILERS = 4096


@dataclass(frozen=True)
class Promise:
    """A reason's status code, and the keys that its metadata may have."""

    code: str
    keys: frozenset[str]


@cache
def promises() -> dict[str, Promise]:
    """Return what is promised of each reason."""
    text = PROTO.read_text()
    body = text[text.index("enum ErrorReason {") :]
    found = {}
    for comment, reason in re.findall(r"((?:^  //.*\n)+)  ERROR_REASON_(\w+) = \d+;", body, re.MULTILINE):
        told = " ".join(re.sub(r"^ *// ?", "", line) for line in comment.splitlines())
        code, colon, about = told.partition(": ")
        if colon and code in code_pb2.Code.keys():  # noqa: SIM118 - an enum wrapper is no dict
            listed = " ".join(re.findall(r"\(([^()]*)\)", about))
            found[reason] = Promise(code, frozenset(re.findall(r"\b[a-z_]+\b", listed)))
    return found


def as_promised(told: Told) -> Told:
    """Check a refusal against what is promised of every one, and return it."""
    promise = promises()[told.reason]
    assert told.code is getattr(grpc.StatusCode, promise.code), told
    assert set(told.metadata) <= promise.keys, f"{told.reason} does not promise {set(told.metadata) - promise.keys}"
    assert all(told.metadata.values()), told
    size = sum(len(key) + len(value) for key, value in told.trailers.items())
    assert size < MOST_TRAILERS, f"{size} bytes of trailers"
    assert 10 < len(told.message) <= 1000
    assert "Traceback" not in told.message
    return told
