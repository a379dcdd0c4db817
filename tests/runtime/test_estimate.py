"""A script author tries an `estimate` without a server."""

from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType

import pytest

import wharfinger.testing
from wharfinger.script import Failed
from wharfinger.testing import PricedItem


def a_module(estimate=None, **members):
    module = ModuleType("harbour.deploy")
    module.main = lambda task: None
    if estimate is not None:
        module.estimate = estimate
    for name, value in members.items():
        setattr(module, name, value)
    return module


def nodes(params, prices):
    account = prices.profile("main")
    return [
        prices.item(f"node/{n}", provider=account["provider"], region=account["region"], sku="m1", quantity="1.5")
        for n in range(params["count"])
    ]


PROFILES = {"main": {"provider": "ec2_linux", "region": "eu-west-1", "secret": "hush"}}


def test_it_returns_what_is_to_be_priced():
    items = wharfinger.testing.estimate(a_module(nodes), {"count": 2}, profiles=PROFILES)
    first = PricedItem("node/0", "ec2_linux", "eu-west-1", "m1", Decimal("1.5"), "on-demand", "")
    assert (items[0], len(items)) == (first, 2)


def test_it_gets_the_params_as_main_does():
    @dataclass
    class Params:
        count: int

    def estimate(params, prices):
        return [prices.item("a", provider="p", sku=f"{params.count}-cores")]

    (item,) = wharfinger.testing.estimate(a_module(estimate, Params=Params), {"count": 4})
    assert item.sku == "4-cores"


def test_what_costs_nothing_by_its_nature_is_free():
    (item,) = wharfinger.testing.estimate(a_module(lambda _, prices: [prices.free("attachment/1")]))
    assert (item.what, item.free) == ("attachment/1", True)


def test_what_nobody_can_price_is_unknown_and_not_free():
    (item,) = wharfinger.testing.estimate(a_module(lambda _, prices: [prices.unknown("object/a")]))
    assert (item.what, item.free, item.unknown) == ("object/a", False, True)


def test_a_store_tells_how_it_is_billed_and_no_credentials(tmp_path):
    price = {"provider": "s3", "sku": "TimedStorage-ByteHrs"}
    stores = {
        "cloud": {"url": "s3://bucket", "secret_access_key": "hush", "price": price},
        "disk": {"url": f"file://{tmp_path}/none"},
    }
    seen = []
    module = a_module(lambda _, prices: seen.extend(map(prices.store, ["cloud", "disk"])) or [])
    wharfinger.testing.estimate(module, stores=stores)
    assert seen == [
        {"price": "listed", "region": "", **price},
        {"price": "free", "provider": "", "region": "", "sku": ""},
    ]
    assert not (tmp_path / "none").exists()


def test_a_store_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(Failed, match="configured for this project: disk"):
        wharfinger.testing.estimate(a_module(lambda _, prices: prices.store("other")), stores={"disk": {}})


def test_it_sees_no_credentials():
    seen = []
    wharfinger.testing.estimate(
        a_module(lambda _, prices: seen.append(prices.profile("main")) or []), profiles=PROFILES
    )
    assert seen == [{"provider": "ec2_linux", "region": "eu-west-1"}]


def test_a_profile_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(Failed, match="configured for this project: main"):
        wharfinger.testing.estimate(a_module(lambda _, prices: prices.profile("other")), profiles=PROFILES)


def test_a_thing_that_is_named_twice_is_refused():
    def estimate(_params, prices):
        return [prices.item("a", provider="p", sku="s") for _ in range(2)]

    with pytest.raises(ValueError, match="names a more than once"):
        wharfinger.testing.estimate(a_module(estimate))


@pytest.mark.parametrize("quantity", [0.5, -1, "NaN", True])
def test_a_quantity_that_is_no_exact_number_is_refused(quantity):
    with pytest.raises(ValueError, match="decimal number"):
        wharfinger.testing.estimate(
            a_module(lambda _, prices: [prices.item("a", provider="p", sku="s", quantity=quantity)])
        )


def test_a_script_without_an_estimate_is_told_so():
    with pytest.raises(ValueError, match=r"harbour\.deploy has no `estimate"):
        wharfinger.testing.estimate(a_module())
