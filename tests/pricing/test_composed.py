"""Sizes that Libcloud's data has by other names, or by their parts: what deployments ask for is priced by it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.pricing.making import price

from wharfinger_prices.catalogues.build import build
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.formats.libcloud import LibcloudPrices
from wharfinger_prices.lookup.layers import bundled
from wharfinger_prices.lookup.stack import Layer, PriceAmbiguous, PriceUnknown, Stack
from wharfinger_prices.sdk.price_source import Notes
from wharfinger_server.pricing.estimating import Wanted, estimate


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Return the file that Libcloud brings, to be looked up in."""
    path = bundled()
    assert path is not None
    folder = tmp_path_factory.mktemp("libcloud")
    built = build(LibcloudPrices().read(path, Notes()), "libcloud", folder)
    return Stack((Layer("bundled", Catalogue.open(built.path.rename(folder / f"{built.digest}.jsonl"))),))


def told() -> dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]]:
    """Return what Libcloud's file says of Google's machines."""
    path = bundled()
    assert path is not None
    found: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]] = json.loads(
        path.read_text(), parse_float=Decimal
    )["compute"]["gce_instances"]
    return found


@pytest.mark.parametrize(
    ("size", "family", "cpus", "memory"),
    [
        ("n1-standard-4", "n1", "4", "15"), ("n1-highmem-2", "n1", "2", "13"), ("n1-highcpu-16", "n1", "16", "14.4"),
        ("e2-standard-2", "e2", "2", "8"), ("n2d-standard-8", "n2d", "8", "32"), ("c2-standard-30", "c2", "30", "120"),
        ("e2-micro", "e2", "0.25", "1"), ("custom-4-8192", "n1_custom", "4", "8"),
        ("n2-custom-4-5120", "n2_custom", "4", "5"),
    ],
)  # fmt: skip
def test_a_google_machine_costs_its_cpus_and_its_memory(
    stack: Stack, size: str, family: str, cpus: str, memory: str
) -> None:
    """As Libcloud adds them."""
    parts = told()[family]
    for way, category in (("on_demand", "on-demand"), ("preemptible", "spot")):
        cpu, ram = (parts[part][way]["us-central1"]["price"] for part in ("cpu", "ram"))
        found = stack.price("gce_instances", "us-central1", size, category).price
        assert found.amount == Decimal(cpu) * Decimal(cpus) + Decimal(ram) * Decimal(memory)
        assert (found.sku, found.unit, found.currency, found.category) == (size, "Hours", "USD", category)


def test_a_small_machine_of_one_price_is_that(stack: Stack) -> None:
    """It has no memory beside."""
    found = stack.price("gce_instances", "us-central1", "f1-micro").price
    assert found.amount == Decimal(told()["f1"]["cpu"]["on_demand"]["us-central1"]["price"])


@pytest.mark.parametrize("size", ["n1-standard-5", "n9-standard-4", "n1-standard-4-more", "n1", "standard-4"])
def test_a_machine_that_google_does_not_have_is_not_priced(stack: Stack, size: str) -> None:
    """Nor one of a family whose memory nobody told."""
    with pytest.raises(PriceUnknown):
        stack.price("gce_instances", "us-central1", size)


def test_an_azure_size_is_found_by_the_name_that_azure_has_for_it(stack: Stack) -> None:
    """Libcloud's file writes it in small and together."""
    found = stack.price("azure_linux", "eastus", "Standard_D2s_v3").price
    assert found.sku == "Standard_D2s_v3"
    assert found.amount == stack.price("azure_linux", "eastus", "standardd2sv3").price.amount
    with pytest.raises(PriceUnknown):
        stack.price("azure_linux", "eastus", "Standard_D2s_v99")


def test_a_price_of_its_own_goes_before_that_of_its_parts(stack: Stack) -> None:
    """In whatever layer."""
    own = Catalogue.of([price("n1-standard-4", "7", provider="gce_instances", region="us-central1")])
    both = Stack((*stack.layers, Layer("downloaded", own)))
    assert both.price("gce_instances", "us-central1", "n1-standard-4").price.amount == 7


def test_parts_that_contradict_themselves_make_no_machine(tmp_path: Path) -> None:
    """And a part that is missing makes none."""
    parts = [price("n1/cpu", amount, provider="gce_instances", region="r") for amount in ("0.1", "0.2")]
    built = build([*parts, price("n1/ram", "0.1", provider="gce_instances", region="r")], "own", tmp_path)
    odd = Stack((Layer("downloaded", Catalogue.open(built.path.rename(tmp_path / f"{built.digest}.jsonl"))),))
    with pytest.raises(PriceAmbiguous):
        odd.price("gce_instances", "r", "n1-standard-1")
    lone = Stack((Layer("downloaded", Catalogue.of([parts[0]])),))
    with pytest.raises(PriceUnknown):
        lone.price("gce_instances", "r", "n1-standard-1")


@pytest.mark.parametrize(
    ("provider", "region", "size"),
    [("gce_instances", "us-central1", "n1-standard-1"), ("azure_linux", "westeurope", "Standard_D2s_v3")],
)
def test_an_estimate_of_what_is_deployed_there_is_priced(stack: Stack, provider: str, region: str, size: str) -> None:
    """By the names that compute.deploy asks for."""
    found = estimate([Wanted("node/web", provider=provider, region=region, sku=size)], stack)
    (line,) = found.items
    assert line.hourly is not None
    assert line.hourly.amount > 0
