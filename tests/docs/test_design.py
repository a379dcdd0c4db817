"""The ledger's rules that comments and tests cite are in the documentation, each once."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/design/ledger-rules.md"
CITED = re.compile(r"\b[Rr]ules? (\d+)(?:(?:, | and | to )(\d+))*")
FOLDERS = ("server", "clients/python/src", "tests")


def numbers() -> list[int]:
    return [int(number) for number in re.findall(r"^\(rule-(\d+)\)=$", RULES.read_text(), re.MULTILINE)]


def test_every_rule_has_one_anchor_and_none_is_missing() -> None:
    assert sorted(numbers()) == list(range(1, 35))


def test_rules_that_the_code_cites_exist() -> None:
    known = set(numbers())
    wrong = []
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for cited in CITED.finditer(file.read_text()):
                wrong += [f"{file}: {cited[0]}" for number in re.findall(r"\d+", cited[0]) if int(number) not in known]
    assert not wrong
