"""`python -m clients.conformance`: run the scenarios over the drivers of the languages, and write the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from clients.conformance.runner import broken, languages, table
from clients.conformance.runner.languages import Language, NotBuilt
from clients.conformance.runner.places import Places
from clients.conformance.runner.running import Outcome, Run
from clients.conformance.runner.scenario import Scenario, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where all is green, 1 where something is red, 2 where something can't be run that has to."""
    asked = _parsed(arguments)
    scenarios = load(tuple(filter(None, asked.only.split(","))))
    if asked.broken:
        return 0 if asyncio.run(_broken(scenarios, asked)) else 1
    chosen, lacking = _built(asked.languages.split(",") if asked.languages else languages.known())
    results = asyncio.run(_run(chosen, scenarios, asked))
    for name, why in lacking.items():
        print(f"{name} is left out: {why}")
    if asked.write and chosen:
        table.write(asked.write, scenarios, results)
        print(f"the table is in {asked.write}")
    if lacking and os.environ.get("CI") == "true":
        print("with CI=true every language has to be run", file=sys.stderr)
        return 2
    return 0 if all(outcome.green for outcomes in results.values() for outcome in outcomes) else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m clients.conformance", description=__doc__)
    parser.add_argument("--languages", default="", help="such as python,go; all that there are, if not given")
    parser.add_argument("--only", default="", help="scenarios, such as submit,batch; all, if not given")
    parser.add_argument("--write", type=Path, help="write the table there")
    parser.add_argument("--at-once", type=int, default=4, help="how many scenarios run at once")
    parser.add_argument("--patience", type=float, default=1.0, help="how much longer than usual a step may take")
    parser.add_argument(
        "--broken", action="store_true", help="run the broken driver: each mistake turns just its scenario red"
    )
    parser.add_argument("--verbose", action="store_true", help="tell each scenario, and what drivers say of red ones")
    return parser.parse_args(arguments)


def _built(names: Sequence[str]) -> tuple[list[Language], dict[str, str]]:
    """Return the languages that can be run, built; and why others can't. Raises NotBuilt."""
    chosen: list[Language] = []
    lacking: dict[str, str] = {}
    for language in map(languages.language, names):
        if language.lacking:
            lacking[language.name] = f"there is no {', no '.join(language.lacking)} here"
            continue
        begun = time.monotonic()
        language.build()
        if language.steps:
            print(f"{language.name}: built in {time.monotonic() - begun:.0f} seconds", flush=True)
        chosen.append(language)
    return chosen, lacking


async def _run(
    chosen: Sequence[Language], scenarios: Sequence[Scenario], asked: argparse.Namespace
) -> dict[str, list[Outcome]]:
    results: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Places.opened(Path(folder)) as places:
            for language in chosen:
                begun = time.monotonic()
                run = Run(language, places, at_once=asked.at_once, patience=asked.patience)
                outcomes = results[language.name] = await run.all(scenarios)
                green = sum(outcome.green for outcome in outcomes)
                print(f"{language.name}: {green} of {len(outcomes)} pass, in {time.monotonic() - begun:.0f} seconds")
                _tell(outcomes, verbose=asked.verbose)
    return results


async def _broken(scenarios: Sequence[Scenario], asked: argparse.Namespace) -> bool:
    """Return whether each mistake turned its own scenario red, and no other one."""
    with tempfile.TemporaryDirectory() as folder:
        async with Places.opened(Path(folder)) as places:
            found = await broken.with_each_mistake(scenarios, load(), places, at_once=1, patience=asked.patience)
    for mistake, outcomes in found.items():
        red = broken.red(outcomes)
        print(f"{mistake}: {'red, ' + red[mistake] if mistake in red else 'NOT RED'}")
        _tell([outcome for outcome in outcomes if outcome.scenario.id != mistake], verbose=asked.verbose)
    return all(set(broken.red(outcomes)) == {mistake} for mistake, outcomes in found.items())


def _tell(outcomes: Sequence[Outcome], *, verbose: bool) -> None:
    for outcome in outcomes:
        if verbose or not outcome.green:
            mark = "pass" if outcome.green else "RED "
            print(f"    {mark} {outcome.scenario.id} ({outcome.seconds:.1f} s) {outcome.why}")
        if verbose and outcome.said and not outcome.green:
            print("\n".join(f"        {line}" for line in outcome.said.splitlines()))
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NotBuilt, LookupError) as error:
        sys.exit(str(error))
