"""The installed scripts that can run, with everything about them known."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from packaging.version import InvalidVersion, Version

from wharfinger.ledger.failure import Code, Failure
from wharfinger.ledger.states import Phase
from wharfinger.script import ScriptInfo
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.params.schema import ObjectSchema
from wharfinger_server.engine.scripts.param_references import References
from wharfinger_server.registry import SCRIPTS, Registry, ScriptPlugin

log = logging.getLogger(__name__)

NOTHING = References(None)


@dataclass(frozen=True, slots=True)
class Script:
    """An installed script that is not broken. `params` and `results` are its schemas, None: any object goes.

    `references` are the params that name what the operator configured.
    """

    name: str
    version: str
    distribution: str
    module: ModuleType
    info: ScriptInfo
    params: ObjectSchema | None = None
    results: ObjectSchema | None = None
    references: References = NOTHING

    def undoes(self, version: str) -> bool:
        """Whether it can undo what its `version` made: its own, or one since that which it declares itself fit for."""
        return self.info.can_undo and self._fit_for(version, self.info.undo_compatible_since)

    def runs(self, version: str) -> bool:
        """Whether it may run in the place of its `version`: its own, or one that it declares itself compatible with."""
        return self._fit_for(version, self.info.run_compatible_since)

    def _fit_for(self, version: str, since: str) -> bool:
        if version == self.version:
            return True
        try:
            return Version(since) <= Version(version) <= Version(self.version)
        except InvalidVersion:
            return False


class Scripts:
    """The usable ones of a registry's scripts, by name; of the others, why they can't be used."""

    def __init__(self, registry: Registry) -> None:
        self._scripts: dict[str, Script] = {}
        self.broken: dict[str, str] = {}
        self.plugins: dict[str, ScriptPlugin] = dict(registry.scripts)
        for plugin in registry.scripts.values():
            try:
                self._scripts[plugin.name] = _usable(plugin)
            except _NotUsableError as broken:
                self.broken[plugin.name] = str(broken)
                if not plugin.broken:
                    facts = {"group": SCRIPTS, "plugin": plugin.name}
                    log.warning("a plug-in can't be used: %s", broken, extra=facts)

    def take(self, plugin: ScriptPlugin) -> str:
        """Put a plug-in in the place of that of its name, for all that begins from now on; return "".

        Where it can't be used and another one can, that one stays, and what is returned says why.
        """
        try:
            script = _usable(plugin)
        except _NotUsableError as broken:
            if plugin.name not in self._scripts:
                self.broken[plugin.name] = str(broken)
                self.plugins[plugin.name] = plugin
            return str(broken)
        self.plugins[plugin.name] = plugin
        self._scripts[plugin.name] = script
        self.broken.pop(plugin.name, None)
        return ""

    def get(self, name: str) -> Script | None:
        """Return a script that can run, or None."""
        return self._scripts.get(name)

    def __getitem__(self, name: str) -> Script:
        return self._scripts[name]

    def module(self, name: str, version: str) -> ModuleType:
        """Return the module of a script. Raises LookupError unless it is installed in that version."""
        script = self.get(name)
        if script is None or script.version != version:
            there = f"{script.version} is installed" if script else self.why_not(name) or "it is not installed"
            raise LookupError(f"script {name} {version} can't be run here: {there}")
        return script.module

    def names(self) -> list[str]:
        """Return the names of all scripts, the broken ones too, in order."""
        return sorted({*self._scripts, *self.broken})

    def why_not(self, name: str) -> str:
        """Return why a script is broken; "" for one that works or is not installed."""
        return self.broken.get(name, "")

    def problem(self, task: Task, phase: Phase) -> Failure | None:
        """Return why the task's script cannot be run here for `phase`, or None."""
        script = self.get(task.spec.script)
        if script is None:
            why = self.why_not(task.spec.script) or "its package is not installed any more"
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"{task.spec.script} cannot run: {why}",
                metadata={"script": task.spec.script, "version": task.script_version},
            )
        if phase is Phase.RUN and not script.runs(task.script_version):
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"the task was created for {task.spec.script} {task.script_version}, but {script.version} is installed",
                metadata={"script": task.spec.script, "version": task.script_version, "installed": script.version},
            )
        if phase is Phase.UNDO and not script.undoes(task.script_version):
            return Failure(
                Code.FAILED_PRECONDITION,
                "SCRIPT_VERSION_GONE",
                f"{task.spec.script} {script.version} cannot undo what {task.script_version} made",
                metadata={"script": task.spec.script, "version": task.script_version, "installed": script.version},
            )
        return None

    def resume_version(self, task: Task) -> str:
        """Return the version that has to be named to resume a task, "" if none has to be, or its script is gone."""
        script = self.get(task.spec.script)
        return "" if script is None or script.runs(task.script_version) else script.version

    def resumable(self, task: Task) -> bool:
        """Whether the task's script says that it may run again after a lost attempt."""
        script = self.get(task.spec.script)
        return script is not None and script.info.resumable

    def undoes(self, task: Task) -> bool:
        """Whether the installed script can undo what the task made."""
        return self.problem(task, Phase.UNDO) is None


class _NotUsableError(Exception):
    """A plug-in is no script that can run; the message says why."""


def _usable(plugin: ScriptPlugin) -> Script:
    if plugin.broken or plugin.module is None or plugin.info is None:
        raise _NotUsableError(plugin.broken)
    try:
        params = _compiled("params", plugin.info.params_schema)
        results = _compiled("result", plugin.info.result_schema)
    except ValueError as error:
        raise _NotUsableError(f"{plugin.info.module} can't be run as a script: {error}") from None
    return Script(
        plugin.name,
        plugin.version,
        plugin.distribution,
        plugin.module,
        plugin.info,
        params,
        results,
        References(plugin.info.params_schema),
    )


def _compiled(what: str, schema: Mapping[str, Any] | None) -> ObjectSchema | None:
    try:
        return None if schema is None else ObjectSchema(schema)
    except ValueError as error:
        raise ValueError(f"the schema of its {what}: {error}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a schema may be of the script's own class
        raise ValueError(f"the schema of its {what} can't be read: {type(error).__name__}") from error
