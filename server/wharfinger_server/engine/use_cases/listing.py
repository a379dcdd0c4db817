"""The lists of executors and scripts, and how they are doing; the broken ones with why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.scripts.unknown_names import unknown_executor, unknown_script
from wharfinger_server.engine.use_cases.workers import Workers
from wharfinger_server.registry import Registry
from wharfinger_server.sdk.workers import WorkerShown


@dataclass(frozen=True, slots=True)
class ExecutorShown:
    """An executor: how many attempts it may run, runs, and has waiting; why it is unavailable, or ""."""

    name: str
    version: str
    summary: str
    slots: int
    running: int
    queued: int
    draining: bool
    unavailable_reason: str
    workers: Sequence[WorkerShown] = ()


@dataclass(frozen=True, slots=True)
class ScriptShown:
    """A script: what it says of itself, where it may run, and why it is broken, or ""."""

    name: str
    version: str
    distribution: str
    summary: str = ""
    params_schema: Mapping[str, Any] = field(default_factory=dict)
    result_schema: Mapping[str, Any] = field(default_factory=dict)
    can_undo: bool = False
    can_find: bool = False
    can_look: bool = False
    can_estimate: bool = False
    resumable: bool = False
    undo_compatible_since: str = ""
    run_compatible_since: str = ""
    executors: tuple[str, ...] = ()
    broken_reason: str = ""


class Listing:
    """Lists executors and scripts, by name."""

    def __init__(self, registry: Registry, scripts: Scripts, dispatcher: Dispatcher, workers: Workers) -> None:
        self._workers = workers
        self._registry = registry
        self._scripts = scripts
        self._dispatcher = dispatcher

    def executors(self) -> list[ExecutorShown]:
        """Return all executors, by name."""
        return [self._executor(name) for name in sorted(self._registry.executors)]

    def executor(self, name: str) -> ExecutorShown:
        """Return one executor. Raises NotFound UNKNOWN_EXECUTOR."""
        if name not in self._registry.executors:
            raise unknown_executor(name, self._registry.executors)
        return self._executor(name)

    def _executor(self, name: str) -> ExecutorShown:
        plugin = self._registry.executors[name]
        status = self._dispatcher.executor_status(name)
        return ExecutorShown(
            name=name,
            version=plugin.version,
            summary=plugin.cls.summary if plugin.cls else "",
            slots=status.slots,
            running=status.running,
            queued=status.queued,
            draining=not self._dispatcher.is_open,
            unavailable_reason=plugin.broken or status.unavailable_reason,
            workers=self._workers.of(name),
        )

    def scripts(self) -> list[ScriptShown]:
        """Return all scripts, by name."""
        return [self.script(name) for name in sorted(self._scripts.plugins)]

    def script(self, name: str) -> ScriptShown:
        """Return one script. Raises NotFound UNKNOWN_SCRIPT."""
        plugin = self._scripts.plugins.get(name)
        if plugin is None:
            raise unknown_script(name, self._scripts.plugins)
        broken = self._scripts.why_not(name)
        if broken or plugin.info is None:
            return ScriptShown(plugin.name, plugin.version, plugin.distribution, broken_reason=broken)
        info = plugin.info
        suitable = [
            name
            for name, executor in sorted(self._registry.executors.items())
            if executor.cls is not None and info.colour in executor.cls.colours
        ]
        return ScriptShown(
            name=plugin.name,
            version=plugin.version,
            distribution=plugin.distribution,
            summary=info.summary,
            params_schema=info.params_schema or {},
            result_schema=info.result_schema or {},
            can_undo=info.can_undo,
            can_find=info.can_find,
            can_look=info.can_look,
            can_estimate=info.can_estimate,
            resumable=info.resumable,
            undo_compatible_since=info.undo_compatible_since,
            run_compatible_since=info.run_compatible_since,
            executors=tuple(suitable),
        )
