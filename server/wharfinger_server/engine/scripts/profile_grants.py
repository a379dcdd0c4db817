"""The operator's cloud accounts that a project's tasks may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger_server.config import secret_values


def granted(environment: Environment, project: str) -> Environment:
    """Return the environment as tasks of `project` see it: of profiles granted to others they do not even know.

    A profile's `projects` lists those that may use it; without it, or with "*", all may.
    """
    if not environment.profiles:
        return environment
    mine = {name: table for name, table in environment.profiles.items() if _serves(table, project)}
    return replace(environment, profiles=mine)


def credentials(environment: Environment) -> list[str]:
    """Return the credentials that scripts in `environment` may come to hold, and must not tell."""
    guarded = secret_values((environment.profiles, environment.stores), guarded=True)
    return [*guarded, *secret_values(environment.settings)]


def _serves(profile: Mapping[str, Any], project: str) -> bool:
    projects = profile.get("projects", "*")
    return projects == "*" or project in ([projects] if isinstance(projects, str) else projects)
