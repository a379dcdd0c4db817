"""What a real server has on record, asked past the language that is tried."""

from __future__ import annotations

from typing import Any

import grpc.aio

from wharfinger.v1 import event_pb2, ledger_pb2, task_pb2, task_service_pb2

_SERVICE = "/wharfinger.v1.TaskService/"
_PAGE = 1000
_LARGEST = 16 * 1024 * 1024


class Record:
    """A server's events and tasks."""

    def __init__(self, address: str, token: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, [("grpc.max_receive_message_length", _LARGEST)])
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()

    async def _ask(self, name: str, request: Any, answer: Any) -> Any:
        call = self._channel.unary_unary(
            _SERVICE + name, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString
        )
        return await call(request, timeout=30, metadata=self._metadata, wait_for_ready=True)

    async def events(self, task: str) -> list[dict[str, Any]]:
        """Return a task's events, in the words of the drivers."""
        found: list[dict[str, Any]] = []
        request = task_service_pb2.ListTaskEventsRequest(parent=task, page_size=_PAGE)
        while True:
            page = await self._ask("ListTaskEvents", request, task_service_pb2.ListTaskEventsResponse)
            found += map(event, page.events)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def count(self, project: str, filter: str = "") -> int:  # noqa: A002  # the API's word
        """Return how many tasks a project has."""
        request = task_service_pb2.ListTasksRequest(parent=f"projects/{project}", filter=filter, page_size=_PAGE)
        return len((await self._ask("ListTasks", request, task_service_pb2.ListTasksResponse)).tasks)


def event(value: event_pb2.TaskEvent) -> dict[str, Any]:
    """Return an event in the words of the drivers."""
    told: dict[str, Any] = {"task": value.task, "sequence": value.sequence}
    match value.WhichOneof("detail"):
        case "state_change":
            state = task_pb2.TaskState.Name(value.state_change.state).removeprefix("TASK_STATE_")
            return told | {"kind": "state", "state": state}
        case "entry":
            state = ledger_pb2.LedgerEntryState.Name(value.entry.state).removeprefix("LEDGER_ENTRY_STATE_")
            return told | {"kind": "entry", "key": value.entry.key, "entry_state": state}
        case "log":
            return told | {"kind": "log", "text": value.log.text}
        case "failure":
            return told | {"kind": "failure", "reason": value.failure.reason, "text": value.failure.message}
        case _:
            return told | {"kind": "unknown"}
