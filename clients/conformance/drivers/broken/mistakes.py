"""Mistakes by the scenarios that they turn red."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import driver as python

Args = dict[str, Any]
Driver = python.Driver

MISTAKES: dict[str, type[Driver]] = {}


def breaks(scenario: str) -> Callable[[type[Driver]], type[Driver]]:
    """Make a class the driver that turns `scenario` red."""

    def noted(kind: type[Driver]) -> type[Driver]:
        MISTAKES[scenario] = kind
        return kind

    return noted
