"""What each format's file says, read to the last digit."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.sources.conftest import put, sample, source

import libcloud
from wharfinger_prices.price import Price, Tier
from wharfinger_prices.sdk.conformance import check, read
from wharfinger_prices.sdk.price_source import Notes

NOVEMBER = 1_793_491_200_000_000
OCTOBER = 1_790_812_800_000_000


def prices(name: str, path: Path | None = None) -> list[Price]:
    """Return the prices of a file, by default the sample."""
    return read(source(name), path or sample(name))[0]


def notes(name: str, path: Path | None = None) -> Notes:
    """Return the notes of a file, by default the sample."""
    return read(source(name), path or sample(name))[1]


def only(name: str, path: Path | None = None, **wanted: Any) -> Price:
    """Return the one price whose fields are `wanted`."""
    (found,) = [p for p in prices(name, path) if all(getattr(p, key) == value for key, value in wanted.items())]
    return found


def changed(name: str, folder: Path, *changes: tuple[str, str]) -> Path:
    """Return a copy of the sample with some text changed everywhere."""
    path = put(name, folder)
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


# ---------------------------------------------------------------------- Libcloud


def test_libcloud_s_four_shapes_are_read() -> None:
    """Regions, sizes, figures in quotes, and Google's nests."""
    figures = {(p.provider, p.region, p.sku, p.category, p.term): p.amount for p in prices("libcloud")}
    assert figures["ec2_linux", "us-east-1", "m5.large", "on-demand", ""] == Decimal("0.096")
    assert figures["gandi", "", "small", "on-demand", ""] == Decimal("0.02")
    assert figures["osc_inc_eu_west_1", "", "c1.medium", "on-demand", ""] == Decimal("0.230")
    assert figures["gce_disks", "asia-east2", "SSD", "on-demand", ""] == Decimal("0.00025555555555555553")
    assert figures["gce_instances", "us-east1", "n1/cpu", "spot", ""] == Decimal("0.006655")
    assert figures["gce_instances", "us-east1", "n1/cpu", "committed", "1yr"] == Decimal("0.019915")
    assert figures["gce_images", "", "RHEL/4vcpu or less", "on-demand", ""] is None


@pytest.mark.lengthy
def test_the_file_in_libcloud_s_package_is_read_whole() -> None:
    """Every figure in it becomes a price, a ninth of them unknown."""
    path = Path(libcloud.__file__).parent / "data" / "pricing.json"
    found, told = read(source("libcloud"), path)
    figures = _figures(json.loads(path.read_text(), parse_float=Decimal)["compute"])
    assert len(found) == len(figures) > 100_000
    assert sum(price.amount is None for price in found) == sum(not figure for figure in figures)
    assert 0.10 < sum(price.amount is None for price in found) / len(found) < 0.12
    assert Counter(price.amount for price in found if price.amount) == Counter(figure for figure in figures if figure)
    assert len(told.sections) == 54
    assert told.data_time == 1_740_936_978_000_000
    assert len({price.key for price in found}) == len(found)


def _figures(part: Any) -> list[Decimal]:
    """Return all figures of a part of Libcloud's file, however deep."""
    if not isinstance(part, dict):
        return [Decimal(part)]
    if "price" in part:
        return [Decimal(part["price"])]
    return [figure for key, below in part.items() if key != "description" for figure in _figures(below)]


def test_a_key_with_a_slash_stays_apart_from_a_path(tmp_path: Path) -> None:
    """So that the file can be written again."""
    path = changed("libcloud", tmp_path, ('"n1"', '"n1/50%"'))
    assert only("libcloud", path, category="spot").sku == "n1%2F50%25/cpu"


# ---------------------------------------------------------------------- AWS


@pytest.mark.parametrize("name", ["aws_json", "aws_csv"])
def test_aws_instances_volumes_and_addresses_have_their_names(name: str) -> None:
    """And their tiers, terms and times; what is of another tenancy or paid in advance is skipped."""
    assert set(prices(name)) == {
        Price("ec2_linux", "eu-west-1", "m5.large", "Hours", "USD", Decimal("0.107"), effective=NOVEMBER),
        Price("ec2_windows", "eu-west-1", "m5.metal", "Hours", "USD", None, effective=NOVEMBER),
        Price("ec2_ebs", "eu-west-1", "gp3", "GB-Months", "USD", Decimal("0.088"), effective=NOVEMBER),
        Price(
            "ec2_address", "eu-west-1", "ElasticIP:IdleAddress", "Hours", "USD", Decimal(0), effective=NOVEMBER,
            tiers=(Tier(Decimal(0), Decimal(0)), Tier(Decimal(1), Decimal("0.005"))),
        ),
        Price(
            "ec2_linux", "eu-west-1", "m5.large", "Hours", "USD", Decimal("0.068"), "committed", "1yr-no-upfront",
            effective=OCTOBER,
        ),
    }  # fmt: skip
    told = notes(name)
    assert told.data_time == NOVEMBER
    assert told.skipped["instances of another tenancy than shared"] == 1
    assert told.skipped["commitments with an upfront fee, which is no hourly price"] > 0


