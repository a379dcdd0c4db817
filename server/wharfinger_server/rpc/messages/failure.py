"""Failures as google.rpc.Status with its details."""

from __future__ import annotations

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from wharfinger.ledger.failure import Failure
from wharfinger.runtime import limits
from wharfinger_server.rpc.messages.text import clean

# What is stored may be from a server that checked less, and has to fit into a message all the same.
_MESSAGE, _FACT = 8192, 1000

DOMAIN = "wharfinger.dev"
_TYPES = "type.googleapis.com/"


def add_detail(status: status_pb2.Status, detail: Message) -> None:
    """Add a detail to the status."""
    packed = status.details.add()
    packed.type_url = _TYPES + detail.DESCRIPTOR.full_name
    packed.value = detail.SerializeToString()


def fill_status(status: status_pb2.Status, failure: Failure) -> None:
    """Set `status` to the failure, with its ErrorInfo."""
    status.code = failure.code
    status.message = clean(failure.message[:_MESSAGE])
    told = limits.facts(failure.metadata)
    metadata = {clean(key[:_FACT]): clean(value[:_FACT]) for key, value in told.items()}
    if failure.step and failure.reason == "SCRIPT_RAISED":
        metadata.setdefault("step", clean(failure.step))
    add_detail(status, error_details_pb2.ErrorInfo(reason=failure.reason, domain=DOMAIN, metadata=metadata))


def cut_status(status: status_pb2.Status) -> None:
    """Cut a status that was serialised before there were limits to what `fill_status` makes today."""
    status.message = status.message[:_MESSAGE]
    info = error_details_pb2.ErrorInfo()
    if any(detail.Unpack(info) for detail in status.details):
        told = limits.facts(info.metadata)
        status.ClearField("details")
        metadata = {key[:_FACT]: value[:_FACT] for key, value in told.items()}
        add_detail(status, error_details_pb2.ErrorInfo(reason=info.reason, domain=info.domain, metadata=metadata))
