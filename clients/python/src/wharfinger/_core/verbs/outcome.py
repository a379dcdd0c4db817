"""Waiting for a task's end, and what its end means to the caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from wharfinger import errors, models
from wharfinger._core.connection.outage import Outage
from wharfinger._core.connection.retry import Backoff, Deadline, passing
from wharfinger._core.connection.transport import Transport
from wharfinger._core.messages import build, convert, fields
from wharfinger._core.messages.reading import enum_word
from wharfinger._core.verbs.paging import pages
from wharfinger._core.verbs.remedies import ByServer
from wharfinger.v1 import partial_failure_pb2, task_pb2, task_service_pb2

# One long poll; short enough for proxies that cut silent calls, long enough to cost nothing.
POLL = 25.0
_ENDS = {
    models.TaskState.CANCELLED: errors.TaskCancelled,
    models.TaskState.ROLLED_BACK: errors.RolledBack,
}


async def wait(transport: Transport, name: str, timeout: float | None) -> task_pb2.Task:
    """Return the task once it is at rest. Broken connections and restarts of the server are waited out.

    Raises:
        TimedOut: the caller's time is over.
        Unreachable: nothing was ever heard from the server.
        Refused: there is no such task, or it may not be seen.
    """
    deadline = Deadline(timeout)
    backoff = Backoff()
    outage = Outage(transport, "waiting")
    while True:
        poll = min(POLL, deadline.left())
        request = fields.message(task_service_pb2.WaitTaskRequest, name=name, timeout=build.duration(poll))
        try:
            task = await transport.unary(request, task_pb2.Task, poll + 10.0)
        except errors.WharfingerError as error:
            if not passing(error, backoff.failures, connected=True):
                raise
            if deadline.passed:
                raise errors.TimedOut(_too_late(name, timeout, str(error))) from error
            outage.bear(error)
            pause = min(backoff.next(error), deadline.left())
            outage.tell(error, pause)
            await transport.sleep(pause)
            continue
        outage.over()
        # `end_time` is set in states as well that this client is too old to know.
        if task.HasField("end_time") or convert.task_state(task.state).resting:
            return task
        if deadline.passed:
            raise errors.TimedOut(_too_late(name, timeout, f"it is {convert.task_state(task.state)}"))
        # An early answer is allowed; a server that always answers at once must not be asked in a tight loop.
        backoff.ease()
        await transport.sleep(min(0.05, deadline.left()))


def _too_late(name: str, timeout: float | None, what: str) -> str:
    return f"{name} did not end within {timeout or 0:g} seconds: {what}. It is not affected and goes on"


async def result(transport: Transport, task: models.Task) -> Mapping[str, Any]:
    """Return the result of a task that is at rest.

    Raises:
        PartialFailure, RolledBack, TaskCancelled, TaskFailed: it did not succeed.
    """
    if not task.full or (task.state.left_over and not task.raw.HasField("partial_failure")):
        # It is of a list, which leaves out the result and where the task stands.
        request = fields.message(task_service_pb2.GetTaskRequest, name=task.name)
        task = convert.task(await transport.unary(request, task_pb2.Task))
    if task.state is models.TaskState.SUCCEEDED:
        return task.result or {}
    if task.state.left_over:
        raise await partial_failure(transport, task)
    raise _ENDS.get(task.state, errors.TaskFailed)(task, task.failure)


async def partial_failure(transport: Transport, task: models.Task) -> errors.PartialFailure:
    """Return the error of a half-done task with all its leftovers, read from the ledger if the task's list is cut."""
    stands: partial_failure_pb2.PartialFailure = task.raw.partial_failure
    if stands.total_left_over > len(stands.left_over):
        left_over = tuple(
            [entry async for entry in ledger(transport, task.name, "") if entry.owned and not entry.state.closed]
        )
    else:
        left_over = tuple(map(convert.entry, stands.left_over))
    return errors.PartialFailure(
        task,
        task.failure,
        left_over,
        tuple(stands.not_attempted),
        cost=convert.cost(stands.cost) if stands.HasField("cost") else None,
        allowed_actions=failure_actions(stands.allowed_actions),
        failed_step=stands.failed_step,
        retryable=stands.retryable,
        server=transport.server,
        resume_version=stands.resume_version,
        remedies=ByServer(transport.origin, transport),
    )


def failure_actions(numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the API's words for what can be done about a half-done task, as far as this client knows them."""
    words = (enum_word(partial_failure_pb2.PartialFailureAction.DESCRIPTOR, number) for number in numbers)
    return tuple(word for word in words if word != "UNKNOWN")


async def ledger(transport: Transport, name: str, filter: str) -> AsyncGenerator[models.LedgerEntry, None]:  # noqa: A002
    """Tell a task's ledger in the order of intent, page by page."""
    request = fields.message(task_service_pb2.ListLedgerEntriesRequest, parent=name, filter=filter, page_size=1000)
    async for page in pages(transport, request, task_service_pb2.ListLedgerEntriesResponse):
        for entry in page.entries:
            yield convert.entry(entry)
