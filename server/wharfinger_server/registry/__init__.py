"""The registry of plug-ins: scripts, executors and price sources, by their entry points, as found at the start.

How plug-ins are loaded, and why one is listed as broken, is `wharfinger_prices.registry`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType, ModuleType

from wharfinger.script import BrokenScript, ScriptInfo, inspect
from wharfinger_prices.registry import (
    SOURCES,
    Around,
    Found,
    SourcePlugin,
    kind_of,
    load_kind,
    load_sources,
    no_subclass,
    nothing_around,
    one_sentence,
)
from wharfinger_server.sdk.executor import Executor

SCRIPTS = "wharfinger.scripts"
EXECUTORS = "wharfinger.executors"

OnProblem = Callable[[str, str, str], None]
"""Called with an entry-point group, a plug-in's name, and why it can't be used."""


@dataclass(frozen=True, slots=True)
class ScriptPlugin:
    """An installed script. `broken` is "" or why it can't run; only then `module` and `info` are None."""

    name: str
    distribution: str
    version: str
    broken: str
    module: ModuleType | None
    info: ScriptInfo | None


@dataclass(frozen=True, slots=True)
class ExecutorPlugin:
    """An installed executor. `broken` is "" or why it can't be used; only then `cls` is None."""

    name: str
    distribution: str
    version: str
    broken: str
    cls: type[Executor] | None


@dataclass(frozen=True, slots=True)
class Registry:
    """All installed plug-ins by name, as they were when the server started."""

    scripts: Mapping[str, ScriptPlugin]
    executors: Mapping[str, ExecutorPlugin]
    sources: Mapping[str, SourcePlugin] = field(default_factory=dict)

    @classmethod
    def load(cls, on_problem: OnProblem | None = None, around: Around | None = None) -> Registry:
        """Import every installed plug-in and return them all; broken ones are listed too, and told to `on_problem`.

        `around` goes round the import of each, and round the look at what it declares.
        """
        around = around or nothing_around
        scripts = load_kind(SCRIPTS, _script, _broken_script, around)
        executors = load_kind(EXECUTORS, _executor, ExecutorPlugin, around)
        sources = load_sources(around)
        for group, plugins in ((SCRIPTS, scripts), (EXECUTORS, executors), (SOURCES, sources)):
            for plugin in plugins.values():
                if plugin.broken and on_problem is not None:
                    on_problem(group, plugin.name, plugin.broken)
        return cls(MappingProxyType(scripts), MappingProxyType(executors), MappingProxyType(sources))

    def beside(self, plugins: Sequence[ScriptPlugin]) -> Registry:
        """Return it with the scripts of files beside those that are installed; a name that both have is of neither."""
        scripts = dict(self.scripts)
        for plugin in plugins:
            installed = self.scripts.get(plugin.name)
            scripts[plugin.name] = replace(plugin, broken=twice(plugin, installed)) if installed else plugin
        return replace(self, scripts=MappingProxyType(scripts))


def twice(plugin: ScriptPlugin, installed: ScriptPlugin) -> str:
    """Return why the script of a file can't be used beside an installed one of its name."""
    return f"{installed.distribution} has a script {plugin.name} as well; rename the file, or uninstall that"


# ---------------------------------------------------------------------- kinds of plug-in


def _broken_script(name: str, distribution: str, version: str, broken: str, module: None) -> ScriptPlugin:
    return ScriptPlugin(name, distribution, version, broken, module, None)


def _script(found: Found) -> ScriptPlugin:
    broken, info = found.broken, None
    if not broken and not isinstance(found.target, ModuleType):
        what = kind_of(found.target)
        broken = f"its entry point names {what}; it must name a module (package.module, without a colon)"
    if not broken:
        try:
            info = inspect(found.target)
        except BrokenScript as error:
            broken = one_sentence(str(error))
    return ScriptPlugin(found.name, found.distribution, found.version, broken, None if broken else found.target, info)


def _executor(found: Found) -> ExecutorPlugin:
    broken = found.broken or no_subclass(found.target, Executor)
    return ExecutorPlugin(found.name, found.distribution, found.version, broken, None if broken else found.target)
