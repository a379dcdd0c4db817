"""A catalogue's file: canonical, complete, found by its digest, searched where it lies."""

from __future__ import annotations

import hashlib
import random
from itertools import permutations
from pathlib import Path

import pytest
from tests.pricing.making import price

from wharfinger_prices.catalogues.build import Built, build
from wharfinger_prices.catalogues.catalogue import Catalogue, Damaged, line_of, price_of
from wharfinger_prices.lookup.stack import Layer, PriceAmbiguous, Stack
from wharfinger_prices.price import Price, Tier
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes

PRICES = [
    price("m.large", "0.10"),
    price("m.large", "0.11", region="ams"),
    price("m.large", None, region="par"),
    price("m.large", "0.03", category="spot"),
    price("m.large", "0.06", category="committed", term="1yr"),
    price("disk", "0.05", unit="GB-Months"),
    price('odd "name" \\ ünïcode, [x]', "1000000", provider="other cloud"),
    price("ip", "0", free=True, region=""),
]


def _write(folder: Path, built: Built) -> Path:
    path = folder / f"{built.digest}.jsonl"
    built.path.rename(path)
    return path


def test_what_was_built_is_read_back_whole(tmp_path: Path) -> None:
    built = build(PRICES, "own", tmp_path)
    catalogue = Catalogue.open(_write(tmp_path, built))
    assert sorted(catalogue, key=lambda p: p.key) == sorted(
        (p._replace(source="own") for p in PRICES), key=lambda p: p.key
    )
    assert (built.price_count, built.unknown_count) == (len(PRICES), 1)


def test_the_same_prices_in_any_order_are_the_same_catalogue(tmp_path: Path) -> None:
    digests = set()
    for seed in range(3):
        shuffled = random.Random(seed).sample(PRICES, len(PRICES))
        folder = tmp_path / str(seed)
        folder.mkdir()
        digests.add(build(shuffled, "own", folder).digest)
    assert len(digests) == 1


def test_the_file_is_sorted_as_bytes_and_its_name_is_its_digest(tmp_path: Path) -> None:
    built = build(PRICES, "own", tmp_path)
    data = built.path.read_bytes()
    lines = data.splitlines()
    assert lines == sorted(set(lines))
    assert hashlib.sha256(data).hexdigest() == built.digest


def test_equal_prices_have_the_digest_that_earlier_versions_gave_them(tmp_path: Path) -> None:
    expected = "5644511a6808bde49fd05ff9c13252c3639ebd3e8798bd3de8849de04928410e"
    assert build(PRICES, "own", tmp_path).digest == expected


def test_prices_that_do_not_fit_in_memory_at_once_are_merged_from_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = [price(f"m{n}", f"0.{n + 1}") for n in random.Random(1).sample(range(500), 500)]
    whole = tmp_path / "whole"
    whole.mkdir()
    expected = build(prices, "own", whole).digest
    monkeypatch.setattr("wharfinger_prices.catalogues.build._RUN", 700)
    monkeypatch.setattr("wharfinger_prices.catalogues.build._LINES", 7)
    monkeypatch.setattr("wharfinger_prices.catalogues.build._AT_ONCE", 3)
    built = build([*prices, *prices], "own", tmp_path)
    assert (built.digest, built.price_count) == (expected, 500)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["catalog"]


def test_a_line_holds_a_price_with_tiers() -> None:
    ten, four = price("x", "0.10").amount, price("x", "0.04").amount
    assert ten is not None
    assert four is not None
    tiered = price("disk", "0.10", tiers=(Tier(four * 0, ten), Tier(ten * 100, four)))
    assert price_of(line_of(tiered)) == tiered


def test_equal_duplicates_are_one_price(tmp_path: Path) -> None:
    assert build([price(), price()], "own", tmp_path).price_count == 1


def test_duplicates_that_disagree_make_that_one_name_ambiguous_in_any_order(tmp_path: Path) -> None:
    digests = set()
    several = [price(amount="0.1"), price("other"), price(amount="0.2"), price(amount="0.1"), price(amount="0.3")]
    for order in permutations(several):
        notes = Notes()
        built = build(order, "own", tmp_path, notes=notes)
        digests.add(built.digest)
        assert (built.price_count, built.unknown_count, notes.fault_count) == (2, 1, 1)
        assert "onprem fra m.large is there twice" in notes.faults[0]
    assert len(digests) == 1
    stack = Stack((Layer("downloaded", Catalogue.open(_write(tmp_path, built))),))
    assert stack.price("onprem", "fra", "other").price.amount
    with pytest.raises(PriceAmbiguous, match=r"said to be 0\.1 and 0\.2 and 0\.3 USD at once"):
        stack.price("onprem", "fra", "m.large")


