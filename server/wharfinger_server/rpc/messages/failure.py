"""Why something failed, as it is kept in tasks, attempts, ledgers and events."""

from __future__ import annotations

from wharfinger.ledger.failure import Failure
from wharfinger.runtime import limits
from wharfinger.v1 import failure_pb2
from wharfinger_server.rpc.messages.text import clean

# What is stored may be from a server that checked less, and has to fit into a message all the same.
_MESSAGE, _FACT = 8192, 1000

DOMAIN = "wharfinger.dev"


def fill_failure(message: failure_pb2.Failure, failure: Failure) -> None:
    """Set an empty `message` to the failure."""
    message.code = int(failure.code)
    message.reason = failure.reason
    message.domain = DOMAIN
    message.message = clean(failure.message[:_MESSAGE])
    message.step = clean(failure.step)
    message.retryable = failure.retryable
    for key, value in limits.facts(failure.metadata).items():
        message.metadata[clean(key[:_FACT])] = clean(value[:_FACT])
    if failure.step and failure.reason == "SCRIPT_RAISED" and "step" not in message.metadata:
        message.metadata["step"] = clean(failure.step)


def cut_failure(message: failure_pb2.Failure) -> None:
    """Cut a failure that was serialised before there were limits to what `fill_failure` makes today."""
    message.message = message.message[:_MESSAGE]
    told = limits.facts(message.metadata)
    message.metadata.clear()
    for key, value in told.items():
        message.metadata[key[:_FACT]] = value[:_FACT]
