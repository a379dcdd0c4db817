"""The context of a task as its script sees it: project, creator, deadline, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Context:
    """Who asked, and under which limits. `deadline` is seconds since the epoch, None: no limit."""

    project: str
    creator: str = ""
    deadline: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    traceparent: str = ""
