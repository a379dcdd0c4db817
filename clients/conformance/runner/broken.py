"""Runs the driver `broken`: each of its mistakes has to turn its own scenario red, and no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from clients.conformance.runner import languages
from clients.conformance.runner.places import Places
from clients.conformance.runner.running import Outcome, Run
from clients.conformance.runner.scenario import Scenario

SWITCH = "CONFORMANCE_BROKEN"


async def with_each_mistake(
    scenarios: Sequence[Scenario], beside: Sequence[Scenario], places: Places, *, at_once: int, patience: float = 1.0
) -> Mapping[str, Sequence[Outcome]]:
    """Return, by the scenario that a mistake is made for, how that one and all those of `beside` ended with it."""
    turn = asyncio.Semaphore(at_once)

    async def one(scenario: Scenario) -> Sequence[Outcome]:
        async with turn:
            run = Run(languages.language("broken", {SWITCH: scenario.id}), places, patience=patience)
            return await run.all([scenario, *(other for other in beside if other.id != scenario.id)])

    # Those that wait longest go first, beside all the others.
    order = sorted(scenarios, key=lambda scenario: scenario.shares and not scenario.slow)
    found = dict(zip((scenario.id for scenario in order), await asyncio.gather(*map(one, order)), strict=True))
    return {scenario.id: found[scenario.id] for scenario in scenarios}


def red(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the scenarios that are red, with why."""
    return {outcome.scenario.id: outcome.why for outcome in outcomes if not outcome.green}