def test_an_ambiguous_name_is_answered_by_no_layer_below(tmp_path: Path) -> None:
    """Nor by the price of everywhere: each would be a guess."""
    built = build([price(amount="0.1"), price(amount="0.2"), price(region="", amount="9")], "own", tmp_path)
    above = Catalogue.open(_write(tmp_path, built))
    stack = Stack((Layer("downloaded", above), Layer("downloaded", Catalogue.of([price(amount="0.5")]))))
    with pytest.raises(PriceAmbiguous):
        stack.price("onprem", "fra", "m.large")
    with pytest.raises(PriceAmbiguous):
        stack.price("onprem", "fra", "m.large", currency="USD", unit="Hours")
    assert stack.find("onprem", "fra", "m.large", category="spot") is None
    (listed,) = [one for one in stack.prices().prices if one.price.region == "fra"]
    assert listed.price.amount is None


def test_a_catalogue_with_an_ambiguous_name_keeps_its_digest_elsewhere(tmp_path: Path) -> None:
    """Its file is carried to another server by importing it there."""
    from wharfinger_prices.formats.generic_jsonl import GenericJsonLinesPrices

    built = build([price(amount="0.1"), price(amount="0.2"), price("other")], "own", tmp_path)
    path = tmp_path / "carried.jsonl"
    path.write_bytes(built.path.read_bytes())
    assert build(GenericJsonLinesPrices().read(path, Notes()), "own", tmp_path).digest == built.digest


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (price(amount="-0.1"), "negative"),
        (price(amount="1000000001"), "absurd"),
        (price(amount="NaN"), "NaN"),
        (price(amount="Infinity"), "Infinity"),
        (price(amount="1E-60"), "more than 40 characters"),
        (price(currency="XYZ"), "ISO 4217"),
        (price(currency="usd"), "ISO 4217"),
        (price(category="cheap"), "category"),
        (price(sku=""), "lacks a sku"),
        (price(provider=""), "lacks a provider"),
        (price(sku="m\nlarge"), "characters that no name has"),
        (price(sku="m" * 301), "longer than 300"),
        (price(sku="m\ud800"), "characters that no name has"),
        (price(free=True), "free and to cost"),
        (price(effective=-1), "outside of 1970"),
        (price(source="list,[2026]"), "its source has a comma before a bracket"),
        (price(source="a\nlist"), "its source has characters"),
    ],
)
def test_a_price_that_can_not_be_is_left_out_with_the_reason(tmp_path: Path, bad: Price, why: str) -> None:
    notes = Notes()
    assert build([price("good"), bad], "own", tmp_path, notes=notes).price_count == 1
    assert (notes.fault_count, len(notes.faults)) == (1, 1)
    assert why in notes.faults[0]
    with pytest.raises(MalformedPrices, match=why):
        build([bad], "own", tmp_path)


def test_a_zero_that_nobody_calls_free_is_unknown(tmp_path: Path) -> None:
    built = build([price(amount="0.000")], "own", tmp_path)
    assert built.unknown_count == 1


def test_no_price_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedPrices, match="no price"):
        build([], "own", tmp_path)


def test_a_file_that_is_not_what_its_name_says_is_damaged(tmp_path: Path) -> None:
    path = _write(tmp_path, build(PRICES, "own", tmp_path))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match="import the prices again"):
        Catalogue.open(path)


def test_names_are_listed_level_by_level() -> None:
    catalogue = Catalogue.of(PRICES)
    assert set(catalogue.providers) == {"onprem", "other cloud"}
    assert list(catalogue.names("onprem")) == ["", "ams", "fra", "par"]
    assert list(catalogue.names("onprem", "fra")) == ["disk", "m.large"]
    assert list(catalogue.names("nobody")) == []


def test_names_that_begin_alike_are_kept_apart() -> None:
    names = ["a", "a ", "a!", "a-b", "a.b", "ab", "A", "a\u00e9"]
    catalogue = Catalogue.of([price(name, region=region) for name in names for region in names])
    assert sorted(catalogue.names("onprem")) == sorted(names)
    for region in names:
        for sku in names:
            assert [p.key[1:3] for p in catalogue.prices("onprem", region, sku)] == [(region, sku)]
