"""The places of params that a schema marks `writeOnly`, and params with those values taken out and put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

from wharfinger_server.domain.errors import Violation
from wharfinger_server.engine.params.canonical_json import Path, shown_path
from wharfinger_server.engine.params.json_pointer import pointer, referred, words

MARK = {"sealed": True}
"""What stands in a sealed value's place wherever params are stored or shown. It is refused where a value is asked for:
whoever sends back what they read is told so, and nothing is made with a mark for a password."""

_ALL = {"writeOnly": True}
_EACH = ("allOf", "anyOf", "oneOf")
_ALSO = ("if", "then", "else")
_STEPS = 10_000


class SealedFields:
    """The sealed places of params that a schema describes: whatever lies below `writeOnly: true` in any part of it.

    A part counts though another alternative (`anyOf` …) describes the same place and does not have the mark.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Read the schema.

        Raises:
            ValueError: it has such marks, and a reference that can't be followed from its root.
        """
        self._schema = schema
        self._reaching: dict[int, bool] = {}
        self.any = _mentions_mark(schema)
        if self.any:
            for reference in _references(schema):
                if referred(schema, reference) is None:
                    raise ValueError(
                        f"it marks fields as writeOnly, so its references must begin with '#/', not be {reference!r}"
                    )

    def paths(self, params: Mapping[str, Any]) -> list[Path]:
        """Return the places in `params` whose values are sealed; null hides nothing and is left out."""
        return list(self._below(params, [self._schema], ())) if self.any else []

    def _below(self, value: Any, schemas: Iterable[Any], path: Path) -> Iterator[Path]:
        schemas = [schema for schema in schemas if self._reaches_mark(schema)]
        if value is None or not schemas:
            return
        parts = self._parts(schemas)
        # The mark on params as a whole seals each of them: there is always an object of params.
        whole = any(part.get("writeOnly") is True for part in parts)
        if whole and path:
            yield path
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self._below(inner, [_ALL] if whole else _of_key(parts, key), (*path, key))
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                yield from self._below(inner, _of_item(parts, index), (*path, index))

    def _reaches_mark(self, schema: Any) -> bool:
        """Whether `schema`, or one that it leads to, has the mark."""
        found = self._reaching.get(id(schema))
        if found is None:
            seen: set[int] = set()
            todo = [schema]
            found = False
            while todo and not found:
                one = todo.pop()
                if not isinstance(one, Mapping | list) or id(one) in seen:
                    continue
                seen.add(id(one))
                if isinstance(one, Mapping):
                    found = one.get("writeOnly") is True
                    todo += [*one.values(), referred(self._schema, one["$ref"]) if "$ref" in one else None]
                else:
                    todo += one
            self._reaching[id(schema)] = found
        return found

    def _parts(self, schemas: Iterable[Any]) -> list[Mapping[str, Any]]:
        """Return all schemas that may speak of the place that `schemas` describe: references followed, parts opened."""
        todo = list(schemas)
        seen: set[int] = set()
        found: list[Mapping[str, Any]] = []
        while todo:
            schema = todo.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            found.append(schema)
            if "$ref" in schema:
                todo.append(referred(self._schema, schema["$ref"]))
            for word in _EACH:
                todo += schema.get(word, ())
            todo += [schema[word] for word in _ALSO if word in schema]
            todo += schema.get("dependentSchemas", {}).values()
        return found


def marked(params: Mapping[str, Any], paths: Iterable[Path], field: str = "task.params") -> list[Violation]:
    """Return the violations of those of the sealed `paths` that hold the mark instead of a value."""
    why = "is the mark of a sealed value, which is never shown; give the value itself"
    return [Violation(shown_path(field, path), why) for path in paths if _at(params, path) == MARK]


def without(params: Mapping[str, Any], paths: Iterable[Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a copy of `params` with the mark at each of `paths`, and the values that stood there, by JSON pointer."""
    copy = _copied(params)
    values = {}
    for path in paths:
        holder = _at(copy, path[:-1])
        values[pointer(path)] = holder[path[-1]]
        holder[path[-1]] = dict(MARK)
    return copy, values


def with_values(params: dict[str, Any], pointers: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Put `values` back into `params`, which are changed and returned.

    Where there is no value any more a field is left out, and an item of a list is null.
    """
    for place in pointers:
        holder, last = _place(params, place)
        if place in values:
            holder[last] = values[place]
        elif isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = None
    return params


def _place(params: dict[str, Any], place: str) -> tuple[Any, Any]:
    holder: Any = params
    last: Any = None
    for word in words(place):
        holder = params if last is None else holder[last]
        last = int(word) if isinstance(holder, list) else word
    return holder, last


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list | tuple) else value


def _of_key(parts: Sequence[Mapping[str, Any]], key: str) -> Iterator[Any]:
    known = any(key in part.get("properties", {}) for part in parts)
    for part in parts:
        own = [part["properties"][key]] if key in part.get("properties", {}) else []
        own += [schema for pattern, schema in part.get("patternProperties", {}).items() if _matches(pattern, key)]
        yield from own or [part.get("additionalProperties")]
        if not known:
            yield part.get("unevaluatedProperties")


def _of_item(parts: Sequence[Mapping[str, Any]], index: int) -> Iterator[Any]:
    for part in parts:
        first = part.get("prefixItems", ())
        yield first[index] if index < len(first) else part.get("items")
        yield part.get("contains")
        yield part.get("unevaluatedItems")


def _matches(pattern: str, key: str) -> bool:
    """Whether the validator would say that `key` matches; also where that can't be told: better one sealed too many."""
    without_it = _validator_without(pattern)
    return without_it is None or not without_it.is_valid(key)


@lru_cache(maxsize=1024)
def _validator_without(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    """Return what finds valid those texts that don't match, None for a pattern that it does not know.

    Its engine is linear, but for patterns that look around or back; these are given up after some steps, and what is
    given up is valid neither with the pattern nor without it. Callers choose the keys, and the event loop waits.
    """
    bounded = jsonschema_rs.FancyRegexOptions(backtrack_limit=_STEPS)
    try:
        return jsonschema_rs.Draft202012Validator({"not": {"pattern": pattern}}, pattern_options=bounded)
    except ValueError:
        return None


def _mentions_mark(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return schema.get("writeOnly") is True or any(map(_mentions_mark, schema.values()))
    return isinstance(schema, list | tuple) and any(map(_mentions_mark, schema))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for word in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(word), str):
                yield schema[word]
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _references(inner)
