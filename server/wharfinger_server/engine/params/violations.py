"""The violations of a schema by params, in sentences for the person who sent them.

Sentences are made from the schema, never from the values: these may be secrets, and refusals end up in logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs
import orjson

from wharfinger_server.domain.errors import Violation
from wharfinger_server.domain.near_names import did_you_mean
from wharfinger_server.engine.params.canonical_json import Path, kind_of, shown_path
from wharfinger_server.engine.params.json_pointer import referred

_NAMES_SHOWN = 20

_UNSEEN = object()
_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


_DEEPER = {"items", "prefixItems", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems"}

_Branch = Sequence[jsonschema_rs.ValidationError]


def _types_wanted(branch: _Branch, path: Path) -> list[str]:
    """Return which types an alternative asks for at `path` itself, [] where the type fits."""
    kinds: list[Any] = [error.kind for error in branch if tuple(error.instance_path) == path]
    return [wanted for kind in kinds if kind.name == "type" for wanted in kind.types]


class Explanation:
    """Turns the validator's errors about params at the path `field` of a request into violations."""

    def __init__(self, schema: dict[str, Any], field: str) -> None:
        self._schema = schema
        self._field = field

    def of(self, error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
        """Yield the violations that `error` stands for."""
        kind: Any = error.kind  # what else it has depends on its name
        path = tuple(error.instance_path)
        place, hidden = self._walk(error.evaluation_path)
        if hidden is not None:
            yield Violation(shown_path(self._field, path[:hidden]), _hidden(kind))
        elif kind.name in {"anyOf", "oneOf"} and all(kind.context):  # one without errors: too many match
            yield from self._of_branches(path, kind.context)
        elif kind.name in {"additionalProperties", "unevaluatedProperties"}:
            known = self._properties(place)
            for name in kind.unexpected:
                yield Violation(shown_path(self._field, (*path, name)), _unknown(name, known))
        elif kind.name == "required":
            missing = shown_path(self._field, (*path, kind.property))
            yield Violation(missing, f"is missing; {self._wanted(place, kind.property)}")
        elif kind.name == "propertyNames":
            yield Violation(shown_path(self._field, path), f"has a key that {_described(kind.error.kind)}")
        else:
            yield Violation(shown_path(self._field, path), _described(kind, error.instance))

    # -------------------------------------------------------------- alternatives

    def _of_branches(self, path: Path, branches: Sequence[_Branch]) -> Iterator[Violation]:
        """Explain the alternative that was meant: one whose type and constants fit, or all of them in one sentence."""
        types: dict[str, None] = {}
        fitting: list[_Branch] = []
        for branch in branches:
            wanted = _types_wanted(branch, path)
            types |= dict.fromkeys(wanted)
            if not wanted:
                fitting.append(branch)
        meant = [branch for branch in fitting if not any(error.kind.name == "const" for error in branch)] or fitting
        if meant:
            for error in min(meant, key=len):
                yield from self.of(error)
        elif types:
            yield Violation(shown_path(self._field, path), _must_be(types, branches[0][0].instance))
        else:
            yield Violation(shown_path(self._field, path), "matches none of the alternatives that the schema has")

    # -------------------------------------------------------------- the schema along an error's way

    def _walk(self, way: Sequence[str | int]) -> tuple[dict[str, Any], int | None]:
        """Follow an evaluation path; return the schema that holds the failing keyword, and how much of a path to show.

        The second is None unless a schema on the way is marked writeOnly.
        """
        schema: Any = self._schema
        holder: dict[str, Any] = self._schema
        deep = 0  # how many steps into the params the way has gone
        steps = iter(way)
        for step in steps:
            if not isinstance(schema, dict):  # the list under allOf, anyOf, oneOf or prefixItems
                schema = schema[step] if isinstance(schema, list) and isinstance(step, int) else None
            elif step in {"properties", "patternProperties"}:
                schema = schema.get(step, {}).get(next(steps, None))
                deep += 1
            elif step == "$ref":
                schema = referred(self._schema, schema.get("$ref"))
            else:
                deep += step in _DEEPER
                schema = schema.get(step)
            if isinstance(schema, dict):
                holder = schema
                if schema.get("writeOnly") is True:
                    return holder, deep
        return holder, None

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that an object of `schema` may have, with those of the parts that make it up."""
        known: dict[str, Any] = {}
        for part in [*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ()), schema]:
            known |= self._resolved(part).get("properties", {})
        return known

    def _resolved(self, schema: Any) -> dict[str, Any]:
        """Return `schema` with what it refers to filled in, {} where it is no schema with keywords."""
        if not isinstance(schema, dict):
            return {}
        target = referred(self._schema, schema["$ref"]) if "$ref" in schema else None
        return {**target, **schema} if isinstance(target, dict) else schema

    def _wanted(self, place: Mapping[str, Any], name: str) -> str:
        """Return what a missing field should hold, by its type and description."""
        wanted = self._resolved(self._properties(place).get(name))
        kinds = wanted.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
        wish = f"it is required and must be {_either(kinds)}" if kinds else "it is required"
        about = wanted.get("description")
        return f"{wish}: {about.strip()[:200]}" if isinstance(about, str) and about.strip() else wish


def _either(kinds: Iterable[str]) -> str:
    words = [_KINDS.get(kind, kind) for kind in kinds if kind != "null"]
    words += ["null"] if "null" in kinds else []
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _must_be(kinds: Iterable[str], instance: Any) -> str:
    return f"must be {_either(list(kinds))}, not {kind_of(instance)}"


def _choices(options: Sequence[Any]) -> str:
    shown = ", ".join(orjson.dumps(option).decode() for option in options[:_NAMES_SHOWN])
    return shown + (f" and {len(options) - _NAMES_SHOWN} more" if len(options) > _NAMES_SHOWN else "")


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    if not known:
        return "there is no such field; none is taken here"
    names = ", ".join(list(known)[:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")
    return f"there is no such field; {did_you_mean(name, known, f'the fields are {names}')}"


def _hidden(kind: Any) -> str:
    """Describe a failure inside of a writeOnly field: nothing that depends on what it holds."""
    if kind.name in {"additionalProperties", "unevaluatedProperties", "required", "propertyNames", "anyOf", "oneOf"}:
        return "does not have the form that its schema asks for"
    return _described(kind)


_SENTENCES: dict[str, Callable[[Any], str]] = {
    "enum": lambda k: f"must be one of {_choices(k.options)}",
    "const": lambda k: f"must be {orjson.dumps(k.expected_value).decode()}",
    "pattern": lambda k: f"must match the pattern {k.pattern}",
    "format": lambda k: f"must be a valid {k.format}",
    "minLength": lambda k: "must not be empty" if k.limit == 1 else f"must have at least {k.limit} characters",
    "maxLength": lambda k: f"must have at most {k.limit} characters",
    "minItems": lambda k: "must not be empty" if k.limit == 1 else f"must have at least {k.limit} items",
    "maxItems": lambda k: f"must have at most {k.limit} item{'s' * (k.limit != 1)}",
    "minProperties": lambda k: "must not be empty" if k.limit == 1 else f"must have at least {k.limit} fields",
    "maxProperties": lambda k: f"must have at most {k.limit} field{'s' * (k.limit != 1)}",
    "minimum": lambda k: f"must be at least {k.limit}",
    "maximum": lambda k: f"must be at most {k.limit}",
    "exclusiveMinimum": lambda k: f"must be more than {k.limit}",
    "exclusiveMaximum": lambda k: f"must be less than {k.limit}",
    "multipleOf": lambda k: f"must be a multiple of {k.multiple_of:g}",
    "uniqueItems": lambda _: "must not hold the same item twice",
    "contains": lambda _: "holds no item of the kind that the schema asks for",
    "not": lambda _: "is of a kind that the schema excludes",
    "falseSchema": lambda _: "must be left out: the schema takes nothing here",
    "oneOf": lambda _: "matches more than one of the alternatives that the schema has, and must match exactly one",
}


def _described(kind: Any, instance: Any = _UNSEEN) -> str:
    """Return what `kind` of failure means for the caller, as the end of a sentence that begins with the field."""
    if kind.name == "type":
        return f"must be {_either(kind.types)}" if instance is _UNSEEN else _must_be(kind.types, instance)
    sentence = _SENTENCES.get(kind.name)
    return sentence(kind) if sentence else f"does not match the schema's {kind.name}"
