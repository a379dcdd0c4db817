"""The suite that any price source must pass.

In a test module of the source's own:

    class TestMine(PriceSourceConformance):
        def make(self):
            return MyPrices()

        def sample(self, folder):
            (folder / "sample.json").write_bytes(SAMPLE)
            return folder / "sample.json"

        def larger(self, folder, size):
            ...  # writes a good file of about so many bytes, by a program

and in its conftest.py, to see in full why something failed,
`pytest.register_assert_rewrite("wharfinger_prices.sdk.conformance")`.

What it asks is what an import relies on: a file is recognised by what is in it, read as a stream and twice alike, and
refused with MalformedPrices as soon as it is not whole; what the provider lists as zero is unknown.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import sys
import tracemalloc
from abc import ABC, abstractmethod
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import pytest

from wharfinger_prices.price import CATEGORIES, LONGEST_AMOUNT, Price, plain
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes, PriceSource

HEADS = {
    "libcloud": b'{"compute": {"ec2_linux": {"m5.large": {"us-east-1": 0.096}}}, "updated": 1740936978}',
    "aws_json": b'{"formatVersion": "v1.0", "disclaimer": "", "offerCode": "AmazonEC2", "products": {}, "terms": {}}',
    "aws_csv": b'"FormatVersion","v1.0"\n"Disclaimer",""\n"Publication Date","2026-11-01T00:00:00Z"\n',
    "azure": b'{"BillingCurrency": "USD", "CustomerEntityId": "", "Items": [], "NextPageLink": null, "Count": 0}',
    "gcp": b'{"skus": [{"name": "services/1/skus/2", "skuId": "2"}], "nextPageToken": ""}',
    "opencost": b"EndTimestamp,InstanceID,Region,AssetClass,InstanceIDField,InstanceType,MarketPriceHourly,Version\n",
    "csv": b"provider,region,sku,unit,currency,amount\nonprem,,m.large,Hours,EUR,0.12\n",
    "jsonl": b'{"provider": "onprem", "sku": "m.large", "unit": "Hours", "currency": "EUR", "amount": "0.12"}\n',
}
"""How files of the formats that come with the server begin, by the names of their sources."""

STRANGERS = {
    "nothing": b"",
    "white space": b" \n\n",
    "a page of the web": b"<!DOCTYPE html><html><head><title>Not found</title></head></html>",
    "an error as XML": b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>',
    "an error as JSON": b'{"error": {"code": 403, "message": "the caller has no permission"}}',
    "null": b"null",
    "a number": b"0.096",
    "an empty object": b"{}",
    "an empty array": b"[]",
    "deep nesting": b"[" * 100_000,
    "another table": b"name,age\nann,7\n",
    "zeros": bytes(4096),
    "noise": random.Random(7).randbytes(4096),  # noqa: S311 - the same in every run
    "a gzip": b"\x1f\x8b\x08\x00" + random.Random(8).randbytes(200),  # noqa: S311
}
"""What is no price data at all."""

_CURRENCY = re.compile("[A-Z]{3}")
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "subprocess.Popen", "os.system")


class PriceSourceConformance(ABC):
    """Subclass it as `class TestMine(PriceSourceConformance)` and implement the three methods."""

    name: ClassVar[str] = ""
    """The name among HEADS, for the sources that come with the server."""

    unknowns: ClassVar[int] = 1
    """How many prices of the sample the provider lists as zero, or without a figure: have some."""

    cut_shows: ClassVar[bool] = True
    """Whether any cut of the file is noticed. Where each line is whole in itself, one between two lines can't be."""

    memory: ClassVar[int] = 7 << 18
    """Bytes of Python's memory that reading may take at most, however large the file."""

    larger_size: ClassVar[int] = 2 << 20
    """Bytes of the file that shows this."""

    @abstractmethod
    def make(self) -> PriceSource:
        """Return a new source."""

    @abstractmethod
    def sample(self, folder: Path) -> Path:
        """Write a good file, of a few kilobytes and with all that the format can say, into `folder`."""

    @abstractmethod
    def larger(self, folder: Path, size: int) -> Path:
        """Write a good file of about `size` bytes into `folder`."""

    # ------------------------------------------------------------------ what it is

    def test_it_describes_itself(self) -> None:
        """It has a summary of one line."""
        summary = type(self.make()).summary
        assert summary.strip() == summary != ""
        assert "\n" not in summary

    def test_it_recognises_its_files_by_what_is_in_them(self, tmp_path: Path) -> None:
        """Whatever they are called."""
        head = self.sample(tmp_path).read_bytes()[: 1 << 16]
        for called in ("prices", "download.tmp", "index.html"):
            assert self.make().recognises(called, head)

    @pytest.mark.parametrize("stranger", [*STRANGERS, *HEADS])
    def test_it_does_not_recognise_what_is_of_another_format(self, stranger: str) -> None:
        """Whatever it is called."""
        if stranger == self.name:
            pytest.skip("this is its own")
        head = (STRANGERS | HEADS)[stranger]
        for called in ("prices.json", "prices.csv", "prices.jsonl"):
            assert not self.make().recognises(called, head)

    # ------------------------------------------------------------------ what it reads

    def test_each_price_is_one(self, tmp_path: Path) -> None:
        """Its parts are what their types and the catalogue ask for."""
        prices, _ = self._read(self.sample(tmp_path))
        assert prices
        for price in prices:
            check(price)

    def test_an_unknown_price_is_never_zero(self, tmp_path: Path) -> None:
        """What is listed as zero, and not as free, has no amount."""
        prices, _ = self._read(self.sample(tmp_path))
        assert sum(price.amount is None for price in prices) == self.unknowns > 0

    def test_each_price_is_there_once(self, tmp_path: Path) -> None:
        """No two of the sample's prices have the same key."""
        keys = [price.key for price in self._read(self.sample(tmp_path))[0]]
        assert len(set(keys)) == len(keys)

    def test_the_sections_count_all_prices(self, tmp_path: Path) -> None:
        """No price is in two sections, or in none."""
        prices, notes = self._read(self.sample(tmp_path))
        assert notes.sections.total() == len(prices)

    def test_a_file_read_twice_gives_the_same(self, tmp_path: Path) -> None:
        """In the same order, and with the same notes, by the same source or another."""
        path, source = self.sample(tmp_path), self.make()
        told = [read(one, path) for one in (source, source, self.make())]
        assert told[0] == told[1] == told[2]

    def test_two_may_read_at_once(self, tmp_path: Path) -> None:
        """One source keeps the readings apart."""
        path, source = self.sample(tmp_path), self.make()
        pairs = list(zip(source.read(path, Notes()), source.read(path, Notes()), strict=True))
        assert all(one == other for one, other in pairs)
        assert [one for one, _ in pairs] == read(source, path)[0]

    # ------------------------------------------------------------------ how it reads

    def test_memory_does_not_grow_with_the_file(self, tmp_path: Path) -> None:
        """A larger file is read within `memory`."""
        path = self.larger(tmp_path, self.larger_size)
        assert path.stat().st_size >= self.larger_size / 2
        assert self.larger_size > self.memory
        tracemalloc.start()
        try:
            count = sum(1 for _ in self.make().read(path, Notes()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count > 100
        assert peak < self.memory

    def test_it_opens_no_connection_and_starts_no_program(self, tmp_path: Path) -> None:
        """It only reads the file."""
        path = self.sample(tmp_path)
        with _Watch() as seen:
            self._read(path)
        assert seen == []

    def test_it_leaves_the_file_as_it_was(self, tmp_path: Path) -> None:
        """And nothing beside it."""
        path = self.sample(tmp_path)
        before = _fingerprint(tmp_path)
        self._read(path)
        assert _fingerprint(tmp_path) == before

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
    def test_who_stops_early_leaves_nothing_open(self, tmp_path: Path) -> None:
        """Closing the iterator closes all files."""
        path = self.sample(tmp_path)
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one folder, counted
        prices = self.make().read(path, Notes())
        next(iter(prices))
        prices.close()  # type: ignore[attr-defined]  # a generator
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208

    # ------------------------------------------------------------------ what it refuses

    @pytest.mark.parametrize("stranger", [*STRANGERS, *HEADS])
    def test_what_is_of_another_format_is_refused(self, tmp_path: Path, stranger: str) -> None:
        """With a sentence, though nobody asked it first."""
        if stranger == self.name:
            pytest.skip("this is its own")
        path = tmp_path / "stranger"
        path.write_bytes((STRANGERS | HEADS)[stranger])
        with pytest.raises(MalformedPrices) as refused:
            read(self.make(), path)
        assert len(str(refused.value)) > 10

    def test_a_file_that_is_cut_off_is_refused(self, tmp_path: Path) -> None:
        """Wherever it is cut; if `cut_shows` is False, between lines it gives the prices before."""
        path = self.sample(tmp_path)
        whole, (prices, _) = path.read_bytes(), self._read(path)
        ends = [*range(40), *range(len(whole.rstrip()) - 40, len(whole.rstrip()))]
        for at in sorted({*ends, *range(0, len(whole.rstrip()), max(1, len(whole) // 150))}):
            path.write_bytes(whole[:at])
            try:
                found, _ = read(self.make(), path)
            except MalformedPrices:
                continue
            assert not self.cut_shows, f"cut at byte {at} it gives {len(found)} prices"
            assert whole[:at].endswith(b"\n"), f"cut within a line, at byte {at}, it gives {len(found)} prices"
            assert set(found) <= set(prices)

    def test_damage_is_refused_or_harmless(self, tmp_path: Path) -> None:
        """Whichever byte is wrong, there is no other error, and no price that can't be."""
        path = self.sample(tmp_path)
        whole, chance = path.read_bytes(), random.Random(11)  # noqa: S311 - the same in every run
        for _ in range(150):
            at = chance.randrange(len(whole))
            path.write_bytes(whole[:at] + chance.choice(b'"{}[]:,-.e0aN\n\x00\xff').to_bytes() + whole[at + 1 :])
            try:
                found, _ = read(self.make(), path)
            except MalformedPrices:
                continue
            for price in found:
                check(price)

    def test_damage_far_into_a_larger_file_is_refused_with_its_place(self, tmp_path: Path) -> None:
        """The message names a byte, a line or a path."""
        path = self.larger(tmp_path, 1 << 20)
        whole = path.read_bytes()
        at = (
            whole.index(b"\n", len(whole) * 3 // 4) if b"\n" in whole[len(whole) * 3 // 4 : -1] else len(whole) * 3 // 4
        )
        path.write_bytes(whole[: at + 1] + b"\xff\xfe" + whole[at + 3 :])
        with pytest.raises(MalformedPrices, match=r"\d"):
            read(self.make(), path)

    def test_a_file_that_is_not_there_is_no_matter_of_its_format(self, tmp_path: Path) -> None:
        """The system's own error is told."""
        with pytest.raises(FileNotFoundError):
            read(self.make(), tmp_path / "nowhere")

    def _read(self, path: Path) -> tuple[list[Price], Notes]:
        return read(self.make(), path)


def read(source: PriceSource, path: Path) -> tuple[list[Price], Notes]:
    """Return all prices of a small file, and the notes."""
    notes = Notes()
    prices = list(islice(source.read(path, notes), 1_000_000))
    return prices, notes


def check(price: Price) -> None:
    """Assert that a price is one that a catalogue can take."""
    names = (price.provider, price.region, price.sku, price.unit, price.term, price.source)
    assert all(isinstance(name, str) and name.encode() is not None and "\0" not in name for name in names), names
    assert price.provider and price.sku and price.unit, price  # noqa: PT018 - one thought
    assert _CURRENCY.fullmatch(price.currency), price
    assert price.category in CATEGORIES, price
    assert isinstance(price.effective, int) and price.effective >= 0, price  # noqa: PT018
    assert price.expire == 0 or price.expire > 0, price
    costs = [tier.amount for tier in price.tiers]
    if price.amount is None:
        assert not price.free and (not costs or price.disputed), price  # noqa: PT018
        return
    for amount in (price.amount, *costs):
        assert amount.is_finite() and amount >= 0, price  # noqa: PT018
        assert len(plain(amount)) <= LONGEST_AMOUNT, price
    if costs:
        quantities = [tier.from_quantity for tier in price.tiers]
        assert quantities[0] == 0 and quantities == sorted(set(quantities)), price  # noqa: PT018
        assert costs[0] == price.amount and any(costs), price  # noqa: PT018
    assert price.free or price.amount or any(costs), f"a zero that is not free: {price}"


def _fingerprint(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class _Watch:
    """Notes what the interpreter is asked to do with the network and with programs, between enter and exit."""

    _watching: ClassVar[list[list[str]]] = []
    _hooked = False

    def __enter__(self) -> list[str]:
        if not _Watch._hooked:  # an audit hook stays for as long as the process does
            sys.addaudithook(_Watch._heard)
            _Watch._hooked = True
        seen: list[str] = []
        _Watch._watching.append(seen)
        return seen

    def __exit__(self, *_: object) -> None:
        _Watch._watching.pop()

    @staticmethod
    def _heard(event: str, _: Any) -> None:
        if event in _NETWORK:
            for seen in _Watch._watching:
                seen.append(event)
