"""Core dumps, which hold whatever the process has in memory: keys and credentials."""

from __future__ import annotations

import resource


def forbid() -> None:
    """Leave none of this process, nor of those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
