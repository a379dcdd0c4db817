"""`wharfinger-prices` where nothing else of Wharfinger is installed: its wheel in an empty environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pricing.alone import Alone
from tests.pricing.making import document, line, many
from tests.servers.sources import Reply, Sources

import wharfinger_prices
from wharfinger_prices.settings.price_settings import data_dir_of, default_path

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

HEAVY = ("alembic", "asyncio", "cryptography", "email", "grpc", "google", "http.client", "importlib.metadata",
         "libcloud", "logging", "platformdirs", "psycopg", "rich", "sqlalchemy", "ssl", "stevedore", "tempfile",
         "wharfinger", "wharfinger_server", "wharfinger_prices.formats",
         "wharfinger_prices.importing.fetching")  # fmt: skip
LOADED = (
    "import sys\nfrom wharfinger_prices.commands.main import run\ncode = run(sys.argv[1:])\n"
    f"print([code, *(name for name in {HEAVY!r} if name in sys.modules)], file=sys.stderr)"
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """The environment; its folder has a catalogue of 20 prices."""
    made = Alone(tmp_path_factory.mktemp("alone"))
    first = made.home / "first.jsonl"
    first.write_bytes(many(20, "0.10"))
    done = made("import", str(first), "-o", "json")
    assert (done.returncode, json.loads(done.stdout)["price_count"]) == (0, 20), done
    return made


def told(alone: Alone, *arguments: str) -> Any:
    done = alone(*arguments, "-o", "json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_nothing_else_of_ours_and_no_grpc_or_database_is_there(alone: Alone) -> None:
    code = (
        "from importlib.util import find_spec\n"
        "print([name for name in ('wharfinger', 'wharfinger_server', 'grpc', 'sqlalchemy') if find_spec(name)])"
    )
    assert alone.ran([str(alone.python), "-c", code]).stdout == "[]\n"


def test_a_price_is_shown_and_exported_for_libcloud(alone: Alone) -> None:
    price = told(alone, "show", "onprem", "fra", "m3")
    assert (price["amount"]["amount"], price["layer"]) == ("0.1", "downloaded")
    assert len(price["history"]) >= 1
    done = alone("export", "--libcloud")
    assert done.returncode == 0, done
    written = json.loads((alone.home / ".libcloud" / "pricing.json").read_text())
    assert written["compute"]["onprem"]["m3"] == {"fra": 0.1}


def test_prices_are_fetched_compared_gone_back_from_and_recorded(alone: Alone) -> None:
    (before,) = [row for row in told(alone, "ls") if row["state"] == "ACTIVE"]
    with Sources() as web:
        url = web.serve("/new.jsonl", Reply(document([line("new", "1"), *(line(f"m{n}", "0.11") for n in range(20))])))
        allowed = {"WHARFINGER_PRICES__ALLOW_SOURCES": json.dumps([web.address])}
        done = alone("update", "--url", url, "--reason", "fresh", **allowed)
    assert done.returncode == 0, done
    assert done.stdout.startswith("imported ")
    compared = told(alone, "diff", before["digest"])
    assert (compared["added"], compared["raised"]) == (1, 20)
    assert told(alone, "activate", before["digest"], "--reason", "too dear")["state"] == "ACTIVE"
    assert [one["reason"] for one in told(alone, "history")][:2] == ["too dear", "fresh"]
    assert {row["layer"] for row in told(alone, "path")} >= {"operator", "downloaded"}


def test_what_is_refused_ends_with_5_or_in_quarantine_with_6_and_speaks_of_this_program(alone: Alone) -> None:
    done = alone("show", "onprem", "fra", "none")
    assert (done.returncode, "[PRICE_UNKNOWN]" in done.stderr) == (5, True), done
    assert "wharfinger-prices: the price of 'none'" in done.stderr
    assert "`wharfinger-prices update` fetches fresh prices" in done.stderr
    odd = alone.home / "odd.jsonl"
    odd.write_bytes(many(20, "9"))
    kept = alone("import", str(odd))
    assert (kept.returncode, "`wharfinger-prices activate CATALOG" in kept.stderr) == (6, True), kept
    assert alone("activate", "abcdef").returncode == 2
    assert alone("export").returncode == 2


@pytest.mark.parametrize("how", [("--server", "127.0.0.1:1"), ()])
def test_a_server_can_not_be_asked_without_the_client_which_is_said(alone: Alone, how: tuple[str, ...]) -> None:
    done = alone("ls", *how, **({} if how else {"WHARFINGER_SERVER": "127.0.0.1:1"}))
    assert done.returncode == 2
    assert "install the distribution wharfinger" in done.stderr


def test_a_folder_whose_catalogues_are_in_a_servers_database_is_left_alone(alone: Alone, tmp_path: Path) -> None:
    (tmp_path / "wharfinger.db").write_bytes(b"")
    done = alone("ls", WHARFINGER_DATA_DIR=str(tmp_path))
    assert (done.returncode, "install the distribution wharfinger-server" in done.stderr) == (5, True), done
    assert [file.name for file in tmp_path.iterdir()] == ["wharfinger.db"]


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("show", "--help"),
        ("show", "onprem", "fra", "m3"),
        ("ls",),
        ("history",),
        ("path",),
        ("export", "--libcloud"),
    ],
    ids=" ".join,
)
def test_a_command_loads_nothing_that_it_does_not_need(alone: Alone, command: tuple[str, ...]) -> None:
    done = alone.ran([str(alone.python), "-c", LOADED, *command])
    assert done.stderr.splitlines()[-1] == "[0]", done


def test_the_version_is_that_of_the_wheel(alone: Alone) -> None:
    code = "from importlib.metadata import version; print(version('wharfinger-prices'))"
    assert alone.ran([str(alone.python), "-c", code]).stdout.strip() == wharfinger_prices.__version__


@pytest.mark.parametrize("told", ["", "/elsewhere", " "])
def test_folders_are_where_the_platform_has_them(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    import platformdirs

    monkeypatch.setenv("XDG_CONFIG_HOME", told)
    monkeypatch.setenv("XDG_DATA_HOME", told)
    assert default_path().parent == platformdirs.user_config_path("wharfinger", appauthor=False)
    assert data_dir_of("") == platformdirs.user_data_path("wharfinger", appauthor=False)
