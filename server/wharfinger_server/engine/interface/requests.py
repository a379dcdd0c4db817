"""The requests of callers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wharfinger_server.domain.errors import NotFound
from wharfinger_server.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a name for the record, and the projects the credential opens (None: all).

    `is_worker`: the credential attaches workers, and opens nothing else; None: there are no credentials, and all may.
    """

    creator: str
    projects: frozenset[str] | None = None
    is_worker: bool | None = None

    def may_see(self, project: str) -> bool:
        """Whether the caller's credential opens `project`."""
        return self.projects is None or project in self.projects


@dataclass(frozen=True, slots=True)
class NewTask:
    """What a task to be created asks for. `params` is JSON as plain Python values."""

    script: str
    executor: str = ""
    script_version: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """One request to create a task. With `validate_only` every check is made and nothing is written."""

    project: str
    task: NewTask
    task_id: str = ""
    request_id: str = ""
    validate_only: bool = False
    traceparent: str = ""


def task_not_found(project: str, task_id: str) -> NotFound:
    """Return the one answer for a task that does not exist and for one the caller may not see."""
    name = f"projects/{project}/tasks/{task_id}"
    return NotFound("TASK_NOT_FOUND", f"there is no task {name}", {"task": name})
