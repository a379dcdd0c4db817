"""Sources side by side: each has its own active catalogue, is compared with its own kind, and goes back alone."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from tests.pricing.conftest import OpenPricing
from tests.pricing.making import document, line, many

from wharfinger_prices.errors import FailedPrecondition, NotFound, Refused
from wharfinger_prices.folder_record import FILE, FolderRecord
from wharfinger_prices.price_book import PriceBook
from wharfinger_server.pricing import Catalog, ImportRequest, Pricing
from wharfinger_server.pricing.estimating import Wanted, estimate

SAMPLES = Path(__file__).parents[1] / "sources" / "samples"


def azure(region: str, *figures: str) -> bytes:
    """Return a complete answer of Azure's for one region, as JSON Lines of one page."""
    items = [
        {
            "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": float(figure), "unitPrice": float(figure),
            "armRegionName": region, "effectiveStartDate": "2026-01-01T00:00:00Z", "meterName": f"D{n}",
            "productName": "Virtual Machines Dsv3 Series", "skuName": f"D{n}", "serviceName": "Virtual Machines",
            "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True,
            "armSkuName": f"Standard_D{n}",
        }
        for n, figure in enumerate(figures)
    ]  # fmt: skip
    page = {"BillingCurrency": "USD", "Items": items, "NextPageLink": None, "Count": len(items)}
    return json.dumps(page).encode() + b"\n"


async def bring(pricing: PriceBook, data: bytes, name: str = "prices.jsonl", **more: object) -> Catalog:
    request = ImportRequest(**{"activate": True, "actor": "ann", "file_name": name} | more)  # type: ignore[arg-type]
    return await pricing.import_file(io.BytesIO(data), request)


async def amount(pricing: PriceBook, provider: str, region: str, sku: str) -> tuple[Decimal | None, str]:
    found = (await pricing.current()).price(provider, region, sku)
    return found.price.amount, found.price.source


async def everything(pricing: PriceBook) -> dict[str, Catalog]:
    """Bring libcloud's, AWS's, Azure's of two regions, Google's and own prices; return them by source."""
    found = [
        await bring(pricing, (SAMPLES / "libcloud.json").read_bytes(), "pricing.json"),
        await bring(pricing, (SAMPLES / "aws.csv").read_bytes(), "aws.csv"),
        await bring(pricing, azure("eastus", "0.1", "0.2"), "azure.jsonl"),
        await bring(pricing, azure("westeurope", "0.3", "0.4"), "azure.jsonl"),
        await bring(pricing, (SAMPLES / "gcp.jsonl").read_bytes(), "gcp.jsonl"),
        await bring(pricing, document([line("ours", "0.5")]), "own.jsonl"),
    ]
    return {one.source: one for one in found}


async def test_the_order_of_the_guide_works_update_from_libcloud_and_then_import_from_aws(pricing: Pricing) -> None:
    libcloud = await bring(pricing, (SAMPLES / "libcloud.json").read_bytes(), "pricing.json")
    aws = await bring(pricing, (SAMPLES / "aws.csv").read_bytes(), "aws.csv")
    assert (libcloud.source, aws.source.partition(":")[0]) == ("libcloud", "aws_ec2")
    assert [one.digest for one in await pricing.active()] == [libcloud.digest, aws.digest]


async def test_all_sources_are_active_together_each_by_its_name(pricing: Pricing) -> None:
    found = await everything(pricing)
    assert len(found) == 6
    assert {"libcloud", "azure:eastus", "azure:westeurope", "jsonl"} <= set(found)
    assert all(one.active for one in found.values())
    assert [one.precedence for one in await pricing.active()] == [1, 2, 3, 4, 5, 6]
    assert await amount(pricing, "azure_linux", "eastus", "Standard_D1") == (Decimal("0.2"), "azure:eastus")
    assert await amount(pricing, "azure_linux", "westeurope", "Standard_D1") == (Decimal("0.4"), "azure:westeurope")
    assert await amount(pricing, "onprem", "fra", "ours") == (Decimal("0.5"), "jsonl")


async def test_each_is_updated_quarantined_and_rolled_back_alone(pricing: Pricing) -> None:
    found = await everything(pricing)
    others = {digest for source, digest in ((s, c.digest) for s, c in found.items()) if source != "azure:eastus"}
    newer = await bring(pricing, azure("eastus", "0.11", "0.2"), "azure.jsonl")
    assert newer.source == "azure:eastus"
    assert newer.diff is not None
    assert (newer.diff.raised, newer.diff.removed) == (1, 0)
    with pytest.raises(FailedPrecondition, match="moved by more than half"):
        await bring(pricing, azure("eastus", "9", "0.2"), "azure.jsonl")
    assert await amount(pricing, "azure_linux", "eastus", "Standard_D0") == (Decimal("0.11"), "azure:eastus")
    await pricing.activate(found["azure:eastus"].digest, "bob", "back")
    assert await amount(pricing, "azure_linux", "eastus", "Standard_D0") == (Decimal("0.1"), "azure:eastus")
    assert {one.digest for one in await pricing.active()} == others | {found["azure:eastus"].digest}
    told = await pricing.activations(source="azure:eastus")
    assert [(one.actor, one.source) for one in told] == [("bob", "azure:eastus")] + [("ann", "azure:eastus")] * 2
    assert [one.source for one in await pricing.catalogs(source="jsonl")] == ["jsonl"]


