"""Look-ups: through the layers, price by price; unknown is never zero, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.pricing.making import price

from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.errors import Choices
from wharfinger_prices.price import Price
from wharfinger_server.pricing import Layer, PriceAmbiguous, PriceFilter, PriceUnknown, Stack


def _stack(**layers: list[Price]) -> Stack:
    return Stack(tuple(Layer(name, Catalogue.of(prices)) for name, prices in layers.items()))


def _amount(stack: Stack, *asked: str, **more: object) -> Decimal | None:
    return stack.price(*asked, **more).price.amount  # type: ignore[arg-type]


def test_the_first_layer_that_knows_decides_price_by_price() -> None:
    stack = _stack(
        project=[price("a", "1")],
        operator=[price("a", "2"), price("b", None), price("c", "2")],
        downloaded=[price("a", "3"), price("b", "3"), price("c", "3"), price("d", "3")],
    )
    found = {sku: stack.price("onprem", "fra", sku) for sku in "abcd"}
    assert {sku: (one.layer, one.price.amount) for sku, one in found.items()} == {
        "a": ("project", 1),
        "b": ("downloaded", 3),
        "c": ("operator", 2),
        "d": ("downloaded", 3),
    }
    assert found["a"].catalog == stack.layers[0].catalogue.digest


def test_an_unknown_price_is_not_zero_but_an_error_with_similar_names() -> None:
    stack = _stack(downloaded=[price("m5.large"), price("m5.xlarge", None), price("m5.2xlarge"), price("zzz")])
    with pytest.raises(PriceUnknown) as refused:
        stack.price("onprem", "fra", "m5.xlarge")
    assert refused.value.reason == "PRICE_UNKNOWN"
    assert refused.value.choices == Choices("sku", ("onprem fra m5.2xlarge", "onprem fra m5.large"))
    assert (refused.value.metadata["provider"], refused.value.metadata["region"]) == ("onprem", "fra")


@pytest.mark.parametrize(
    "asked", [("onprem", "fra", "nosuch"), ("nobody", "", "m"), ("onprem", "mars", "m"), ("", "", "")]
)
def test_what_nobody_ever_heard_of_is_unknown(asked: tuple[str, str, str]) -> None:
    with pytest.raises(PriceUnknown):
        _stack(downloaded=[price("m")]).price(*asked)
    with pytest.raises(PriceUnknown):
        Stack().price(*asked)


def test_a_free_thing_is_known_to_cost_nothing() -> None:
    found = _stack(downloaded=[price("ip", "0", free=True)]).price("onprem", "fra", "ip")
    assert (found.price.amount, found.price.free) == (0, True)


def test_a_region_without_a_price_of_its_own_has_the_one_that_holds_everywhere() -> None:
    stack = _stack(downloaded=[price("m", "1", region=""), price("m", "2", region="fra")])
    assert _amount(stack, "onprem", "fra", "m") == 2
    assert _amount(stack, "onprem", "ams", "m") == 1
    assert _amount(stack, "onprem", "", "m") == 1


def test_the_only_region_need_not_be_named_and_several_are_listed() -> None:
    one = [price("m", "1"), price("n", None, region="ams")]
    assert _amount(_stack(downloaded=one), "onprem", "", "m") == 1
    with pytest.raises(PriceAmbiguous) as refused:
        _stack(downloaded=[*one, price("m", "2", region="par")]).price("onprem", "", "m")
    assert refused.value.metadata == {"field": "region"}
    assert refused.value.choices == Choices("region", ("fra", "par"), complete=True)


def test_a_region_without_a_figure_makes_the_only_known_one_no_answer_for_all() -> None:
    stack = _stack(downloaded=[price("m", "0.1", region="r1"), price("m", None, region="r2")])
    with pytest.raises(PriceAmbiguous) as refused:
        stack.price("onprem", "", "m")
    assert refused.value.choices == Choices("region", ("r1", "r2"), complete=True)
    assert _amount(stack, "onprem", "r1", "m") == Decimal("0.1")
    assert stack.find("onprem", "r2", "m") is None


@pytest.mark.parametrize("beside", [{"category": "spot"}, {"currency": "EUR"}, {"unit": "Days"}])
def test_what_a_region_has_of_another_kind_hides_no_price_of_everywhere(beside: dict[str, str]) -> None:
    stack = _stack(downloaded=[price("m", "0.1", region=""), price("m", "0.03", region="r1", **beside)])
    found = stack.price("onprem", "r1", "m", currency="USD", unit="Hours")
    assert (found.price.region, found.price.amount) == ("", Decimal("0.1"))


def test_more_choices_than_can_be_named_are_not_all_there_are() -> None:
    regions = [f"r{n:02}" for n in range(25)]
    with pytest.raises(PriceAmbiguous) as refused:
        _stack(downloaded=[price("m", "1", region=region) for region in regions]).price("onprem", "", "m")
    assert refused.value.choices == Choices("region", tuple(regions[:20]))
    assert refused.value.all_choices == tuple(regions)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"term": "3yr"}, "term"), ({"currency": "EUR"}, "currency_code"), ({"unit": "Days"}, "unit")],
)
def test_several_prices_that_fit_are_listed_by_what_tells_them_apart(changed: dict[str, str], field: str) -> None:
    base = {"term": "1yr", "currency": "USD", "unit": "Hours", "category": "committed"}
    stack = _stack(downloaded=[price("m", "1", **base), price("m", "2", **base | changed)])
    with pytest.raises(PriceAmbiguous) as refused:
        stack.price("onprem", "fra", "m", "committed")
    assert refused.value.reason == "PRICE_AMBIGUOUS"
    assert refused.value.field == field
    named = {"currency_code": "currency"}.get(field, field)
    for choice in refused.value.all_choices:
        assert _amount(stack, "onprem", "fra", "m", "committed", **{named: choice}) in (1, 2)


def test_a_provider_that_is_the_beginning_of_several_is_answered_with_these() -> None:
    prices = [
        price("m", "1", provider="ec2_linux"),
        price("m", "2", provider="ec2_windows"),
        price("m", provider="ec2x"),
    ]
    with pytest.raises(PriceAmbiguous) as refused:
        _stack(downloaded=prices).price("ec2", "fra", "m")
    assert refused.value.metadata == {"field": "provider"}
    assert refused.value.choices == Choices("provider", ("ec2_linux", "ec2_windows"), complete=True)


def test_the_category_is_on_demand_unless_told() -> None:
    stack = _stack(downloaded=[price("m", "1"), price("m", "0.3", category="spot")])
    assert _amount(stack, "onprem", "fra", "m") == 1
    assert _amount(stack, "onprem", "fra", "m", "spot") == Decimal("0.3")


def test_the_price_of_a_moment_is_the_one_that_held_then() -> None:
    stack = _stack(
        downloaded=[
            price("m", "1", effective=100, expire=200),
            price("m", "2", effective=200),
            price("m", "3", effective=300),
        ]
    )
    assert [_amount(stack, "onprem", "fra", "m", at=at) for at in (100, 199, 200, 299, 300, 9_000)] == [
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    with pytest.raises(PriceUnknown):
        stack.price("onprem", "fra", "m", at=99)


def test_prices_are_stale_from_their_layers_moment_on() -> None:
    stack = Stack((Layer("downloaded", Catalogue.of([price("m")]), stale_from=500),))
    assert [stack.price("onprem", "fra", "m", at=at).stale for at in (499, 500)] == [False, True]


def test_a_stacks_digest_names_all_of_it() -> None:
    one, other = [price("a", "1")], [price("a", "2")]
    digests = {
        _stack(operator=one, downloaded=other).digest,
        _stack(operator=other, downloaded=one).digest,
        _stack(operator=one).digest,
        _stack(downloaded=one).digest,
        Stack().digest,
    }
    assert len(digests) == 5
    assert _stack(operator=one).digest == _stack(operator=one).digest


# ---------------------------------------------------------------------- lists


def _pages(stack: Stack, which: PriceFilter | None, limit: int) -> list[tuple[str, str, str, str]]:
    seen, after = [], ""
    while True:
        page = stack.prices(which, after, limit)
        assert len(page.prices) <= limit
        seen += [(one.layer, one.price.provider, one.price.region, one.price.sku) for one in page.prices]
        after = page.after
        if not after:
            return seen


MANY = [price(f"m{n}", "1", provider=p, region=r) for p in ("a", "a b", "b") for r in ("", "x", "y") for n in range(7)]


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_pages_hold_each_price_once_from_the_layer_that_decides(limit: int) -> None:
    upper = [price("m3", "9", provider="a", region="x"), price("m4", None, provider="a", region="x"), price("new", "9")]
    seen = _pages(_stack(operator=upper, downloaded=MANY), None, limit)
    assert len(seen) == len(MANY) + 1 == len({one[1:] for one in seen})
    layers = {one[1:]: one[0] for one in seen}
    assert layers["a", "x", "m3"] == "operator"
    assert layers["a", "x", "m4"] == "downloaded"
    assert layers["onprem", "fra", "new"] == "operator"


@pytest.mark.parametrize(
    "which",
    [
        PriceFilter(provider="a"),
        PriceFilter(region="x"),
        PriceFilter(sku="m3"),
        PriceFilter(sku_prefix="m"),
        PriceFilter(provider="a b", sku_prefix="m1"),
        PriceFilter(provider="b", region="", sku="m2"),
        PriceFilter(currency="EUR"),
        PriceFilter(category="spot"),
        PriceFilter(unit="Hours", term=""),
        PriceFilter(provider="nobody"),
    ],
)
@pytest.mark.parametrize("limit", [2, 1000])
def test_a_filter_gives_what_looking_at_each_price_gives(which: PriceFilter, limit: int) -> None:
    seen = _pages(_stack(downloaded=MANY), which, limit)
    assert sorted(one[1:] for one in seen) == sorted((p.provider, p.region, p.sku) for p in MANY if which.fits(p))


def test_a_page_looks_at_so_many_prices_and_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wharfinger_prices.lookup.stack._SCANNED", 5)
    stack = _stack(downloaded=MANY)
    page = stack.prices(PriceFilter(currency="EUR"))
    assert page.prices == ()
    assert page.after
    assert _pages(stack, PriceFilter(currency="EUR"), 100) == []
