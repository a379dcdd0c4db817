"""What keeping an image is going to cost is named before it is made: each object once, by its key in the ledger."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.image.conftest import MIB, House, image
from tests.servers.sources import Reply
from tests.servers.targets import Targets

import wharfinger_image.clone_image as clone
import wharfinger_image.export_image as export
import wharfinger_image.import_image as importing
from wharfinger.script import Failed, inspect
from wharfinger.testing import PricedItem, Trial, estimate
from wharfinger_image.estimating import gigabytes

PRICE = {"provider": "s3", "region": "eu-west-1", "sku": "TimedStorage-ByteHrs"}
STORES: dict[str, dict[str, Any]] = {
    "billed": {"url": "s3://bucket", "secret_access_key": "hush", "price": PRICE},
    "other": {"url": "s3://other"},
    "given": {"url": "s3://given", "price": "free"},
    "disk": {"url": "file:///srv/nothing/there"},
    "nas": {"url": "file:///srv/nothing/there", "price": {"provider": "nas", "sku": "disk"}},
}
SIZE = 3 * 2**30
IMPORT = {"source": "https://example.com/x", "stores": [*STORES], "name": "x", "size": SIZE}


def how(items: list[PricedItem]) -> dict[str, str]:
    """Return for each item, by its key, whether it is free, unknown or what it is priced by."""
    return {one.what: "free" if one.free else "unknown" if one.unknown else one.sku for one in items}


def test_an_object_is_priced_as_its_store_says() -> None:
    items = estimate(importing, IMPORT, stores=STORES)
    assert how(items) == {
        "object/billed/x": "TimedStorage-ByteHrs",
        "object/other/x": "unknown",
        "object/given/x": "free",
        "object/disk/x": "free",
        "object/nas/x": "disk",
    }
    billed = PricedItem("object/billed/x", quantity=Decimal(3), category="on-demand", term="", **PRICE)
    assert items[0] == billed


def test_without_a_size_only_what_is_free_is_known() -> None:
    items = estimate(importing, {key: value for key, value in IMPORT.items() if key != "size"}, stores=STORES)
    assert how(items) == {
        "object/billed/x": "unknown",
        "object/other/x": "unknown",
        "object/given/x": "free",
        "object/disk/x": "free",
        "object/nas/x": "unknown",
    }


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"from_store": "disk", "name": "x", "to_store": "billed"}, "object/billed/x"),
        ({"from_store": "disk", "name": "x", "to_store": "billed", "to_name": "a/y"}, "object/billed/a/y"),
    ],
)
def test_a_clone_is_priced_under_its_own_name(params: dict[str, Any], what: str) -> None:
    [item] = estimate(clone, {**params, "size": SIZE}, stores=STORES)
    assert (item.what, item.sku, item.quantity) == (what, "TimedStorage-ByteHrs", 3)


def test_an_export_to_a_store_is_priced_and_one_to_a_folder_is_free() -> None:
    [item] = estimate(export, {"store": "disk", "name": "x", "to": "billed", "size": SIZE}, stores=STORES)
    assert (item.what, item.quantity) == ("object/billed/x", 3)
    [item] = estimate(export, {"store": "disk", "name": "x", "to": "/srv/exports/../out/"}, stores=STORES)
    assert (item.what, item.free) == ("object/srv/out/x", True)


def test_what_an_export_to_a_url_costs_nobody_knows_and_the_url_is_not_told() -> None:
    params = {"store": "disk", "name": "x", "url": "https://example.com/b/x?sig=hush", "size": SIZE}
    assert how(estimate(export, params, stores=STORES)) == {"upload/https://example.com/b/x": "unknown"}


@pytest.mark.parametrize(
    ("size", "told"),
    [(2**30, "1.000000"), (1, "0.000001"), (2**30 + 1, "1.000001"), (3 * 2**29, "1.500000"), (2**53, "8388608.000000")],
)
def test_the_size_is_counted_in_gb_rounded_up_at_the_sixth_place(size: int, told: str) -> None:
    assert gigabytes(size) == told


def test_a_store_that_there_is_none_of_ends_the_estimate() -> None:
    with pytest.raises(Failed, match="there is no store 'nowhere'"):
        estimate(importing, {**IMPORT, "stores": "nowhere"}, stores=STORES)


def test_a_wrong_price_ends_the_estimate_and_the_task_with_the_name_of_the_option(house: House) -> None:
    house.extra["billed"] = {**STORES["disk"], "price": {**PRICE, "regoin": "x"}}
    with pytest.raises(Failed, match=r"^\[stores.billed\] price.regoin: there is no such key; did you mean region"):
        estimate(importing, {**IMPORT, "stores": "billed"}, stores=house.extra)
    done = house.trial(importing).run({**IMPORT, "stores": "billed"})
    assert (done.failure.reason, done.failure.metadata["option"]) == ("STORE_MISCONFIGURED", "price.regoin")


# ---------------------------------------------------------------------- the keys are those of the task


DATA = image(MIB)


def keys_are_the_same(trial: Trial, params: dict[str, Any]) -> set[str]:
    """Run a task, and check that what it planned is what was estimated, and is in its ledger; return the keys."""
    done = trial.run(params)
    assert done.result["name"] == params.get("to_name", params["name"])
    named = [item.what for item in estimate(trial.module, params, stores=trial.stores)]
    assert named == done.plan
    assert set(named) <= set(done.ledger)
    return set(done.ledger) - set(named)


LONG = "/".join(["a" * 99] * 5)


@pytest.mark.parametrize("name", ["x", "a/b/x", LONG], ids=["short", "deep", "long"])
def test_the_keys_of_an_import_are_those_of_its_ledger(house: House, name: str) -> None:
    url = house.sources.serve("/image", Reply(DATA))
    others = keys_are_the_same(house.trial(importing), {"source": url, "stores": ["first", "second"], "name": name})
    assert {key.partition("/")[0] for key in others} == {"staging"}
    assert all(len(key) <= 256 for key in others)


@pytest.fixture
def filled(house: House) -> House:
    """The first store has an image, put there by somebody."""
    house.folder("first").mkdir(parents=True)
    (house.folder("first") / "x").write_bytes(DATA)
    return house


def test_the_keys_of_a_clone_are_those_of_its_ledger(filled: House) -> None:
    keys_are_the_same(filled.trial(clone), {"from_store": "first", "name": "x", "to_store": "first", "to_name": "y"})


@pytest.mark.parametrize("to", ["second", "{exports}", "{exports}/~today", "{exports}/../x/link/"])
def test_the_keys_of_an_export_are_those_of_its_ledger(filled: House, tmp_path: Path, to: str) -> None:
    exports = tmp_path / "x"
    (exports / "elsewhere").mkdir(parents=True)
    (exports / "link").symlink_to("elsewhere")
    trial = filled.trial(export, export_folders=[str(exports)])
    keys_are_the_same(trial, {"store": "first", "name": "x", "to": to.format(exports=exports)})


def test_an_estimate_does_not_tell_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    [item] = estimate(export, {"store": "disk", "name": "x", "to": f"{tmp_path}/link"}, stores=STORES)
    assert item.what == f"object{tmp_path}/link/x"


def test_the_keys_of_an_export_to_a_url_are_those_of_its_ledger(filled: House) -> None:
    with Targets() as targets:
        trial = filled.trial(export, allow_targets=[targets.address])
        others = keys_are_the_same(trial, {"store": "first", "name": "x", "url": targets.url("/b/x?sig=a")})
    assert {key.partition("/")[0] for key in others} == {"delivery"}


@pytest.mark.parametrize("script", [importing, export, clone])
def test_the_scripts_declare_it(script: ModuleType) -> None:
    assert inspect(script).can_estimate
