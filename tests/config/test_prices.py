"""The settings of prices: trusted keys, budgets, sources."""

from __future__ import annotations

import base64
from decimal import Decimal
from pathlib import Path

import pytest

from wharfinger_server import config

KEY = base64.b64encode(b"Ed" + b"k" * 40).decode()


def _load(tmp_path: Path, text: str, **environ: str) -> config.Prices:
    path = tmp_path / "server.toml"
    path.write_text(text)
    return config.load(path, environ).prices


def test_budgets_are_exact_numbers_by_project_and_currency(tmp_path: Path) -> None:
    text = '[prices.budgets]\ndefault = { USD = "12.50", eur = 3 }\n[prices.budgets.red]\nUSD = 0.1\n'
    prices = _load(tmp_path, text)
    assert prices.budgets == {
        "default": {"USD": Decimal("12.50"), "EUR": Decimal(3)},
        "red": {"USD": Decimal("0.1")},
    }


def test_a_budget_is_set_by_the_environment(tmp_path: Path) -> None:
    prices = _load(tmp_path, "", WHARFINGER_PRICES__BUDGETS__DEFAULT__USD="7.5")
    assert prices.budgets == {"default": {"USD": Decimal("7.5")}}


def test_a_trusted_key_is_the_second_line_of_minisigns_file(tmp_path: Path) -> None:
    text = f'[prices.trusted_keys]\nops = """untrusted comment: x\n{KEY}\n"""\nci = "{KEY}"\n'
    assert _load(tmp_path, text).trusted_keys == {"ops": KEY, "ci": KEY}


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ('{ provider = "s3", skuu = "x" }', "stores.s.price.skuu there is no such key; did you mean sku?"),
        ('{ provider = "s3" }', "stores.s.price.sku is missing"),
        ('"cheap"', 'stores.s.price must be "free"'),
    ],
)
def test_what_a_store_is_billed_as_is_checked_before_anybody_asks(tmp_path: Path, price: str, said: str) -> None:
    with pytest.raises(config.ConfigError, match=r"server\.toml:[23]") as refused:
        _load(tmp_path, f'[stores.s]\nurl = "s3://b"\nprice = {price}\n')
    assert said in str(refused.value)


def test_what_a_store_is_billed_as_is_set_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text('[stores.s]\nurl = "s3://b"\n[stores.t]\nurl = "s3://b"\nprice = "free"\n')
    told = '{ provider = "s3", region = "eu-west-1", sku = "TimedStorage-ByteHrs" }'
    stores = config.load(path, {"WHARFINGER_STORES__S__PRICE": told}).stores
    assert stores["s"]["price"] == {"provider": "s3", "region": "eu-west-1", "sku": "TimedStorage-ByteHrs"}
    assert stores["t"]["price"] == "free"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('trusted_keys = { ops = "abc" }', "prices.trusted_keys.ops is no minisign public key"),
        ("require_signature = true", "needs at least one key"),
        ('allow_sources = ["http://127.0.0.1:80"]', "must hold HOST:PORT"),
        ('allow_sources = "127.0.0.1:80"', "must be a list of strings"),
        ('budgets = { default = "5" }', "must be a table of amounts"),
        ("budgets = { default = { DOLLARS = 5 } }", "is no currency"),
        ('budgets = { default = { USD = "-5" } }', "must be an amount of 0 or more"),
        ("budgets = { default = { USD = true } }", "must be an amount of 0 or more"),
        ('stale_after = "soon"', "is not a duration"),
        ("max_bytes = 0", "too small"),
        ("nosuch = 1", "is no setting"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(config.ConfigError, match=r"server\.toml:2") as refused:
        _load(tmp_path, f"[prices]\n{text}\n")
    assert said in str(refused.value)


def test_the_operators_prices_lie_beside_the_settings_file_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text("")
    assert config.load(path, {}).price_folder == tmp_path / "prices"
    path.write_text('[prices]\nfolder = "mine"\n')
    assert config.load(path, {}).price_folder == tmp_path / "mine"
