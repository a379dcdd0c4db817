"""A script module as the runtime uses it: its functions and what it declares, looked up once per attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from wharfinger.script.resource import ResourceType
from wharfinger.script.schema import made_of


class ScriptModule:
    """The parts of `module` that a run needs; the registry has checked them when the server started."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.name = module.__name__
        self.main: Callable[..., Any] = module.main
        self.undo: Callable[..., Any] | None = getattr(module, "undo", None)
        self.find: Callable[..., Any] | None = getattr(module, "find", None)
        self.resource_types: Mapping[str, ResourceType] = getattr(module, "RESOURCE_TYPES", {})

    def params(self, values: Mapping[str, Any]) -> Any:
        """Return `values` as an instance of the module's `Params`, where one can be made of them, or as a dict.

        Raises what the class raises for values that it refuses.
        """
        return made_of(getattr(self.module, "Params", None), values)
