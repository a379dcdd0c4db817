"""Why something failed, as google.rpc.Status with its details."""

from __future__ import annotations

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from wharfinger_server.domain.failure import Failure
from wharfinger_server.rpc.messages.text import clean

DOMAIN = "wharfinger.dev"
_TYPES = "type.googleapis.com/"


def add_detail(status: status_pb2.Status, detail: Message) -> None:
    """Add a detail to the status."""
    packed = status.details.add()
    packed.type_url = _TYPES + detail.DESCRIPTOR.full_name
    packed.value = detail.SerializeToString()


def fill_status(status: status_pb2.Status, failure: Failure, *, details: bool = True) -> None:
    """Set `status` to the failure, with its ErrorInfo unless `details` is False."""
    status.code = failure.code
    status.message = clean(failure.message)
    if details:
        metadata = {clean(key): clean(value) for key, value in failure.metadata.items()}
        if failure.step and failure.reason == "SCRIPT_RAISED":
            metadata.setdefault("step", clean(failure.step))
        add_detail(status, error_details_pb2.ErrorInfo(reason=failure.reason, domain=DOMAIN, metadata=metadata))
