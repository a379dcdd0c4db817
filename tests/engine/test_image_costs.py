"""Images through an engine: what keeping them costs stands in the estimate, in the ledger, and among the leftovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.engine.conftest import Pier, StartPier
from tests.servers.sources import Reply, Sources

from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import TaskState
from wharfinger_prices.price import Money, an_hour
from wharfinger_server.config import Settings
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.leftover import Leftover
from wharfinger_server.domain.policy import Policy
from wharfinger_server.engine.interface.task_view import TaskView

DATA = bytes(range(256)) * 4096
GB = "0.000977"
"""As many GB as DATA has, rounded up."""
HOURLY = Money("USD", Decimal("0.73") * an_hour("GB-Months", Decimal(GB)))
LIMIT = Policy(max_hourly_cost="1", max_hourly_currency="USD")
BILLED = {"provider": "nas", "sku": "disk"}


@pytest.fixture
def source() -> Iterator[Sources]:
    """A server that has DATA at /disk."""
    with Sources() as running:
        running.serve("/disk", Reply(DATA))
        yield running


@pytest.fixture
def settings(tmp_path: Path, source: Sources) -> Callable[..., Settings]:
    """Return settings with prices, a budget if one is given, and stores: billed, free, and one nobody knows of."""
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "nas.csv").write_text("provider,sku,unit,currency,amount\nnas,disk,GB-Months,USD,0.73\n")

    def chosen(**budget: Decimal) -> Settings:
        usual = Settings()
        budgets = {"default": budget} if budget else {}
        prices = replace(usual.prices, folder=str(folder), libcloud=False, bundled=False, budgets=budgets)
        unreachable = {"endpoint": "http://127.0.0.1:1", "region": "x", "skip_signature": True, "max_retries": 0}
        stores: dict[str, dict[str, Any]] = {
            "billed": {"url": f"file://{tmp_path}/billed", "price": BILLED},
            "disk": {"url": f"file://{tmp_path}/disk"},
            "cloud": {"url": "s3://bucket", **unreachable},
            "wrong": {"url": f"file://{tmp_path}/wrong", "price": {"provider": "nas"}},
        }
        image = {"allow_sources": [source.address], "export_folders": [str(tmp_path / "exports")]}
        server = replace(usual.server, data_dir=str(tmp_path / "data"))
        return replace(usual, prices=prices, stores=stores, packages={"image": image}, server=server)

    return chosen


@pytest.fixture
def asked(source: Sources) -> dict[str, Any]:
    """The params of an import into the billed store."""
    return {"source": source.url("/disk"), "stores": ["billed"], "name": "x", "size": len(DATA)}


async def ledger(pier: Pier, shown: TaskView) -> dict[str, Entry]:
    """Return the entries of a task by their keys."""
    entries, _ = await pier.engine.tasks.ledger(pier.caller, "default", shown.task.task_id)
    return {entry.key: entry for entry in entries}


async def test_each_image_in_the_ledger_has_the_price_of_the_estimate(
    start: StartPier, settings: Callable[..., Settings], asked: dict[str, Any], tmp_path: Path
) -> None:
    pier = await start(settings())
    made = await pier.run("image.import", params={**asked, "stores": ["billed", "disk"]}, policy=LIMIT)
    cloned = {"from_store": "disk", "name": "x", "to_store": "billed", "to_name": "y", "size": len(DATA)}
    copied = await pier.run("image.clone", params=cloned, policy=LIMIT)
    exported = await pier.run("image.export", params={"store": "disk", "name": "x", "to": f"{tmp_path}/exports"})
    for shown, keys in (
        (made, {"object/billed/x": HOURLY, "object/disk/x": Money("USD", Decimal(0))}),
        (copied, {"object/billed/y": HOURLY}),
        (exported, {f"object{tmp_path}/exports/x": Money("USD", Decimal(0))}),
    ):
        assert shown.task.state is TaskState.SUCCEEDED
        assert shown.estimate is not None
        assert {item.what: item.hourly for item in shown.estimate.items} == keys
        entries = await ledger(pier, shown)
        assert {key: entries[key].cost.hourly for key in keys} == keys  # type: ignore[union-attr]
        assert shown.estimate.unpriced == ()


async def test_what_an_import_into_several_stores_leaves_is_priced_and_what_is_unknown_is_counted(
    start: StartPier, settings: Callable[..., Settings], asked: dict[str, Any]
) -> None:
    pier = await start(settings())
    shown = await pier.run("image.import", params={**asked, "stores": ["billed", "cloud"]})
    assert shown.task.state is TaskState.PARTIALLY_FAILED
    assert shown.estimate is not None
    assert shown.estimate.unpriced == ("object/cloud/x",)
    assert shown.task.leftover == Leftover((HOURLY,), unpriced=0, uncertain=0)


@pytest.mark.parametrize("changed", [{"stores": ["cloud"]}, {"size": None}], ids=["no price", "no size"])
async def test_a_limit_refuses_an_image_whose_price_nobody_can_tell(
    start: StartPier, settings: Callable[..., Settings], asked: dict[str, Any], changed: dict[str, Any]
) -> None:
    pier = await start(settings())
    params = {key: value for key, value in {**asked, **changed}.items() if value is not None}
    with pytest.raises(FailedPrecondition) as refused:
        await pier.create("image.import", params=params, policy=LIMIT)
    assert refused.value.reason == "COST_UNPRICED"
    accepted = await pier.create("image.import", params=params, policy=replace(LIMIT, allow_unpriced=True))
    assert accepted.estimate is not None


async def test_a_sealed_url_is_estimated_and_stays_untold(
    start: StartPier, settings: Callable[..., Settings], asked: dict[str, Any]
) -> None:
    pier = await start(settings(USD=Decimal(1)))
    params = {"store": "disk", "name": "x", "url": "https://example.com/b/x?sig=hush", "headers": {"x-type": "Block"}}
    shown = await pier.create("image.export", params=params, validate_only=True)
    assert shown.estimate is not None
    assert shown.estimate.unpriced == ("upload/https://example.com/b/x",)
    assert b"hush" not in shown.estimate.to_json()


async def test_a_store_whose_price_is_wrong_is_told_where_an_estimate_is_needed_and_by_the_task(
    start: StartPier, settings: Callable[..., Settings], asked: dict[str, Any]
) -> None:
    pier = await start(settings())
    params = {**asked, "stores": ["wrong"]}
    with pytest.raises(FailedPrecondition, match=r"\[stores.wrong\] price.sku: is missing") as refused:
        await pier.create("image.import", params=params, policy=LIMIT)
    assert refused.value.reason == "CANNOT_ESTIMATE"
    shown = await pier.run("image.import", params=params)
    assert (shown.task.state, shown.task.error.reason) == (TaskState.FAILED, "STORE_MISCONFIGURED")
