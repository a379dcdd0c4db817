"""The operator's cloud accounts and stores that a project's tasks may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import secret_values

_OURS = ("projects", "prefix_by_project")
"""What a store's table says to the server, and not to whoever opens the store."""


def granted(environment: Environment, project: str) -> Environment:
    """Return the environment as tasks of `project` see it: of what is granted to others they do not even know.

    `projects` of a profile or a store lists those that may use it; without it, or with "*", all may. A store with
    `prefix_by_project` is a folder of its own for each project.
    """
    if not environment.profiles and not environment.stores:
        return environment
    profiles = {name: table for name, table in environment.profiles.items() if _serves(table, project)}
    stores = {name: _own(table, project) for name, table in environment.stores.items() if _serves(table, project)}
    return replace(environment, profiles=profiles, stores=stores)


def credentials(environment: Environment) -> list[str]:
    """Return the credentials that scripts in `environment` may come to hold, and must not tell."""
    guarded = secret_values((environment.profiles, environment.stores), guarded=True)
    return [*guarded, *secret_values(environment.settings)]


def _own(table: Mapping[str, Any], project: str) -> Mapping[str, Any]:
    """Return a store's table as tasks of `project` see it."""
    if not any(key in table for key in _OURS):
        return table
    own = {key: value for key, value in table.items() if key not in _OURS}
    if table.get("prefix_by_project"):
        own["prefix"] = f"{str(table.get('prefix', '')).strip('/')}/{project}".strip("/")
    return own


def _serves(table: Mapping[str, Any], project: str) -> bool:
    projects = table.get("projects", "*")
    return projects == "*" or project in ([projects] if isinstance(projects, str) else projects)
