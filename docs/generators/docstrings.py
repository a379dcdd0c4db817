"""Docstrings, which are written for whoever reads the source, as reStructuredText."""

from __future__ import annotations

import re
from typing import Any


def to_rst(*about: Any) -> None:
    """Turn fenced and indented code of a docstring into code blocks, in place.

    Sphinx's hook `autodoc-process-docstring`: the last argument is the list of lines.
    """
    lines: list[str] = about[-1]
    lines[:] = _indented(_fenced(lines))


def _fenced(lines: list[str]) -> list[str]:
    done: list[str] = []
    inside = False
    for line in lines:
        fence = re.fullmatch(r"\s*```(\w*)\s*", line)
        if fence and not inside:
            done += ["", f".. code-block:: {fence[1] or 'text'}", ""]
            inside = True
        elif fence:
            done.append("")
            inside = False
        else:
            done.append(f"    {line}".rstrip() if inside else line)
    return done


def _indented(lines: list[str]) -> list[str]:
    """A colon, an empty line and an indented text: code, as in any docstring."""
    done: list[str] = []
    for number, line in enumerate(lines):
        follows = lines[number + 1 : number + 3]
        code = len(follows) == 2 and not follows[0].strip() and follows[1].startswith(f"{_indent(line)}    ")
        plain = line.rstrip().endswith(":") and not line.rstrip().endswith("::") and not line.lstrip().startswith(":")
        done.append(f"{line.rstrip()}:" if code and plain else line)
    return done


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
