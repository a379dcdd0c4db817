"""Markdown in, document nodes out."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from generators import api


class Rendered(SphinxDirective, ABC):
    """A directive whose content is Markdown that `markdown` makes out of `sources`, paths below the root."""

    sources: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def markdown(self) -> Iterable[str]:
        """Yield the lines."""

    def run(self) -> list[nodes.Node]:
        """Parse the lines where the directive stands; headings become sections of its page.

        The page is made anew when one of the sources has changed.
        """
        for source in (*self.sources, *api.files()):
            self.env.note_dependency(str(api.ROOT / ("protos" if source in api.files() else "") / source))
        return self.parse_text_to_nodes("\n".join(self.markdown()), allow_section_headings=True)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table; cells are Markdown on one line."""
    head = [_row(titles), _row(["---"] * len(titles))]
    return ["", *head, *(_row(row) for row in rows), ""]


def _row(cells: Sequence[str]) -> str:
    escaped = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def anchor(*names: str) -> str:
    """Return the label of a part of the API, such as `api-task-state`."""
    return "api-" + "-".join(names).lower().replace("_", "-").replace(".", "-")


def linked(text: str) -> str:
    """Return prose of the API as Markdown: names of messages, methods and reasons lead to where they are described."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _WORD.sub(_link, _escape(part)) for part in parts)


def _escape(text: str) -> str:
    return re.sub(r"([*<>\[\]])", r"\\\1", text)


# Words of one capital, such as Task or Price, stand in sentences as what they mean and are left alone.
_WORD = re.compile(
    r"\b([A-Z][a-z]+(?:[A-Z][a-z]+)+|[A-Z][A-Za-z]+(?=\.[a-z_]+)|[A-Z]+(?:_[A-Z]+)+)(\.[a-z]+(?:_[a-z]+)*)?\b"
)


def _link(found: re.Match[str]) -> str:
    name, field = found[1], (found[2] or "").removeprefix(".")
    if name in api.message_names():
        shown = f"{name}.{field}" if field else name
        return f"[{shown}](#{anchor(name)})"
    if not field and name in api.reasons():
        return f"[{name}](#{anchor('reason', name)})"
    if not field and any(name == method.name for one in _services() for method in one.methods):
        return f"[{name}](#{anchor(name)})"
    return found[0]


def _services() -> Iterable[api.Service]:
    return (one for file in api.files().values() for one in file.services)
