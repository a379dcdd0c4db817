"""Params that name what the operator configured: looked up before a task is accepted, not when it fails for it.

A schema marks such a field with `"x-wharfinger-profile": true` or `"x-wharfinger-store": true`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wharfinger.runtime.protocol import Environment
from wharfinger_server.domain.errors import NotFound
from wharfinger_server.domain.near_names import LONGEST, did_you_mean
from wharfinger_server.engine.params.canonical_json import shown_path
from wharfinger_server.engine.params.json_pointer import referred
from wharfinger_server.engine.scripts.grants import granted

_EACH = "*"
_LISTED = 20
_MARKS = {"x-wharfinger-profile": ("profile", "cloud profile"), "x-wharfinger-store": ("store", "object store")}
"""Each mark, with the word for what it names in `metadata` and reasons, and the one for people."""

Path = tuple[str, ...]
Place = tuple[str | int, ...]


class References:
    """The fields of one script's params that name a profile or a store."""

    def __init__(self, schema: Mapping[str, Any] | None) -> None:
        self._fields = tuple(dict.fromkeys(_marked(schema, schema, (), frozenset()))) if schema else ()

    def check(self, params: Mapping[str, Any], environment: Environment, project: str) -> None:
        """Raise NotFound, naming the field, for what is not there; what is not granted to `project` is not there."""
        if not self._fields:
            return
        mine = granted(environment, project)
        known = {"profile": mine.profiles, "store": mine.stores}
        for path, mark in self._fields:
            word, thing = _MARKS[mark]
            for place, name in _values(params, path, ()):
                if name not in known[word]:
                    raise _unknown(shown_path("task.params", place), word, thing, name, sorted(known[word]), project)


def _unknown(field: str, word: str, thing: str, name: str, known: list[str], project: str) -> NotFound:
    shown = name[:LONGEST]
    there = ", ".join(known[:_LISTED]) + (" …" if len(known) > _LISTED else "")
    hint = did_you_mean(name, known, f"there is {there}" if known else "the operator configured none")
    why = f"{field}: there is no {thing} {shown!r} for project {project}; {hint}"
    return NotFound(f"UNKNOWN_{word.upper()}", why, {word: shown})


def _marked(schema: Any, root: Mapping[str, Any], path: Path, within: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Yield the path and the mark of each marked field; `within` are the references that led here."""
    if not isinstance(schema, Mapping):
        return
    for mark in _MARKS:
        if schema.get(mark) is True:
            yield path, mark
    target = schema.get("$ref")
    if isinstance(target, str) and target not in within:
        yield from _marked(referred(root, target), root, path, within | {target})
    for word in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(word, ()):
            yield from _marked(one, root, path, within)
    for name, inner in schema.get("properties", {}).items():
        yield from _marked(inner, root, (*path, name), within)
    yield from _marked(schema.get("items"), root, (*path, _EACH), within)


def _values(value: Any, path: Path, place: Place) -> Iterator[tuple[Place, str]]:
    if not path:
        if isinstance(value, str):
            yield place, value
    elif path[0] == _EACH and isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            yield from _values(one, path[1:], (*place, number))
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:], (*place, path[0]))
