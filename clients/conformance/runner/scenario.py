"""Scenarios as they stand in their files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from clients.conformance.runner.languages import HOME

SCENARIOS = HOME / "scenarios"


@dataclass(frozen=True)
class Scenario:
    """What is tried: see the README for what a file may say.

    `title` is the sentence that holds where it passes. `place` is where the driver connects to. `proxy`: by way of a
    proxy that breaks connections. `connect` are the arguments of `connect`, None for the usual ones, and `expect_error`
    the error that it ends with. `environ`: what the driver has in its environment. `slow`: it takes more than a moment.
    """

    id: str
    order: int
    title: str
    place: str
    steps: tuple[dict[str, Any], ...]
    proxy: bool = False
    connect: dict[str, Any] | None = None
    expect_error: dict[str, Any] | None = None
    environ: tuple[tuple[str, str], ...] = ()
    slow: bool = False

    @property
    def shares(self) -> bool:
        """Whether it can share a driver, and so a connection, with others."""
        return self.place == "shared" and not (self.proxy or self.environ) and self.connect is None


def load(only: tuple[str, ...] = ()) -> list[Scenario]:
    """Return the scenarios in their order, or `only` those. Raises LookupError for one that there is not."""
    found = sorted(
        (_read(path) for path in SCENARIOS.glob("*.json")), key=lambda scenario: (scenario.order, scenario.id)
    )
    odd = set(only) - {scenario.id for scenario in found}
    if odd:
        raise LookupError(f"there is no scenario {', '.join(sorted(odd))}")
    return [scenario for scenario in found if not only or scenario.id in only]


def _read(path: Any) -> Scenario:
    told = json.loads(path.read_text())
    environ = tuple(told.pop("environ", {}).items())
    return Scenario(id=path.stem, steps=tuple(told.pop("steps")), environ=environ, **told)