async def test_an_old_estimate_replays_whatever_source_moved_since(pricing: Pricing) -> None:
    await everything(pricing)
    wanted = [
        Wanted("a", "azure_linux", "Standard_D0", "eastus"),
        Wanted("b", "azure_linux", "Standard_D1", "westeurope"),
        Wanted("c", "onprem", "ours", "fra"),
    ]
    before = estimate(wanted, await pricing.current(), 1_800_000_000_000_000)
    await bring(pricing, azure("eastus", "0.12", "0.2"), "azure.jsonl")
    await bring(pricing, document([line("ours", "0.51")]), "own.jsonl")
    now = estimate(wanted, await pricing.current(), 1_800_000_000_000_000)
    assert now.digest != before.digest
    assert now.hourly != before.hourly
    again = estimate(wanted, await pricing.stack_of(before.digest), 1_800_000_000_000_000)
    assert again == before


async def test_a_source_that_comes_later_changes_no_answer_until_the_operator_names_it_first(
    open_pricing: OpenPricing, without_bundled: None
) -> None:
    pricing = await open_pricing()
    await bring(pricing, document([line("both", "1"), line("unknown", None)]))
    await bring(pricing, document([line("both", "2"), line("unknown", "3"), line("new", "4")]), source="later:x")
    assert await amount(pricing, "onprem", "fra", "both") == (Decimal(1), "jsonl")
    assert await amount(pricing, "onprem", "fra", "unknown") == (Decimal(3), "later:x")
    stack = await pricing.current()
    assert stack.price("onprem", "fra", "both", source="later:x").price.amount == Decimal(2)
    pricing = await open_pricing(order=["later"])
    assert await amount(pricing, "onprem", "fra", "both") == (Decimal(2), "later:x")
    assert [(one.source, one.precedence) for one in await pricing.active()] == [("later:x", 1), ("jsonl", 2)]


async def test_the_same_prices_are_of_one_source_only(pricing: Pricing) -> None:
    own = document([line("x", "1", source="contract 17")])
    first = await bring(pricing, own)
    assert (await bring(pricing, own)).digest == first.digest
    with pytest.raises(Refused, match="of the source 'jsonl'"):
        await bring(pricing, own, source="another")


async def test_a_source_without_an_active_catalogue_is_told(pricing: Pricing) -> None:
    await bring(pricing, many(3))
    assert (await pricing.catalog("active", "jsonl")).active
    with pytest.raises(NotFound, match="active catalogue of the source 'gcp'"):
        await pricing.catalog("active", "gcp")


# ---------------------------------------------------------------------- what was there before there were sources


async def test_a_database_of_before_keeps_what_was_active_and_the_next_import_goes_on_with_it(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path
) -> None:
    pricing = await open_pricing()
    first = await bring(pricing, document([line("gone", "1")]))
    old = await bring(pricing, azure("eastus", "0.1", "0.2"), "azure.jsonl")
    database = sa.create_engine(f"sqlite:///{tmp_path / 'data' / 'wharfinger.db'}")
    await open_pricing()  # the writer is closed
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM meta WHERE name LIKE 'active_catalog/%'")
        for digest, doc in connection.exec_driver_sql("SELECT digest, doc FROM catalogs").all():
            said = {key: value for key, value in orjson.loads(doc).items() if key not in {"source", "sha256"}}
            connection.exec_driver_sql("UPDATE catalogs SET doc = ? WHERE digest = ?", (orjson.dumps(said), digest))
    pricing = await open_pricing()
    assert [(one.source, one.digest) for one in await pricing.active()] == [("azure", old.digest)]
    with pytest.raises(NotFound):
        (await pricing.current()).price("onprem", "fra", "gone")
    newer = await bring(pricing, azure("eastus", "0.11", "0.2"), "azure.jsonl")
    assert (newer.source, newer.diff is not None) == ("azure", True)
    other = await bring(pricing, azure("westeurope", "7", "0.2"), "azure.jsonl")
    assert other.source == "azure:westeurope"
    assert [one.digest for one in await pricing.active()] == [newer.digest, other.digest]
    await pricing.activate(first.digest, "ann")
    assert len(await pricing.active()) == 3


async def test_a_record_file_of_before_keeps_what_was_active(
    open_pricing: OpenPricing, without_bundled: None, tmp_path: Path, registry: object
) -> None:
    folder = tmp_path / "record"
    record = FolderRecord(folder)
    pricing = await open_pricing()
    settings = pricing._settings  # the same as the server's, with another record
    from wharfinger_prices.registry import load_sources, usable

    book = PriceBook(record, usable(load_sources()), settings)
    await bring(book, document([line("gone", "1")]))
    old = await bring(book, azure("eastus", "0.1", "0.2"), "azure.jsonl")
    told = json.loads((folder / FILE).read_text())
    del told["active"]
    for one in told["catalogs"]:
        del one["source"], one["sha256"], one["precedence"]
    for one in told["activations"]:
        del one["source"]
    (folder / FILE).write_text(json.dumps(told))
    assert [(one.source, one.digest) for one in await book.active()] == [("azure", old.digest)]
    newer = await bring(book, azure("eastus", "0.11", "0.2"), "azure.jsonl")
    other = await bring(book, many(3))
    assert [one.digest for one in await book.active()] == [newer.digest, other.digest]


async def test_two_answers_of_azures_packed_as_zips_are_two_scopes(pricing: Pricing, tmp_path: Path) -> None:
    for region in ("eastus", "westeurope"):
        packed = tmp_path / f"{region}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("page-1.json", azure(region, "0.1"))
        found = await pricing.import_file(packed, ImportRequest(activate=True, actor="ann"))
        assert found.source == f"azure:{region}"
        shutil.move(packed, tmp_path / "packed.zip")
    assert len(await pricing.active()) == 2
