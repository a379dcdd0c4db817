"""Params given as `key=value` or `key@=FILE`, typed by the script's schema, or `key:=JSON`."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from wharfinger.cli.wording import did_you_mean

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
# Which type a text is tried as first, where the schema allows several.
_ORDER = ("integer", "number", "boolean", "null", "string", "array", "object")


_DEEPEST = 8
"""How many alternatives and lists in each other are looked into for a mark."""


class WrongParam(click.UsageError):
    """A param that can't be; the message names it."""


def read_file(file: str) -> dict[str, Any]:
    """Return the params of a file of JSON, or of TOML if it is named so; `-` is standard input, of JSON.

    Raises:
        click.UsageError: the file can't be read or holds no object.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        if file.endswith(".toml"):
            import tomllib

            return tomllib.loads(text)
        values = _json(text)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--params {file}: {error}") from error
    if not isinstance(values, dict):
        raise click.UsageError(f"--params {file}: params are an object, {{…}}, not {type(values).__name__}")
    return values


def build(
    arguments: Sequence[str], schema: Mapping[str, Any], start: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the params that `arguments` (`key=value`, `key@=FILE`, `key:=JSON`) add to `start`.

    A key given several times makes a list. `a.b=value` sets a field of an object. With an empty schema every value is a
    text. What is read from a file, from standard input (`-`) or from the environment (`env:NAME`) counts without the
    newline at its end.

    Raises:
        WrongParam: no assignment, an unknown key, or a value that is not of the key's type; sealed ones are not shown.
    """
    params = _copy(start or {})
    texts: dict[str, list[str]] = {}
    for argument in arguments:
        key, separator, value = argument.partition("=")
        if not separator or not key.strip(":"):
            raise WrongParam(f"{argument!r} is no param; give key=value, key@=FILE or key:=JSON")
        if key.endswith(":"):
            key = key[:-1]
            _kind(key, schema)
            _put(params, key, _json_param(key, value, shown=not is_sealed(key, schema)), schema)
        elif key.endswith("@"):
            texts.setdefault(key[:-1], []).append(_read(argument, value))
        else:
            texts.setdefault(key, []).append(value)
    for key, values in texts.items():
        _put(params, key, _param(key, values, schema), schema)
    return params


def _param(key: str, values: list[str], schema: Mapping[str, Any]) -> Any:
    kind = _kind(key, schema)
    try:
        return _typed(key, values, kind, schema)
    except WrongParam:
        if is_sealed(key, schema):
            words = type_words(kind, schema)
            raise WrongParam(f"{key}: is no {words}; what it is instead is not shown, because it is sealed") from None
        raise


def is_sealed(key: str, schema: Mapping[str, Any]) -> bool:
    """Whether the param `key`, or what it is a part of, or a part of it, is marked `writeOnly`."""
    parts = key.split(".")
    kinds = [_kind(".".join(parts[:n]), schema) for n in range(1, len(parts))] if key not in _names(schema) else []
    return any(_has_mark(kind, schema) for kind in [*kinds, _kind(key, schema)])


def exposed(arguments: Iterable[str], schema: Mapping[str, Any]) -> list[str]:
    """Return the keys of sealed params whose values stand in `arguments` themselves."""
    keys = [argument.partition("=")[0].removesuffix(":") for argument in arguments]
    return [key for key in dict.fromkeys(keys) if not key.endswith("@") and is_sealed(key, schema)]


