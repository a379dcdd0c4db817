"""The reference of the settings, from the definition that the server itself reads them by."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator

from generators.rendering import Rendered, table
from wharfinger_server.config.load import SECTIONS
from wharfinger_server.config.sample import sample
from wharfinger_server.config.settings import Settings, Token


class SettingsReference(Rendered):
    """`{settings-reference}`: every key with its default, or with `sample` the file that `config sample` prints."""

    optional_arguments = 1
    sources = ("server/wharfinger_server/config/settings.py", "server/wharfinger_server/config/sample.py")

    def markdown(self) -> Iterator[str]:
        """Yield the tables, or the file."""
        if self.arguments:
            yield from ("```toml", sample(), "```")
            return
        for name, kind in SECTIONS.items():
            yield from _heading(f"[{name}]", inspect.getdoc(kind) or "")
            rows = [
                (f"`{field.name}`", f"`{_written(field.metadata['written'])}`", field.metadata["doc"])
                for field in dataclasses.fields(kind)
            ]
            yield from table(("Key", "Default", "Meaning"), rows)
        yield from _heading("[[tokens]]", inspect.getdoc(Token) or "")
        yield from table(
            ("Key", "Meaning"), [(f"`{field.name}`", field.metadata["doc"]) for field in dataclasses.fields(Token)]
        )
        for field in dataclasses.fields(Settings):
            if "example" in field.metadata:
                title = "A script package's own" if field.name == "packages" else f"[{field.name}]"
                yield from _heading(title, field.metadata["doc"])
                yield from ("```toml", field.metadata["example"], "```", "")


class Options(Rendered):
    """`{options-of} module:Class`: the docstring of a class that reads a table of options, as prose."""

    required_arguments = 1

    def markdown(self) -> Iterator[str]:
        """Yield its paragraphs but for the first line."""
        module, _, name = self.arguments[0].partition(":")
        doc = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
        yield doc.partition("\n\n")[2]


def _heading(title: str, text: str) -> list[str]:
    return ["", f"## `{title}`" if title.startswith("[") else f"## {title}", "", text, ""]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
