"""JSON Schemas of params classes: asked of the class, or read from a dataclass."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union

_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    list: {"type": "array"},
    dict: {"type": "object"},
    Any: {},
}


def schema_of(cls: Any) -> Any:
    """Return the schema of a class with `model_json_schema()` (pydantic, msgspec-like) or of a dataclass.

    Raises TypeError, naming the field, where there is no schema for it.
    """
    ask = getattr(cls, "model_json_schema", None)
    if callable(ask):
        return ask()
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        return _of_dataclass(cls)
    raise TypeError(f"{getattr(cls, '__name__', cls)!s} has no model_json_schema() and is no dataclass")


def made_of(cls: Any, params: Mapping[str, Any]) -> Any:
    """Return an instance of `cls` made of `params`, or `params` as a dict where `cls` can't be made of them.

    Raises what the class raises for params that it does not take.
    """
    validate = getattr(cls, "model_validate", None)
    if callable(validate):
        return validate(dict(params))
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        return _dataclass_of(cls, params)
    return dict(params)


def unquoted(error: Exception) -> str:
    """Return why a params class refused its params, without the values, which pydantic's own message quotes in part."""
    list_them = getattr(error, "errors", None)
    if not callable(list_them):
        return str(error)
    try:
        found = list_them(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'params'}: {one['msg']}" for one in found)
    except (TypeError, KeyError):
        return type(error).__name__


def _of_dataclass(cls: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties: dict[str, Any] = {}
    required = []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        try:
            properties[field.name] = dict(_of_type(hints[field.name]))
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.{field.name}: {error}") from None
        if field.default is not dataclasses.MISSING and isinstance(field.default, (str, int, float, bool)):
            properties[field.name]["default"] = field.default
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(field.name)
        if text := field.metadata.get("description"):
            properties[field.name]["description"] = text
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_type(hint: Any) -> dict[str, Any]:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _of_dataclass(hint)
    found = _of_generic(typing.get_origin(hint), typing.get_args(hint))
    if found is None:
        known = "str, int, float, bool, list, dict, Literal and dataclasses"
        raise TypeError(f"there is no JSON Schema for {hint!r}; use {known}, or write PARAMS_SCHEMA")
    return found


def _of_generic(origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any] | None:
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_type(one) for one in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (list, Sequence):
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin in (dict, Mapping) and arguments[0] is str:
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    return None


def _dataclass_of(cls: Any, params: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(cls)
    return cls(**{name: _value_of(hints.get(name, Any), value) for name, value in params.items()})


def _value_of(hint: Any, value: Any) -> Any:
    """Turn JSON objects into the dataclasses that the hint names; leave everything else as it is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return _dataclass_of(hint, value)
    if origin in (list, Sequence) and arguments and isinstance(value, list):
        return [_value_of(arguments[0], one) for one in value]
    if origin in (dict, Mapping) and len(arguments) == 2 and isinstance(value, Mapping):
        return {name: _value_of(arguments[1], one) for name, one in value.items()}
    if origin in (Union, types.UnionType) and isinstance(value, Mapping):
        classes = [one for one in arguments if isinstance(one, type) and dataclasses.is_dataclass(one)]
        return _dataclass_of(classes[0], value) if len(classes) == 1 else value
    return value
