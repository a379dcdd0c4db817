"""What scripts take, and how providers mark what is made, from the packages themselves."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from generators.rendering import Rendered, table
from wharfinger.script import inspect
from wharfinger_libcloud.markings import MARKINGS, Marking


class ScriptParams(Rendered):
    """`{script-params} wharfinger_image.import_image`: the params of a script as a table."""

    required_arguments = 1

    def markdown(self) -> Iterator[str]:
        """Yield what the script is, and its params."""
        info = inspect(importlib.import_module(self.arguments[0]))
        yield info.summary
        schema = info.params_schema or {}
        required = schema.get("required", [])
        rows = [
            (
                f"`{name}`",
                _kind(about) + _sealed(about),
                _default(name in required, about),
                about.get("description", ""),
            )
            for name, about in schema.get("properties", {}).items()
        ]
        yield from table(("Param", "Type", "Default", "Meaning"), rows)


class Markings(Rendered):
    """`{markings}`: how each provider marks the nodes that are made."""

    sources = ("server/libcloud/src/wharfinger_libcloud/markings.py",)

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        rows = [(f"`{name}`", _mark(one), "no" if one.idempotent else "yes") for name, one in MARKINGS.items()]
        rows.append(("all others", _mark(Marking()), "yes"))
        yield from table(("Provider", "How a node is found again", "May a repeated request make a second one?"), rows)


def _kind(about: dict[str, Any]) -> str:
    if "oneOf" in about:
        return " or ".join(_kind(one) for one in about["oneOf"])
    if about.get("type") == "array":
        return f"list of {_kind(about['items'])}"
    return str(about.get("type", "any"))


def _sealed(about: dict[str, Any]) -> str:
    return ", [sealed](/guides/sealed-params.md)" if about.get("writeOnly") is True else ""


def _default(required: bool, about: dict[str, Any]) -> str:
    if required:
        return "required"
    return f"`{str(about['default']).lower()}`" if "default" in about else ""


def _mark(one: Marking) -> str:
    ways = [("a token", one.token), ("a tag", one.tags), ("a name that can't be taken twice", one.unique_names)]
    return ", ".join(way for way, has in ways if has) or "its name only"
