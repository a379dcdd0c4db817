"""Figures as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.figure import Figure

_COLUMNS = ("goal", "figure", "median", "against", "median", "ratio", "lowest", "highest", "aim", "gap")


def table(figures: Sequence[Figure]) -> str:
    """Return the figures line by line, each with its ratio, its aim and how far it is from that."""
    rows = [_COLUMNS, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    right = {2, 4, 5, 6, 7, 8, 9}
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    spread = figure.ratios or figure.samples
    aim = ("≥ " if figure.at_least else "≤ ") + _number(figure.target) if figure.target is not None else ""
    gap = "" if figure.gap is None else f"{figure.gap:+.0%}"
    return (
        figure.goal,
        f"{figure.what} ({figure.unit})",
        _number(figure.value),
        figure.against,
        "" if figure.against_value is None else _number(figure.against_value),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        _number(min(spread)),
        _number(max(spread)),
        aim,
        gap,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}"


def document(figures: Sequence[Figure], failures: dict[str, str], *, short: bool) -> dict[str, Any]:
    """Return all that was measured, and on what, as plain JSON values."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "short": short,
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: version(name) for name in ("grpcio", "protobuf", "sqlalchemy", "uvloop")},
        },
        "failures": failures,
        "figures": [
            {
                "goal": figure.goal,
                "what": figure.what,
                "unit": figure.unit,
                "median": figure.value,
                "samples": figure.samples,
                "against": figure.against,
                "against_median": figure.against_value,
                "against_samples": figure.against_samples,
                "ratio": figure.ratio,
                "ratios": figure.ratios,
                "target": figure.target,
                "at_least": figure.at_least,
                "met": figure.met,
                "gap": figure.gap,
                "note": figure.note,
            }
            for figure in figures
        ],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