def test_aws_json_and_csv_of_the_same_offers_agree() -> None:
    """Whatever their order."""
    assert set(prices("aws_json")) == set(prices("aws_csv"))


def test_aws_prices_in_several_currencies_are_several_prices(tmp_path: Path) -> None:
    """As in the regions in China."""
    path = changed("aws_json", tmp_path, ('{"USD": "0.1070000000"}', '{"CNY": "0.78", "USD": "0.107"}'))
    found = [p for p in prices("aws_json", path) if p.sku == "m5.large" and p.category == "on-demand"]
    assert {p.currency: p.amount for p in found} == {"CNY": Decimal("0.78"), "USD": Decimal("0.107")}


def test_a_convertible_commitment_has_a_term_of_its_own(tmp_path: Path) -> None:
    """It is another offer at another price."""
    path = changed(
        "aws_json",
        tmp_path,
        ('"OfferingClass": "standard", "PurchaseOption": "No', '"OfferingClass": "convertible", "PurchaseOption": "No'),
    )
    assert only("aws_json", path, category="committed").term == "1yr-no-upfront-convertible"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"Used", "marketoption"', '"UnusedCapacityReservation", "marketoption"', "only the capacity"),
        ('"marketoption": "OnDemand", "preInstalledSw": "NA"', '"preInstalledSw": "SQL Std"', "software installed"),
        ('"marketoption": "OnDemand"', '"marketoption": "CapacityBlock"', "another market"),
        ('"No License required", "usagetype": "EU-BoxUsage:m5.l', '"Bring your own license", "usagetype": "', "brings"),
        ('"AWS Region", "instanceType": "m5.large"', '"AWS Outposts", "instanceType": "m5.large"', "Outposts"),
    ],
)  # fmt: skip
def test_what_has_the_name_of_an_instance_at_another_price_is_skipped(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    """And counted by why."""
    path = put("aws_json", tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert not [p for p in prices("aws_json", path) if p.sku == "m5.large"]
    (reason,) = [reason for reason in notes("aws_json", path).skipped if why in reason]
    assert reason


def test_other_services_are_kept_apart_by_aws_s_own_number(tmp_path: Path) -> None:
    """Because nobody knows what else tells their products apart."""
    path = changed(
        "aws_json",
        tmp_path,
        (
            '"AmazonEC2", "location": "EU (Ireland)", "locationType": "AWS Region", "volumeApiName"',
            '"AmazonEFS", "location": "EU (Ireland)", "locationType": "AWS Region", "volumeApiName"',
        ),
    )
    assert only("aws_json", path, provider="aws_amazonefs").sku == "EBS:VolumeUsage.gp3/4HNM6QX9BKJC7S2V"


# ---------------------------------------------------------------------- Azure


def test_azure_machines_disks_and_reservations_have_their_names() -> None:
    """Linux and Windows apart, units of one, tiers together, a reservation by the hour."""
    assert only("azure", provider="azure_linux", category="on-demand").amount == Decimal("0.115")
    assert only("azure", provider="azure_windows").sku == "Standard_D2s_v3"
    assert only("azure", category="spot").amount == Decimal("0.0121")
    reserved = only("azure", category="committed")
    assert (reserved.term, reserved.unit, reserved.amount) == ("1yr", "Hours", Decimal("0.068036529680365296803653"))
    stored = only("azure", sku="General Block Blob v2/Hot LRS/Hot LRS Data Stored")
    assert stored.unit == "GB-Months"
    assert stored.tiers == (Tier(Decimal(0), Decimal("0.0196")), Tier(Decimal(51200), Decimal("0.0188")))
    written = only("azure", sku="General Block Blob v2/Hot LRS/Hot LRS Write Operations")
    assert (written.unit, written.amount) == ("Units", Decimal("0.0000054"))
    assert notes("azure").skipped == {"prices of the type DevTestConsumption": 1}


def test_low_priority_and_savings_plans_are_offers_of_their_own(tmp_path: Path) -> None:
    """They don't hide the price on demand."""
    plan = '"retailPrice": 0.115, "savingsPlan": [{"retailPrice": 0.09, "unitPrice": 0.09, "term": "3 Years"}]'
    path = changed("azure", tmp_path, ("D2s v3 Spot", "D2s v3 Low Priority"), ('"retailPrice": 0.115', plan))
    assert only("azure", path, category="spot").term == "low-priority"
    assert only("azure", path, term="3yr-savings-plan").amount == Decimal("0.09")


@pytest.mark.parametrize("name", ["azure", "gcp"])
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_pages_may_be_a_folder_or_a_zip(tmp_path: Path, name: str, form: str) -> None:
    """They say the same as one file with a page a line."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, line in enumerate(sample(name).read_text().splitlines(), 1):
        (folder / f"page-{number}.json").write_text(json.dumps(json.loads(line), indent=2))
    path = folder
    if form == "zip":
        path = Path(shutil.make_archive(str(tmp_path / "pages"), "zip", folder))
        assert type(source(name)).recognises("pages.zip", path.read_bytes()[: 1 << 16])
    assert read(source(name), path) == read(source(name), sample(name))


def test_pages_in_a_folder_are_read_by_their_numbers(tmp_path: Path) -> None:
    """Page 9 before page 10."""
    one, last = sample("gcp").read_text().splitlines()
    for number in range(1, 10):
        (tmp_path / f"page-{number}.json").write_text(one.replace("AJ3xKp8", f"token-{number}"))
    (tmp_path / "page-10.json").write_text(last)
    assert len(prices("gcp", tmp_path)) == 9 * 3 + 3


def test_a_zip_without_compression_is_recognised(tmp_path: Path) -> None:
    """As one with it."""
    path = tmp_path / "pages.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.write(sample("azure"), "page.json")
    assert type(source("azure")).recognises("download", path.read_bytes()[: 1 << 16])


# ---------------------------------------------------------------------- Google Cloud


def test_google_s_skus_have_a_price_in_each_region() -> None:
    """Whole units and nanos are one figure; a free allowance is a tier; global is everywhere."""
    core = [p for p in prices("gcp") if p.sku.startswith("N1 Predefined")]
    assert {p.region for p in core} == {"us-central1", "us-east1"}
    assert {p.amount for p in core} == {Decimal("0.031611")}
    disk = only("gcp", provider="gce_storage")
    assert (disk.unit, disk.amount) == ("GiB-Months", 0)
    assert disk.tiers == (Tier(Decimal(0), Decimal(0)), Tier(Decimal(30), Decimal("0.04")))
    assert only("gcp", category="committed").term == "1yr"
    assert only("gcp", category="spot").amount == Decimal("0.006655")
    assert only("gcp", provider="gce_license").region == ""


def test_an_entry_of_the_timeline_holds_until_the_next(tmp_path: Path) -> None:
    """So a look-up finds the one that holds."""
    pages = [json.loads(line) for line in sample("gcp").read_text().splitlines()]
    timeline = pages[0]["skus"][1]["pricingInfo"]
    timeline.insert(0, json.loads(json.dumps(timeline[0])) | {"effectiveTime": "2027-01-01T00:00:00Z"})
    path = tmp_path / "gcp.jsonl"
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    first, second = sorted((p for p in prices("gcp", path) if p.category == "spot"), key=lambda p: p.effective)
    assert first.expire == second.effective > first.effective
    assert second.expire == 0


# ---------------------------------------------------------------------- OpenCost and our own


def test_opencost_s_classes_become_providers() -> None:
    """A volume's price is for a GB and hour."""
    assert {(p.provider, p.region, p.sku, p.unit, p.amount) for p in prices("opencost")} == {
        ("opencost_node", "fra1", "rack7-node2", "Hours", Decimal("0.1337")),
        ("opencost_node", "fra1", "metal.large", "Hours", None),
        ("opencost_pv", "fra1", "pvc-08e1f205-d7a9-4430-90fc-7b3965a18c4d", "GB-Hours", Decimal("0.0000685")),
        ("opencost_gpu", "", "Quadro_RTX_4000", "Hours", Decimal("0.75")),
    }


def test_our_own_two_formats_say_the_same() -> None:
    """Whichever one writes."""
    assert prices("csv") == prices("jsonl")[:-1]
    assert only("csv", free=True).amount == 0
    assert only("csv", sku="archive").tiers[1] == Tier(Decimal(1024), Decimal("0.015"))
    assert only("csv", term="1yr").source == "contract 17"


def test_a_catalogue_s_lines_are_read_as_they_were_written(tmp_path: Path) -> None:
    """So a catalogue is carried from one server to another."""
    from wharfinger_prices.catalogues.catalogue import Catalogue

    for name in ("aws_json", "azure", "gcp", "libcloud", "csv"):
        catalogue = Catalogue.of(prices(name))
        path = tmp_path / "catalog.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in catalogue.lines()))
        head = path.read_bytes()[: 1 << 16]
        assert type(source("jsonl")).recognises("anything", head)
        again = prices("jsonl", path)
        assert set(again) == set(prices(name))
        assert Catalogue.of(again).digest == catalogue.digest
        for price in again:
            check(price)
