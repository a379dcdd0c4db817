"""The scripts that are installed where a worker runs, and what of the worker's own configuration they may use."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger.runtime.redaction import Redactor, secrets_in
from wharfinger.script import BrokenScript
from wharfinger.script.inspection import ASYNC, inspect
from wharfinger.v1 import worker_pb2
from wharfinger.worker.runner import Prepared

log = logging.getLogger(__name__)

GROUP = "wharfinger.scripts"


@dataclass(frozen=True, slots=True)
class InstalledScript:
    """A script that is installed and works."""

    name: str
    version: str
    module: ModuleType
    asynchronous: bool


class InstalledScripts:
    """Implements `wharfinger.worker.runner.Scripts` with the scripts that are registered by entry points.

    `environment` holds the worker's own stores, profiles and settings. A script that can't be imported is left out, and
    that is logged.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._scripts = {script.name: script for script in _installed()}

    def hello(self) -> worker_pb2.WorkerHello:
        """Return the part of the hello that tells what can be run here."""
        told = [worker_pb2.WorkerScript(name=one.name, version=one.version) for one in self._scripts.values()]
        return worker_pb2.WorkerHello(
            scripts=told, profiles=sorted(self._environment.profiles), stores=sorted(self._environment.stores)
        )

    def prepare(self, assignment: worker_pb2.WorkerAssignment) -> Prepared:
        """Return what to run an attempt with. Raises LookupError unless the script is installed in its version."""
        script = self._scripts.get(assignment.script)
        if script is None or script.version != assignment.script_version:
            there = f"{script.version} is installed" if script is not None else "it is not installed"
            raise LookupError(f"script {assignment.script} {assignment.script_version} can't be run here: {there}")
        environment = self._environment
        # Whatever stands in these tables may be a credential: none of it is told, but for what is short or plain.
        held = [
            text for text in secrets_in([dict(environment.profiles), dict(environment.stores)]) if _is_guarded(text)
        ]
        return Prepared(script.module, script.asynchronous, environment, Redactor(held, assignment.lease.task))


def _is_guarded(text: str) -> bool:
    return len(text) >= 12 and "://" not in text and "/" not in text[:1]


def environment_of(tables: Mapping[str, Any]) -> Environment:
    """Return what scripts may use of a settings file's tables: stores, profiles, and each package's own table."""
    named = {name: table for name, table in tables.items() if isinstance(table, Mapping)}
    stores, profiles = named.pop("stores", {}), named.pop("profiles", {})
    return Environment(stores, profiles, named)


def _installed() -> Iterator[InstalledScript]:
    for point in entry_points(group=GROUP):
        try:
            module = point.load()
            info = inspect(module)
        except BrokenScript as broken:
            log.warning("script %s is left out: %s", point.name, broken)
        except Exception as error:  # noqa: BLE001 - a script may do anything while it is imported
            log.warning("script %s is left out: %s: %s", point.name, type(error).__name__, error)
        else:
            version = point.dist.version if point.dist is not None else ""
            yield InstalledScript(point.name, version, module, info.colour == ASYNC)
