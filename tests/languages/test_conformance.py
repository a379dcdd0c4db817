"""The conformance scenarios, over the Python client and over one with a mistake for each of them."""

import asyncio
import json
import re

import pytest
from clients.conformance.runner import broken, languages
from clients.conformance.runner.languages import DRIVERS, HOME, ROOT
from clients.conformance.runner.matching import differences
from clients.conformance.runner.places import Places
from clients.conformance.runner.running import Run
from clients.conformance.runner.scenario import load

# They take half a minute on two cores, each; on a machine that has much else to do they wait.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]
SCENARIOS = load()


def test_the_python_client_passes_every_scenario(tmp_path):
    async def run():
        async with Places.opened(tmp_path) as places:
            return await Run(languages.language("python"), places, at_once=8).all(SCENARIOS)

    outcomes = asyncio.run(run())
    assert len(outcomes) == len(SCENARIOS)
    assert broken.red(outcomes) == {}


def test_each_mistake_of_a_client_turns_its_scenario_red_and_no_other(tmp_path):
    """The others are here those that are soon over; `python -m clients.conformance --broken` runs them all."""
    quick = [scenario for scenario in SCENARIOS if scenario.shares and not scenario.slow]

    async def run():
        async with Places.opened(tmp_path) as places:
            return await broken.with_each_mistake(SCENARIOS, quick, places, at_once=6, patience=0.5)

    found = asyncio.run(run())
    assert {mistake: sorted(broken.red(outcomes)) for mistake, outcomes in found.items()} == {
        scenario.id: [scenario.id] for scenario in SCENARIOS
    }, {mistake: broken.red(outcomes) for mistake, outcomes in found.items()}


@pytest.mark.parametrize("name", ["python", "broken"])
def test_a_driver_speaks_of_nothing_below_its_client(name):
    """What it knows of the wire would hide what the client does not know."""
    source = (DRIVERS / "python" / "driver.py").read_text()
    assert not re.search(r"wharfinger\.v1|import grpc|_core", source), name


def test_the_table_is_of_all_scenarios():
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text()
    assert re.findall(r"\(`(\w+)`\) \|", page) == [scenario.id for scenario in SCENARIOS]


def test_the_table_has_a_column_for_every_language():
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text()
    told = [json.loads(path.read_text())["language"] for path in DRIVERS.glob("*/driver.json")]
    heads = next(line for line in page.splitlines() if line.startswith("|")).strip("|").split("|")
    assert sorted(head.strip() for head in heads[1:]) == sorted(name for name in told if name != "broken")


def test_the_table_is_green():
    assert "**no**" not in (ROOT / "docs" / "reference" / "conformance.md").read_text()


@pytest.mark.parametrize("path", sorted(DRIVERS.glob("*/driver.json")), ids=lambda path: path.parent.name)
def test_a_driver_says_how_it_is_built_and_run(path):
    told = json.loads(path.read_text())
    assert set(told) == {"language", "needs", "build", "run"}
    assert all(isinstance(word, str) for command in [*told["build"], told["run"], told["needs"]] for word in command)


def test_the_readme_names_every_operation_of_the_driver():
    readme = (HOME / "README.md").read_text()
    operations = re.findall(r"def op_(\w+)", (DRIVERS / "python" / "driver.py").read_text())
    assert [op for op in operations if f"`{op}`" not in readme] == []


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"$exactly": {"a": [1.0]}}, {"a": [1]}),
        ([{"$re": "^x"}, {"$any": True}], ["xy", None]),
        ({"$has": [2, 1]}, [1, 2, 3]),
        ({"$size": {"$least": 2}}, "ab"),
        ({"a": {"$maybe": 1}}, {}),
        ({"$not": 1}, 2),
    ],
)
def test_what_is_as_expected_matches(expected, found):
    assert differences(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": None}, {}),
        ({"$exactly": {"a": 1}}, {"a": 1, "b": 2}),
        ([1, 2], [2, 1]),
        (1, True),
        (0, False),
        ({"$re": "^x"}, "yx"),
        ({"$has": [4]}, [1, 2, 3]),
        ({"$size": 3}, [1]),
        ({"$each": {"a": 1}}, [{"a": 1}, {"a": 2}]),
        ({"a": {"$any": True}}, {}),
        ({"$most": 1}, 2),
    ],
)
def test_what_is_not_as_expected_is_told(expected, found):
    assert differences(expected, found)
