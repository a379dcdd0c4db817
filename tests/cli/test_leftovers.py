"""What half-done work costs, on the command line: of one task, and of all that left something behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Said, Shell
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving

pytestmark = pytest.mark.processes

PRICES = """\
provider,sku,unit,currency,amount
quay,small,Hours,USD,0.0000000021
quay,large,Hours,USD,1.5
quay,berth,Hours,EUR,0.25
"""


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A server with a few prices, and a command line that asks it."""
    folder = tmp_path_factory.mktemp("priced")
    (folder / "prices").mkdir()
    (folder / "prices" / "quay.csv").write_text(PRICES)
    serving = Serving(folder, environ={"WHARFINGER_PRICES__FOLDER": str(folder / "prices")})
    yield Shell(serving.address)
    serving.kill()


@pytest.fixture(scope="module")
def halves(priced: Shell) -> list[Said]:
    """Two tasks that rest half-done, and one that succeeded."""
    return [
        priced("submit", "harbour.priced", "--task-id", "first", "--watch",
               'skus:={"a": "large", "b": "gold"}', "fail=true"),
        priced("submit", "harbour.priced", "--task-id", "second", "--watch",
               'skus:={"a": "small", "c": "berth", "lost": "large"}', 'lose:=["lost"]'),
        priced("submit", "harbour.priced", "--task-id", "third", "--watch", 'skus:={"a": "large"}'),
    ]  # fmt: skip


def test_a_half_done_task_says_what_its_leftovers_cost(priced: Shell, halves: list[Said]) -> None:
    assert [said.code for said in halves] == [3, 3, 0]
    assert "cost while they live: 1.5 USD an hour, 1 without a known price" in halves[0].out
    assert "cost while they live: 0.25 EUR an hour, 0.0000000021 USD an hour, 1 uncertain" in halves[1].out


def test_a_task_is_shown_with_what_was_expected_and_what_is_left(priced: Shell, halves: list[Said]) -> None:
    told = priced("show", "first").out
    assert "1.5 USD an hour, 1 without a known price" in told.split("expected", 1)[1].splitlines()[0]
    assert priced("show", "third", "-o", "json").json["estimate"]["hourly"] == [{"amount": "1.5", "currency": "USD"}]


def test_the_ledger_has_the_price_of_each_thing(priced: Shell, halves: list[Said]) -> None:
    told = priced("ledger", "second").out
    assert "HOURLY" in told
    (line,) = [line for line in told.splitlines() if " c " in line]
    assert "0.25 EUR" in line


def test_leftovers_are_listed_with_totals_that_leave_out_what_is_unknown(priced: Shell, halves: list[Said]) -> None:
    said = priced("ls", "--leftovers")
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["second", "first"]
    total = "0.25 EUR an hour, 1.5000000021 USD an hour, 1 without a known price, 1 uncertain"
    assert lines[-1] == f"{priced.project}: {total}"


def test_leftovers_are_listed_for_programs(priced: Shell, halves: list[Said]) -> None:
    told = priced("ls", "--leftovers", "--state", "partially_failed", "-o", "json").json
    assert {task["name"].rpartition("/")[2] for task in told["tasks"]} == {"first", "second"}
    total = told["totals"][priced.project]
    assert total["known_hourly"][1] == {"amount": "1.5000000021", "currency": "USD"}
    assert (total["unpriced"], total["uncertain"]) == (1, 1)


@pytest.fixture(scope="module")
def beside(priced: Shell, halves: list[Said]) -> Shell:
    """Another project of the same server, with something left over."""
    other = Shell(priced.server)
    said = other("submit", "harbour.priced", "--task-id", "far", "--watch",
                 'skus:={"a": "large", "b": "gold", "lost": "large"}', 'lose:=["lost"]')  # fmt: skip
    assert said.code == 3, said
    return other


def test_leftovers_of_all_projects_have_a_total_for_each(priced: Shell, beside: Shell) -> None:
    said = beside("ls", "--leftovers", "--all-projects")
    lines = said.out.splitlines()
    names = [
        f"projects/{beside.project}/tasks/far",
        *(f"projects/{priced.project}/tasks/{n}" for n in ("second", "first")),
    ]
    assert [line.split()[0] for line in lines[1:4]] == names
    totals = {
        priced.project: "0.25 EUR an hour, 1.5000000021 USD an hour, 1 without a known price, 1 uncertain",
        beside.project: "1.5 USD an hour, 1 without a known price, 1 uncertain",
    }
    assert lines[5:] == [f"{project}: {totals[project]}" for project in sorted(totals)]
    assert beside("show", names[1]).code == 0


def test_leftovers_of_all_projects_are_listed_for_programs(priced: Shell, beside: Shell) -> None:
    told = beside("ls", "--leftovers", "--all-projects", "-o", "json").json
    assert len(told["tasks"]) == 3
    assert set(told["totals"]) == {priced.project, beside.project}
    assert told["totals"][beside.project]["known_hourly"] == [{"amount": "1.5", "currency": "USD"}]
    assert told["totals"][priced.project]["uncertain"] == 1


def test_all_projects_are_listed_without_leftovers_too(priced: Shell, beside: Shell) -> None:
    lines = priced("ls", "--all-projects", "--script", "harbour.priced", "--limit", "3").out.splitlines()
    assert [line.split()[0].split("/")[1::2] for line in lines[1:]] == [
        [beside.project, "far"], [priced.project, "third"], [priced.project, "second"]]  # fmt: skip


def test_one_project_and_all_of_them_are_not_asked_for_at_once(priced: Shell) -> None:
    said = priced("ls", "--leftovers", "--all-projects", "--project", "one")
    assert (said.code, "either --project or --all-projects" in said.err) == (2, True)


def test_a_project_without_leftovers_is_told_so(priced: Shell) -> None:
    said = Shell(priced.server)("ls", "--leftovers")
    assert (said.code, said.out, said.err) == (0, "", "nothing is left over\n")


def test_a_state_in_which_nothing_is_left_over_is_refused(priced: Shell) -> None:
    said = priced("ls", "--leftovers", "--state", "SUCCEEDED")
    assert said.code == 2
    assert "PARTIALLY_FAILED and ROLLBACK_FAILED do" in said.err


def test_a_budget_is_shown_with_what_is_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "quay.csv").write_text(PRICES)
    settings = f'[prices]\nfolder = "{tmp_path}"\nlibcloud = false\n[prices.budgets]\nmine = {{ USD = "2" }}\n'
    serving = Serving(tmp_path, write_config(tmp_path, settings))
    try:
        shell = Shell(serving.address)
        mine = ("--project", "mine")
        assert shell(*mine, "submit", "harbour.priced", "--watch", 'skus:={"a": "large"}').code == 0
        told = shell(*mine, "budgets")
        assert told.out.split() == ["PROJECT", "CURRENCY", "USED", "OF", "LEFT", "mine", "USD", "1.5", "2", "0.5"]
        (budget,) = shell("budgets", "--all-projects", "-o", "json").json
        assert budget["hourly_limit"] == [{"amount": "2", "currency": "USD"}]
        none = shell("budgets")
        assert (none.code, none.out) == (0, "")
        assert "no budget is set" in none.err
    finally:
        serving.kill()
