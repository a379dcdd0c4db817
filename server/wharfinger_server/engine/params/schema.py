"""Params before a task is accepted, and its result before it is taken: whether they match the script's JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs
import orjson

from wharfinger_server.domain.errors import Violation
from wharfinger_server.engine.params.canonical_json import bounded, check_json, params_invalid, shown_path
from wharfinger_server.engine.params.sealed_fields import SealedFields
from wharfinger_server.engine.params.violations import Explanation

__all__ = ["DRAFT", "ObjectSchema", "check_json", "params_invalid"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_EXPLAINED_BYTES = 8 * 1024
"""Beyond this size only the first violation is looked for: the validator spends 15 µs on each, and holds the thread."""


class ObjectSchema:
    """The compiled JSON Schema (draft 2020-12) of an object: a script's params or result. Any thread may use it.

    `sealed` knows which places of such an object are marked `writeOnly`.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile `schema`. References must stay inside of it: nothing is fetched. Known formats are checked.

        Raises:
            ValueError: it is not a valid schema for an object; the message is a sentence that says where.
        """
        self._schema = _plain(schema)
        draft = self._schema.get("$schema", DRAFT)
        if not isinstance(draft, str) or draft.rstrip("#") != DRAFT:
            raise ValueError(f"the schema names {draft!r} as its draft; only {DRAFT} is understood")
        kind = self._schema.get("type", "object")
        if kind != "object" and not (isinstance(kind, list) and "object" in kind):
            raise ValueError(
                f"the schema asks for {kind!r}; params and results are objects, so its type must be 'object'"
            )
        try:
            self._validator = jsonschema_rs.Draft202012Validator(self._schema, validate_formats=True, offline=True)
        except ValueError as error:
            raise ValueError(f"the schema is not valid: {_told(error)}") from None
        self.sealed = SealedFields(self._schema)

    def check(self, params: Mapping[str, Any], field: str = "task.params") -> list[Violation]:
        """Return what is wrong with `params`, [] for nothing: the first few that fit in an answer.

        `params` must have passed `check_json`; `field` is their path in the request. For params above 8 KiB only the
        first violation is told. No description holds a value that was sent, and inside of a field marked `writeOnly`
        no path goes deeper than that field.
        """
        plain = params if type(params) is dict else _plain(params)
        try:
            if self._validator.is_valid(plain):
                return []
        except ValueError:  # a mapping further inside that is no dict
            plain = _plain(params)
        explanation = Explanation(self._schema, field)
        return bounded(violation for error in self._errors(plain) for violation in explanation.of(error))

    def _errors(self, params: dict[str, Any]) -> Iterable[jsonschema_rs.ValidationError]:
        if len(orjson.dumps(params)) <= _EXPLAINED_BYTES:
            return self._validator.iter_errors(params)
        try:
            self._validator.validate(params)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of `value` in dicts and lists, as the validator wants it.

    Raises:
        ValueError: it can't be JSON.
    """
    try:
        copied: dict[str, Any] = orjson.loads(orjson.dumps(dict(value), default=_open_up))
    except TypeError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    return copied


def _open_up(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _told(error: ValueError) -> str:
    """Return the validator's complaint about a schema as one sentence with the place."""
    message = str(error).partition("\n")[0]
    place = getattr(error, "instance_path", None)
    return f"{message} (at {shown_path('schema', place)})" if place else message
