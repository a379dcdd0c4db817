"""A script module as the runtime uses it: its functions and what it declares, looked up once per attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from wharfinger.script.inspection import exists_of
from wharfinger.script.resource import ResourceType
from wharfinger.script.schema import made_of


class ScriptModule:
    """The parts of `module` that a run needs; the registry has checked them when the server started."""

    def __init__(self, module: ModuleType) -> None:
        # Not by getattr: it is slow to say that there is nothing, once for each task.
        names = vars(module)
        self.module = module
        self.name = module.__name__
        self.main: Callable[..., Any] = names["main"]
        self.undo: Callable[..., Any] | None = names.get("undo")
        self.find: Callable[..., Any] | None = names.get("find")
        self.exists: Callable[..., Any] | None = exists_of(module)
        self.resource_types: Mapping[str, ResourceType] = names.get("RESOURCE_TYPES", {})
        self._params_class = names.get("Params")

    def params(self, values: Mapping[str, Any]) -> Any:
        """Return `values` as an instance of the module's `Params`, where one can be made of them, or as a dict.

        Raises what the class raises for values that it refuses.
        """
        return dict(values) if self._params_class is None else made_of(self._params_class, values)
