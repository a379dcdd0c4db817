"""The installed scripts that can run, with everything about them known."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from wharfinger.script import ScriptInfo
from wharfinger_server.registry import Registry


@dataclass(frozen=True, slots=True)
class Script:
    """An installed script that is not broken."""

    name: str
    version: str
    distribution: str
    module: ModuleType
    info: ScriptInfo


class Scripts:
    """The usable ones of a registry's scripts, by name."""

    def __init__(self, registry: Registry) -> None:
        self._scripts = {
            plugin.name: Script(plugin.name, plugin.version, plugin.distribution, plugin.module, plugin.info)
            for plugin in registry.scripts.values()
            if plugin.module is not None and plugin.info is not None and not plugin.broken
        }
        self._broken = {plugin.name: plugin.broken for plugin in registry.scripts.values() if plugin.broken}

    def get(self, name: str) -> Script | None:
        """Return a script that can run, or None."""
        return self._scripts.get(name)

    def __getitem__(self, name: str) -> Script:
        return self._scripts[name]

    def names(self) -> list[str]:
        """Return the names of all scripts, the broken ones too, in order."""
        return sorted({*self._scripts, *self._broken})

    def why_not(self, name: str) -> str:
        """Return why a script is broken; "" for one that works or is not installed."""
        return self._broken.get(name, "")
