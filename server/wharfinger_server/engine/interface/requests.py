"""The requests of callers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wharfinger_server.domain.errors import NotFound
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a name for the record, and the projects the credential opens (None: all).

    `is_worker`: the credential attaches workers, and opens nothing else; None: there are no credentials, and all may.
    `role` is what it may do in its projects, but for those that `roles` names otherwise. `how` is how it showed who it
    is: "token", "certificate", "oidc", or "none" where nobody has to.
    """

    creator: str
    projects: frozenset[str] | None = None
    is_worker: bool | None = None
    role: Role = Role.ADMIN
    roles: Mapping[str, Role] | None = None
    how: str = "none"

    def may_see(self, project: str) -> bool:
        """Whether the caller's credential opens `project`."""
        return self.projects is None or project in self.projects

    def role_in(self, project: str) -> Role:
        """Return what it may do in a project that its credential opens."""
        return self.roles.get(project, self.role) if self.roles else self.role

    @property
    def most(self) -> Role:
        """What it may do in the project where it may do most."""
        return max(self.role, *self.roles.values()) if self.roles else self.role


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