def _names(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    names: Mapping[str, Any] = schema.get("properties", {})
    return names


def _has_mark(kind: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> bool:
    if kind.get("writeOnly") is True:
        return True
    inner = [one for option in _alternatives(kind, schema) for one in (option, _resolve(option.get("items"), schema))]
    return depth < _DEEPEST and any(one is not kind and _has_mark(one, schema, depth + 1) for one in inner if one)


def _read(argument: str, source: str) -> str:
    """Return the text of a file, of standard input (`-`) or of a variable (`env:NAME`)."""
    try:
        if source.startswith("env:"):
            text = os.environ[source.removeprefix("env:")]
        else:
            text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
    except KeyError:
        raise WrongParam(f"{argument}: there is no such variable in the environment") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WrongParam(f"{argument}: it can't be read: {error}") from error
    return text.removesuffix("\n").removesuffix("\r")


def choices(key: str, schema: Mapping[str, Any]) -> list[str]:
    """Return the values that the param `key` may have as they are typed; [] where they are not counted."""
    found = []
    for one in _alternatives(_kind(key, schema), schema):
        allowed = one.get("enum", [one["const"]] if "const" in one else [])
        found += [value if isinstance(value, str) else json.dumps(value) for value in allowed]
        found += ["true", "false"] if one.get("type") == "boolean" else []
    return found


def describe(schema: Mapping[str, Any]) -> list[tuple[str, str, bool, str, str]]:
    """Return each param's name, type in words, whether it is required, default and description."""
    required = schema.get("required", ())
    rows = []
    for name, raw in schema.get("properties", {}).items():
        kind = _resolve(raw, schema)
        default = json.dumps(kind["default"], ensure_ascii=False) if "default" in kind else ""
        words = type_words(kind, schema) + (" (sealed)" if is_sealed(name, schema) else "")
        rows.append((name, words, name in required, default, str(kind.get("description", ""))))
    return rows


def type_words(kind: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return a type for people, such as `text or list of text`."""
    if "enum" in kind or "const" in kind:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in kind.get("enum", [kind.get("const")]))
    words = []
    for one in _alternatives(kind, schema):
        name = one.get("type")
        if name == "array":
            items = one.get("items")
            words.append(
                f"list of {type_words(_resolve(items, schema), schema)}" if isinstance(items, Mapping) else "list"
            )
        elif "enum" in one:
            words.append(type_words(one, schema))
        elif name != "null":
            words.append({"string": "text", "integer": "whole number"}.get(str(name), str(name or "any")))
    return " or ".join(dict.fromkeys(words)) or "any"


# ---------------------------------------------------------------- keys


def _kind(key: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of `key`, empty for a key that is allowed and not described."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    if key in properties:
        return _resolve(properties[key], schema)
    head, dot, rest = key.partition(".")
    if dot and head in properties:
        inner = next((k for k in _alternatives(_resolve(properties[head], schema), schema) if "properties" in k), {})
        return _kind(rest, {**inner, "$defs": schema.get("$defs", {})}) if inner else {}
    # Most schemas say nothing of other keys, and the script then ignores them: here that is a typing error.
    extra = schema.get("additionalProperties")
    if extra is True:
        return {}
    if isinstance(extra, Mapping):
        return _resolve(extra, schema)
    known = list(properties)
    listed = f"; there are {', '.join(known)}" if known else "; the script takes none"
    raise WrongParam(f"there is no param {key!r}{did_you_mean(key, known) or listed}")


def _put(params: dict[str, Any], key: str, value: Any, schema: Mapping[str, Any]) -> None:
    *path, last = key.split(".") if key not in schema.get("properties", {}) and schema.get("properties") else [key]
    target = params
    for part in path:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise WrongParam(f"{key}: {part} has a value that is no object already")
        target = inner
    target[last] = value


def _resolve(kind: object, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `kind` with a reference to `$defs`, or a single `allOf`, followed."""
    found: Mapping[str, Any] = kind if isinstance(kind, Mapping) else {}
    for _ in range(20):
        reference = found.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            target = schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
            found = {**target, **{k: v for k, v in found.items() if k != "$ref"}}
        elif isinstance(found.get("allOf"), list) and len(found["allOf"]) == 1:
            found = {**found["allOf"][0], **{k: v for k, v in found.items() if k != "allOf"}}
        else:
            break
    return found


def _alternatives(kind: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the types that `kind` allows, each with one `type`."""
    for word in ("anyOf", "oneOf"):
        if isinstance(kind.get(word), list):
            return [one for option in kind[word] for one in _alternatives(_resolve(option, schema), schema)]
    name = kind.get("type")
    if isinstance(name, list):
        return [{**kind, "type": one} for one in name]
    return [kind]


# ---------------------------------------------------------------- values


def _typed(key: str, values: list[str], kind: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    options = _alternatives(kind, schema)
    lists = [option for option in options if option.get("type") == "array"]
    others = [option for option in options if option.get("type") != "array"]
    # A comma makes a list only where a list is all that is allowed, or where no text is.
    split = len(values) == 1 and lists and not any(o.get("type", "string") == "string" for o in others)
    if len(values) > 1 and not lists and kind:
        raise WrongParam(f"{key} is given {len(values)} times and is no list")
    if split or (len(values) > 1 and (lists or not kind)):
        items = _resolve(lists[0].get("items"), schema) if lists else {}
        parts = [part for part in values[0].split(",") if part] if split else values
        return [_scalar(key, part, _alternatives(items, schema)) for part in parts]
    return _scalar(key, values[0], others)


def _scalar(key: str, text: str, options: Iterable[Mapping[str, Any]]) -> Any:
    ordered = sorted(options, key=lambda o: _ORDER.index(o["type"]) if o.get("type") in _ORDER else len(_ORDER))
    problems = []
    for option in ordered:
        try:
            return _one(text, option)
        except ValueError as error:
            problems.append(str(error))
    raise WrongParam(f"{key}: {' and '.join(dict.fromkeys(problems))}")


def _one(text: str, kind: Mapping[str, Any]) -> Any:
    if "enum" in kind or "const" in kind:
        return _choice(text, kind.get("enum", [kind.get("const")]))
    name = kind.get("type")
    if name == "integer":
        return _number(text, int, "whole number")
    if name == "number":
        return _number(text, float, "number")
    if name == "boolean":
        return _switch(text)
    if name == "null":
        if text == "null":
            return None
        raise ValueError(f"{text!r} is not null")
    if name in ("object", "array"):
        raise ValueError(f"is {'an object' if name == 'object' else 'a list'}: give key:=JSON")
    return text


def _number(text: str, kind: type[int | float], word: str) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(f"{text!r} is no {word}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no {word} that JSON has")
    return value


def _switch(text: str) -> bool:
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"{text!r} is neither true nor false")


def _choice(text: str, allowed: Sequence[Any]) -> Any:
    for value in allowed:
        if text == (value if isinstance(value, str) else json.dumps(value)):
            return value
    shown = [value if isinstance(value, str) else json.dumps(value) for value in allowed]
    raise ValueError(f"{text!r} is none of {', '.join(shown)}{did_you_mean(text, shown)}")


def _json(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _json_param(key: str, text: str, *, shown: bool) -> Any:
    try:
        return _json(text)
    except ValueError as error:
        if not shown:
            raise WrongParam(f"{key}:=… is no JSON") from None
        raise WrongParam(f"{key}:={text} is no JSON: {error}") from error


def _copy(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(item) if isinstance(item, Mapping) else item for key, item in value.items()}
