"""Executors that workers attach to: processes elsewhere, each with a connection that may break and come again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

LeaseKey = tuple[str, int]
"""What tells an attempt from all others: its task's uid and its epoch."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker says of itself, and what its credential opens.

    `scripts` are the names and versions that it can run, `held` the attempts that it runs already; `instance` tells its
    process from every other. `projects` None: tasks of all projects.
    """

    id: str
    instance: str
    slots: int
    scripts: frozenset[tuple[str, str]]
    held: frozenset[LeaseKey] = frozenset()
    projects: frozenset[str] | None = None
    host: str = ""
    language: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class WorkerShown:
    """A worker as people see it; `since` is seconds since the epoch."""

    facts: WorkerFacts
    running: int
    leaving: bool
    since: float


class Line(Protocol):
    """A worker's connection. Its methods return at once."""

    def send(self, response: Any) -> None:
        """Send a WorkResponse."""
        ...

    def close(self) -> None:
        """End the stream, when all that was sent has left."""
        ...


class Attached(Protocol):
    """A worker that is attached by one connection."""

    def hear(self, request: Any) -> None:
        """Take a WorkRequest. Raises ValueError for what no worker would send."""
        ...

    def detach(self) -> None:
        """Hear that the connection is gone."""
        ...


class TakesWorkers(ABC):
    """An executor that workers attach to. Everything here is called on the server's loop."""

    @abstractmethod
    def attach(self, facts: WorkerFacts, line: Line) -> Attached:
        """Take a worker's connection: its first, or another one after that broke. The welcome is sent by the line.

        Raises Refused where it can't be taken.
        """

    @property
    @abstractmethod
    def workers(self) -> list[WorkerShown]:
        """The workers that are connected, longest first."""
