"""Nothing that comes from data steers a terminal: every command of prices, the log, and the one place for output."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_prices import Folder, here, served, web
from tests.pricing.making import document, line, many

from wharfinger.cli import terminal as clients
from wharfinger_prices.commands import COMMANDS
from wharfinger_prices.commands import terminal as prices
from wharfinger_server.app.logs import JsonLines, PlainLines

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

__all__ = ["here", "web"]

ROOT = Path(__file__).parents[2]
EVIL = "evil\x1b]0;owned\x07\x9b2J\u202e\x7f"
"""Sets a terminal's title, clears it by one byte, and turns round the order of what follows."""


def is_harmless(text: str) -> bool:
    return all(char in "\t\n" or char.isprintable() for char in text)


def commands(here: Folder, web: object) -> Iterator[tuple[str, ...]]:
    """Yield the lines of commands, each command at least once, on data that is full of hostile names."""
    good = here.folder / f"good {EVIL}.jsonl"
    good.write_bytes(many(20))
    newer = here.folder / "newer.jsonl"
    newer.write_bytes(many(20, "0.11"))
    odd = here.folder / f"odd {EVIL}.jsonl"
    odd.write_bytes(many(20, "9"))
    bad = here.folder / "pricing.json"
    bad.write_text(json.dumps({"compute": {EVIL: {EVIL: {EVIL: "x"}}}, "storage": {}, "updated": 1}))
    own = here.folder / "own"
    own.mkdir()
    (own / f"{EVIL}.json").write_bytes(bad.read_bytes())
    (own / "rows.csv").write_text(f"provider,region,sku,unit,currency,amount\np,r,{EVIL},Hours,USD,1\n")
    yield "import", str(good), "--reason", EVIL
    yield "import", str(newer), "--reason", EVIL
    yield "import", str(odd)
    yield "import", str(bad), "--format", "libcloud"
    yield "import", str(bad), "--format", EVIL
    yield "import", str(good), "--source", EVIL
    yield ("update",)
    yield "update", "--url", f"http://127.0.0.1:1/{EVIL}"
    yield ("ls",)
    yield "ls", "--source", EVIL
    yield ("history",)
    yield "show", "onprem", "fra", "m1"
    yield "show", EVIL, EVIL, EVIL
    yield "diff", "jsonl", "jsonl"
    yield "diff", EVIL
    yield "activate", EVIL
    yield "activate", "active"
    yield ("path",)
    yield "export", "--libcloud", "--to", str(here.folder / f"{EVIL}.json")


def test_no_command_of_prices_lets_a_hostile_name_through(here: Folder, web: object) -> None:
    served(web, "/default.jsonl", document([line(EVIL)]))  # type: ignore[arg-type]
    seen, told = set(), ""
    for arguments in commands(here, web):
        seen.add(arguments[0])
        for form in ("text", "json"):
            said = here.prices(*arguments, "-o", form)
            assert is_harmless(said.out), (arguments, said.out)
            assert is_harmless(said.err), (arguments, said.err)
            assert "Traceback" not in said.err
            if form == "json" and said.out:
                json.loads(said.out)
            told += said.out + said.err
    assert seen == set(COMMANDS)
    assert told.count("evil") > 10, "the names were there"


def test_what_a_library_or_we_log_is_harmless_in_both_forms() -> None:
    for name in ("wharfinger_server.pricing", "libcloud"):
        record = logging.LogRecord(name, logging.WARNING, "", 0, "prices of %s\nforged line", (EVIL,), None)
        record.fact = EVIL
        lines = JsonLines().format(record)
        assert is_harmless(lines)
        assert json.loads(lines)["fact"] == EVIL
        plain = PlainLines().format(record)
        assert is_harmless(plain)
        assert len(plain.splitlines()) == 1


@pytest.mark.parametrize("place", [clients, prices])
def test_what_is_json_stays_the_same_json(place: object) -> None:
    for text in (EVIL, "\U000e0001 and more", "plain", "ü → ✓\n\t"):
        document_ = json.dumps({"a": text}, ensure_ascii=False, indent=2)
        made = place.escaped(document_)  # type: ignore[attr-defined]
        assert is_harmless(made)
        assert json.loads(made) == {"a": text}


def test_there_is_one_place_that_writes_to_the_terminal_in_each_distribution() -> None:
    rooms = ("clients/python/src/wharfinger/cli", "server/prices/src/wharfinger_prices/commands",
             "server/wharfinger_server/commands")  # fmt: skip
    found = []
    for file in (file for room in rooms for file in (ROOT / room).rglob("*.py") if file.name != "terminal.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in {"click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write"}:
                    found.append(f"{file}:{node.lineno} {called}")
    assert found == []
