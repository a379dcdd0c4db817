"""What a credential opens, as settings, the token file and claims write it: projects, and a role in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wharfinger.ledger import ids

_PROJECT = re.compile(ids.ID)
ALL = "*"
WORKER = "worker"
ROLES = ("viewer", "operator", "admin")
"""Each may do what those before it may."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Projects (None: all), the role in them, and the projects where it is another; or that it is for workers."""

    projects: frozenset[str] | None
    role: str = "operator"
    roles: Mapping[str, str] | None = None

    def told(self) -> dict[str, object]:
        """Return it as the token file writes it."""
        told: dict[str, object] = {
            "projects": ALL if self.projects is None else sorted(self.projects),
            "role": self.role,
        }
        return told | ({"roles": dict(self.roles)} if self.roles else {})


def granted(projects: object, role: object = "operator", roles: object = None) -> Granted:
    """Read what is granted: `projects` a list or "*", `role` a word, `roles` a table of project (or "*") to word.

    Raises ValueError, naming what is wrong.
    """
    if role == "caller":  # what it was called while there was but one beside the worker's
        role = "operator"
    if role != WORKER and role not in ROLES:
        raise ValueError(f"role: must be one of {', '.join(ROLES)}, {WORKER}")
    if not roles:
        return Granted(_projects(projects), str(role))
    if role == WORKER or not isinstance(roles, Mapping):
        raise ValueError('roles: must be a table such as { staging = "viewer" }, and none for a worker')
    for name, word in roles.items():
        if word not in ROLES:
            raise ValueError(f"roles.{name}: must be one of {', '.join(ROLES)}")
    each = {str(name): str(word) for name, word in roles.items()}
    usual = each.pop(ALL, str(role))
    opened = ALL if ALL in roles or projects == ALL else [*_listed(projects), *each]
    return Granted(_projects(opened), usual, each or None)


def _listed(projects: object) -> list[object]:
    if projects is None:
        return []
    if not isinstance(projects, list | tuple | set | frozenset):
        why = 'projects: must list the projects that it opens, such as ["default"], or be "*"'
        raise ValueError(why)  # noqa: TRY004 - it stands in a file
    return list(projects)


def _projects(projects: object) -> frozenset[str] | None:
    if projects == ALL:
        return None
    listed = _listed(projects)
    for name in listed:
        if not isinstance(name, str) or not _PROJECT.fullmatch(name):
            raise ValueError(
                'projects: must list the projects that it opens, such as ["default"], or be "*"; '
                f"{str(name)[:80]!r} is none"
            )
    return frozenset(map(str, listed))
