"""The result as a page of the documentation: scenario by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.conformance.runner.running import Outcome
from clients.conformance.runner.scenario import Scenario

_HEAD = """\
# What each client was seen to do

<!-- Written by `make conformance`; don't edit it. -->

Every client runs the same scenarios (`clients/conformance/scenarios`) against real servers, over connections that are
cut, lose answers or go silent. {legend}

"""
_PASSED, _FAILED = "yes", "**no**"


def page(scenarios: Sequence[Scenario], results: Mapping[str, Sequence[Outcome]]) -> str:
    """Return the page; `results` has the outcomes by the language's name."""
    green = {name: {outcome.scenario.id: outcome.green for outcome in outcomes} for name, outcomes in results.items()}
    red = sorted({id_ for ones in green.values() for id_, passed in ones.items() if not passed})
    legend = f"“{_FAILED}” is what does not pass yet." if red else "All pass."
    lines = [
        _HEAD.format(legend=legend),
        f"| scenario | {' | '.join(results)} |",
        f"|---|{'---|' * len(results)}",
    ]
    lines += [
        f"| {scenario.title} (`{scenario.id}`) | "
        + " | ".join(_PASSED if green[name].get(scenario.id) else _FAILED for name in results)
        + " |"
        for scenario in scenarios
    ]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def write(path: Path, scenarios: Sequence[Scenario], results: Mapping[str, Sequence[Outcome]]) -> None:
    """Write the page."""
    path.write_text(page(scenarios, results))
