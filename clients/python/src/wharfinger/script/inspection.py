"""Reading a script module: what it declares, and what is wrong with it."""

from __future__ import annotations

import inspect as _inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

from wharfinger.script.errors import BrokenScript
from wharfinger.script.resource import ResourceType
from wharfinger.script.schema import schema_of

ASYNC = "async"
PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ScriptInfo:
    """What a script module declares. Schemas are JSON Schema (draft 2020-12), None: anything goes.

    `summary` is the first line of its docstring, `colour` "async" or "plain" by its `main`, `executor` the name of the
    executor it prefers or "", `undo_compatible_since` the oldest version whose work its `undo` understands or "",
    `run_compatible_since` the oldest version in whose place its `main` may run or "".
    `can_look`: it has `exists`.
    """

    module: str
    summary: str
    colour: str
    params_schema: dict[str, Any] | None = None
    result_schema: dict[str, Any] | None = None
    can_undo: bool = False
    can_find: bool = False
    can_look: bool = False
    can_estimate: bool = False
    resumable: bool = False
    undo_compatible_since: str = ""
    run_compatible_since: str = ""
    executor: str = ""
    resource_types: Mapping[str, ResourceType] = field(default_factory=dict)


def inspect(module: ModuleType) -> ScriptInfo:
    """Return what `module` declares. Raises BrokenScript, naming the module and what is wrong."""
    main = getattr(module, "main", None)
    if main is None:
        raise _broken(module, "it has no `main`; a script needs `async def main(task)` or `def main(task)`")
    colour = _colour(module, "main", ("task",))
    can_undo, can_find = (_has(module, name, colour) for name in ("undo", "find"))
    can_look = exists_of(module) is not None and _has(module, "exists", colour)
    can_estimate = getattr(module, "estimate", None) is not None
    if can_estimate and _colour(module, "estimate", ("params", "prices")) == ASYNC:
        raise _broken(module, "`estimate` is async; it must be a plain `def estimate(params, prices)`")
    doc = (_inspect.getdoc(module) or "").strip()
    return ScriptInfo(
        module=module.__name__,
        summary=doc.splitlines()[0].strip() if doc else "",
        colour=colour,
        params_schema=_schema(module, "PARAMS_SCHEMA", "Params"),
        result_schema=_schema(module, "RESULT_SCHEMA", ""),
        can_undo=can_undo,
        can_find=can_find,
        can_look=can_look,
        can_estimate=can_estimate,
        resumable=_declared(module, "RESUMABLE", bool, False),
        undo_compatible_since=_declared(module, "UNDO_COMPATIBLE_SINCE", str, ""),
        run_compatible_since=_declared(module, "RUN_COMPATIBLE_SINCE", str, ""),
        executor=_declared(module, "EXECUTOR", str, ""),
        resource_types=_resource_types(module),
    )


def exists_of(module: ModuleType) -> Any:
    """Return the module's `exists(task, resource)`, None if it has none.

    The word is a common one: what was imported under it and can't be called so is something else (`os.path.exists`).
    """
    function = vars(module).get("exists")
    foreign = getattr(function, "__module__", None) != module.__name__
    return None if function is None or (foreign and not _takes_two(function)) else function


@lru_cache(maxsize=256)
def _takes_two(function: Any) -> bool:
    try:
        _inspect.signature(function).bind("task", "resource")
    except (TypeError, ValueError):
        return False
    return True


def _broken(module: ModuleType, what: str) -> BrokenScript:
    return BrokenScript(f"{module.__name__} can't be run as a script: {what}")


def _colour(module: ModuleType, name: str, arguments: tuple[str, ...]) -> str:
    function = getattr(module, name)
    asked = f"{name}({', '.join(arguments)})"
    if not callable(function):
        raise _broken(module, f"`{name}` is {type(function).__name__}, not a function `{asked}`")
    if _inspect.isgeneratorfunction(function) or _inspect.isasyncgenfunction(function):
        raise _broken(module, f"`{name}` has a `yield`; it must return")
    try:
        _inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise _broken(module, f"`{name}` can't be called as `{asked}`: {error}") from None
    except ValueError:
        pass  # a compiled function that does not tell its arguments
    is_async = _inspect.iscoroutinefunction(function) or _inspect.iscoroutinefunction(type(function).__call__)
    return ASYNC if is_async else PLAIN


def _has(module: ModuleType, name: str, colour: str) -> bool:
    if getattr(module, name, None) is None:
        return False
    found = _colour(module, name, ("task", "resource"))
    if found != colour:
        raise _broken(module, f"`main` is {colour} but `{name}` is {found}; both must be the same")
    return True


def _declared(module: ModuleType, name: str, kind: type[Any], default: Any) -> Any:
    value = getattr(module, name, default)
    if not isinstance(value, kind):
        raise _broken(module, f"`{name}` is {value!r}; it must be a {kind.__name__}")
    return value


def _schema(module: ModuleType, constant: str, model: str) -> dict[str, Any] | None:
    given, cls = getattr(module, constant, None), getattr(module, model, None) if model else None
    if given is not None and cls is not None:
        raise _broken(module, f"it has both `{constant}` and `{model}`; one of them must go")
    if given is None and cls is None:
        return None
    source = constant if given is not None else model
    if given is None:
        try:
            given = schema_of(cls)
        except Exception as error:  # whatever a model's own code raises
            raise _broken(module, f"`{model}` gives no JSON Schema: {type(error).__name__}: {error}") from error
    if not isinstance(given, dict):
        raise _broken(
            module, f"the schema from `{source}` is {type(given).__name__}; it must be a dict (a JSON Schema object)"
        )
    if given.get("type", "object") != "object":
        raise _broken(
            module, f"the schema from `{source}` describes type {given['type']!r}; it must describe an object"
        )
    try:
        copy: dict[str, Any] = json.loads(json.dumps(given, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _broken(module, f"the schema from `{source}` is not JSON: {error}") from None
    return copy


def _resource_types(module: ModuleType) -> dict[str, ResourceType]:
    value = getattr(module, "RESOURCE_TYPES", {})
    if not isinstance(value, Mapping):
        raise _broken(
            module, f"`RESOURCE_TYPES` is {type(value).__name__}; it must be a dict of ResourceType by type name"
        )
    for name, declared in value.items():
        if not isinstance(name, str) or not isinstance(declared, ResourceType):
            raise _broken(
                module, f"`RESOURCE_TYPES[{name!r}]` is {declared!r}; it must be a wharfinger.script.ResourceType"
            )
    return dict(value)
