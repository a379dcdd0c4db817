"""Estimates: what scripts name, priced; the same bytes for the same question."""

from __future__ import annotations

import io
import time
from decimal import Decimal

import pytest
from tests.pricing.making import document, line, price

from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.pricing import ImportRequest, Layer, PriceAmbiguous, Prices, Pricing, Stack, estimate

STACK = Stack((Layer("downloaded", Catalogue.of([price("m"), price("disk", "0.073", unit="GB-Months")])),))


def test_items_are_priced_for_an_hour_and_what_is_unknown_is_named() -> None:
    prices = Prices()
    items = [
        prices.item("node/a", provider="onprem", region="fra", sku="m"),
        prices.item("disk/a", provider="onprem", region="fra", sku="disk", quantity="100"),
        prices.item("ip/a", provider="onprem", region="fra", sku="ip"),
    ]
    found = estimate(items, STACK, 7)
    assert [(item.what, item.hourly and item.hourly.amount) for item in found.items] == [
        ("node/a", Decimal("0.10")),
        ("disk/a", Decimal("0.073") * Decimal("0.136986301369863014")),
        ("ip/a", None),
    ]
    assert found.unpriced == ("ip/a",)
    assert (found.digest, found.time) == (STACK.digest, 7)
    assert Estimate.from_json(found.to_json()) == found


def test_an_item_says_which_unit_is_meant_of_several() -> None:
    both = [price("vps", "0.01"), price("vps", "5", unit="Months")]
    stack = Stack((Layer("downloaded", Catalogue.of(both)),))
    with pytest.raises(PriceAmbiguous, match="Hours, Months"):
        estimate([Prices().item("a", provider="onprem", region="fra", sku="vps")], stack, 7)
    for unit, hourly in (("Hours", Decimal("0.01")), ("Months", Decimal("0.006849315068493151") * 1)):
        found = estimate([Prices().item("a", provider="onprem", region="fra", sku="vps", unit=unit)], stack, 7)
        (item,) = found.items
        assert item.price is not None
        assert item.price.unit == unit
        assert item.hourly is not None
        assert abs(item.hourly.amount - hourly) < Decimal("1e-12")


def test_many_things_without_a_price_take_no_longer_than_others() -> None:
    stack = Stack((Layer("downloaded", Catalogue.of([price(f"m{n}.large") for n in range(300)])),))
    items = [Prices().item(f"node/{n}", provider="onprem", region="fra", sku="m7.larger") for n in range(2_000)]
    began = time.process_time()
    assert len(estimate(items, stack).unpriced) == 2_000
    assert time.process_time() - began < 5, "each was searched for similar names"


def test_a_profile_tells_provider_and_region_and_no_credential() -> None:
    prices = Prices({"staging": {"provider": "ec2", "region": "eu-central-1", "key": "hunter2"}})
    assert prices.profile("staging") == {"provider": "ec2", "region": "eu-central-1"}
    with pytest.raises(FailedPrecondition, match="configured for this project: staging") as refused:
        prices.profile("other")
    assert refused.value.reason == "CANNOT_ESTIMATE"


def test_what_nobody_can_price_is_unpriced_and_never_looked_up() -> None:
    found = estimate([Prices().unknown("object/a"), Prices().free("object/b")], Stack(()), 7)
    assert found.unpriced == ("object/a",)
    assert [item.price and item.price.free for item in found.items] == [None, True]


def test_a_store_tells_how_it_is_billed_and_no_credential() -> None:
    price = {"provider": "s3", "region": "eu-west-1", "sku": "TimedStorage-ByteHrs"}
    prices = Prices(stores={"cloud": {"url": "s3://b", "secret_access_key": "hunter2", "price": price}})
    assert prices.store("cloud") == {"price": "listed", **price}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("other", "configured for this project: cloud"),
        ("cloud", r"\[stores.cloud\] price.regoin: there is no such key; did you mean region"),
    ],
)
def test_a_store_that_is_not_there_or_wrong_ends_the_estimate(name: str, why: str) -> None:
    prices = Prices(stores={"cloud": {"url": "s3://b", "price": {"provider": "s3", "regoin": "x", "sku": "y"}}})
    with pytest.raises(FailedPrecondition, match=why) as refused:
        prices.store(name)
    assert refused.value.reason == "CANNOT_ESTIMATE"


@pytest.mark.parametrize("quantity", ["-1", "NaN", "Infinity", "x", 1.5, True, None, "1e400", "1" * 41])
def test_a_quantity_that_is_none_is_refused(quantity: object) -> None:
    with pytest.raises(FailedPrecondition, match="quantity of 'n'"):
        Prices().item("n", provider="p", sku="s", quantity=quantity)  # type: ignore[arg-type]


def test_an_ambiguous_item_is_named() -> None:
    stack = Stack((Layer("downloaded", Catalogue.of([price("m"), price("m", region="ams")])),))
    with pytest.raises(PriceAmbiguous, match=r"^node/a: "):
        estimate([Prices().item("node/a", provider="onprem", sku="m")], stack)


async def test_an_estimate_replays_to_the_same_bytes_after_the_catalogue_changed(pricing: Pricing) -> None:
    async def active(amount: str) -> None:
        """Make another price the active one."""
        data = io.BytesIO(document([line(amount=amount)]))
        await pricing.import_file(data, ImportRequest(activate=True, override_checks=True))

    items = [Prices().item("node/a", provider="onprem", region="fra", sku="m.large")]
    await active("0.10")
    first = estimate(items, await pricing.current(), 1_700_000_000_000_000)
    await active("0.90")
    assert estimate(items, await pricing.current(), first.time).to_json() != first.to_json()
    replayed = estimate(items, await pricing.stack_of(f"sha256:{first.digest}"), first.time)
    assert replayed.to_json() == first.to_json()
    alone = await pricing.stack_of(first.items[0].catalog)
    assert (alone.digest, estimate(items, alone, first.time).hourly) == (first.items[0].catalog, first.hourly)
