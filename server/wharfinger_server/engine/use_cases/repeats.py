"""Requests to one task that may be asked again: a task knows those that it took last, by their ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from wharfinger_server.domain.errors import Aborted, AlreadyExists, NotFound
from wharfinger_server.domain.task import TakenRequest, Task
from wharfinger_server.engine.interface.id_checks import check_request_id

REMEMBERED = 7
"""So many requests are known beside the last one: a late repetition of an earlier one is not done anew."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What every such request has: the task's project and id, its etag or "", and the caller's request id or ""."""

    project: str
    task_id: str
    etag: str = ""
    request_id: str = ""

    def __post_init__(self) -> None:
        """Refuse a request id that can't be."""
        check_request_id(self.request_id)


def digest_of(method: str, *arguments: object) -> str:
    """Return what tells requests of one id apart."""
    return hashlib.sha256(orjson.dumps([method, *arguments])).hexdigest()


def taken(task: Task, ask: Ask, digest: str) -> bool:
    """Whether the task took this very request; otherwise it is checked against the etag.

    Raises:
        AlreadyExists: REQUEST_ID_REUSED, as another request had its id.
        Aborted: ETAG_MISMATCH.
        NotFound: TASK_NOT_FOUND, as the task was deleted.
    """
    last = TakenRequest(task.last_request, task.last_digest, task.last_etag)
    before = next((one for one in (last, *task.taken_before) if one.request_id == ask.request_id), None)
    if not ask.request_id or before is None:
        check_etag(task, ask.etag)
        return False
    # A task that was written by an earlier server does not know what it took.
    if before.digest not in ("", digest):
        raise AlreadyExists(
            "REQUEST_ID_REUSED",
            f"request_id: {ask.request_id} belongs to another request to {task.name}; a new request needs a new id",
            {"request_id": ask.request_id, "task": task.name},
        )
    if ask.etag != before.etag:
        check_etag(task, ask.etag)
    return True


def take(task: Task, ask: Ask, digest: str) -> None:
    """Note that the task took the request, where it has an id by which it may come again."""
    if not ask.request_id:
        return
    if task.last_request:
        last = TakenRequest(task.last_request, task.last_digest, task.last_etag)
        task.taken_before = (last, *task.taken_before)[:REMEMBERED]
    task.last_request, task.last_digest, task.last_etag = ask.request_id, digest, ask.etag


def check_etag(task: Task, etag: str) -> None:
    """Refuse a task that has changed since the caller read it (Aborted ETAG_MISMATCH), or that was deleted."""
    if task.delete_time:
        raise NotFound("TASK_NOT_FOUND", f"there is no task {task.name}", {"task": task.name})
    if etag and etag != task.etag:
        raise Aborted(
            "ETAG_MISMATCH",
            f"etag: {task.name} has changed since it was read; read it again and decide anew",
            {"task": task.name, "etag": task.etag},
        )
