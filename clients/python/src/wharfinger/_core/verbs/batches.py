"""Many tasks at once: requests that keep to the API's limits, and an outcome for each task whatever happens to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wharfinger import errors
from wharfinger._core.connection.transport import Transport
from wharfinger._core.messages.status import refused_status
from wharfinger.v1 import task_pb2, task_service_pb2

COUNT_LIMIT = 1000
# The API takes 3 MiB; what frames each request is counted generously.
BYTES_LIMIT = 3 * 1024 * 1024 - 16 * 1024


def split(
    parent: str, requests: Sequence[task_service_pb2.CreateTaskRequest]
) -> Iterator[task_service_pb2.BatchCreateTasksRequest]:
    """Tell batches of at most 1000 requests and 3 MiB, in order.

    A request too large for any goes alone, to be refused by the server.
    """
    batch = task_service_pb2.BatchCreateTasksRequest(parent=parent)
    size = 0
    for request in requests:
        own = request.ByteSize() + 8
        if batch.requests and (len(batch.requests) == COUNT_LIMIT or size + own > BYTES_LIMIT):
            yield batch
            batch = task_service_pb2.BatchCreateTasksRequest(parent=parent)
            size = 0
        batch.requests.append(request)
        size += own
    if batch.requests:
        yield batch


async def send(
    transport: Transport, batch: task_service_pb2.BatchCreateTasksRequest
) -> Sequence[task_pb2.Task | errors.WharfingerError]:
    """Return what became of each request; a failure of the call as a whole is the outcome of each."""
    try:
        answer = await transport.unary(batch, task_service_pb2.BatchCreateTasksResponse)
    except errors.Unreachable as error:
        return [
            errors.Unreachable(error.server, error.detail, error.code, request.request_id, error.hint)
            for request in batch.requests
        ]
    except errors.WharfingerError as error:
        return [error] * len(batch.requests)
    if len(answer.outcomes) != len(batch.requests):
        told = f"the server told {len(answer.outcomes)} outcomes for {len(batch.requests)} tasks"
        return [errors.InternalError("INTERNAL", "", told)] * len(batch.requests)
    return [
        outcome.task if outcome.WhichOneof("outcome") == "task" else refused_status(outcome.error)
        for outcome in answer.outcomes
    ]
