"""Price sources are found like scripts and executors; one that can't be used is listed with why."""

from __future__ import annotations

import pytest
from tests.registry.conftest import Install

from wharfinger_prices.registry import SOURCES
from wharfinger_server.registry import Registry

SOURCE = """
from wharfinger_prices.sdk.price_source import PriceSource
class Mine(PriceSource):
    summary = "prices of nowhere"
    @classmethod
    def recognises(cls, name, head): return False
    def read(self, path, notes): yield from ()
class Half(PriceSource):
    summary = "half of it"
    def read(self, path, notes): yield from ()
class Mute(Mine):
    summary = None
"""
BUILT_IN = ["aws_csv", "aws_json", "azure", "csv", "gcp", "jsonl", "libcloud", "opencost"]


def test_the_built_in_sources_are_found_like_anyone_s() -> None:
    found = Registry.load().sources
    assert [name for name in sorted(found) if found[name].distribution == "wharfinger-prices"] == BUILT_IN
    assert not any(plugin.broken for plugin in found.values())


def test_a_source_is_listed_with_its_class(install: Install) -> None:
    install("acme-prices", "0.3", {SOURCES: {"acme": "acme_prices:Mine"}}, acme_prices=SOURCE)
    found = Registry.load().sources["acme"]
    assert (found.name, found.distribution, found.version, found.broken) == ("acme", "acme-prices", "0.3", "")
    assert found.cls is not None
    assert found.cls.summary == "prices of nowhere"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("acme_prices", "its entry point names the module acme_prices; it must name a subclass of"),
        ("acme_prices:Half", "acme_prices.Half does not implement recognises"),
        ("acme_prices:Mute", "acme_prices.Mute has no summary"),
        ("acme_prices:Gone", "importing acme_prices:Gone failed with AttributeError"),
    ],
)
def test_what_is_no_source_is_told(install: Install, target: str, why: str) -> None:
    told: list[tuple[str, str, str]] = []
    install("acme-prices", "0.3", {SOURCES: {"acme": target}}, acme_prices=SOURCE)
    found = Registry.load(lambda *problem: told.append(problem)).sources["acme"]
    assert why in found.broken
    assert found.cls is None
    assert (SOURCES, "acme", found.broken) in told


def test_a_format_that_two_packages_provide_is_refused_to_both(install: Install) -> None:
    install("acme-prices", "0.3", {SOURCES: {"libcloud": "acme_prices:Mine"}}, acme_prices=SOURCE)
    found = Registry.load().sources["libcloud"]
    assert "provided more than once" in found.broken
    assert found.cls is None
