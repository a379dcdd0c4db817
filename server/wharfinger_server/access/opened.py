"""Who calls, by what a credential opens."""

from __future__ import annotations

from wharfinger_server.config import Granted
from wharfinger_server.domain.roles import ROLES, Role
from wharfinger_server.engine.interface.requests import Caller


def caller_of(creator: str, granted: Granted, how: str) -> Caller:
    """Return who has a credential that opens that much."""
    if granted.role == "worker":
        return Caller(creator, granted.projects, is_worker=True, role=Role.VIEWER, how=how)
    roles = {name: ROLES[word] for name, word in granted.roles.items()} if granted.roles else None
    return Caller(creator, granted.projects, False, ROLES[granted.role], roles, how)
