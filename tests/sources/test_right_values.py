"""Files of which a plain reading gives a wrong figure: each has the right one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.sources.conftest import put, sample, source

from wharfinger_prices.catalogues.vetting import Vetting
from wharfinger_prices.price import Money, Price, Tier, hourly
from wharfinger_prices.reading.aws_products import product_of
from wharfinger_prices.reading.units import azure_unit
from wharfinger_prices.sdk.conformance import read
from wharfinger_prices.sdk.price_source import MalformedPrices, Notes

LATE = "2099-06-01T00:00:00Z"
MACHINE = '"currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": 0.115'


def found(name: str, path: Path) -> list[Price]:
    """Return the prices of a file, each as an import would take it."""
    vetting = Vetting()
    return [vetting.vet(price) for price in read(source(name), path)[0]]


def refusal(name: str, path: Path) -> str:
    """Return the message with which the source refuses the file."""
    with pytest.raises(MalformedPrices) as refused:
        read(source(name), path)
    return str(refused.value)


def changed(name: str, folder: Path, old: str, new: str) -> Path:
    """Return a copy of the sample with its first `old` changed."""
    path = put(name, folder)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def own(folder: Path, *rows: str) -> Path:
    """Return a file of one's own with these rows."""
    path = folder / "own.csv"
    path.write_text("\n".join(["provider,sku,unit,currency,amount,tiers", *rows, ""]))
    return path


# ---------------------------------------------------------------------- Units of time


@pytest.mark.parametrize(
    ("unit", "amount"),
    [
        ("Hours", "0.036"), ("Minutes", "0.0006"), ("Seconds", "0.00001"), ("Months", "26.28"), ("Month", "26.28"),
        ("hour", "0.036"), ("Day", "0.864"), ("Days", "0.864"), ("Year", "315.36"),
    ],
)  # fmt: skip
def test_one_machine_costs_the_same_an_hour_however_its_unit_of_time_is_written(
    tmp_path: Path, unit: str, amount: str
) -> None:
    """Seconds and minutes are parts of an hour, and `Month` is one unit with `Months`."""
    (price,) = found("csv", own(tmp_path, f"acme,m,{unit},USD,{amount},"))
    cost = hourly(price, Decimal(1))
    assert cost is not None
    assert abs(cost.amount - Decimal("0.036")) < Decimal("1e-15")


def test_what_is_held_and_priced_by_the_second_is_held_for_all_of_an_hour(tmp_path: Path) -> None:
    """A GB-Second is a 3600th of a GB-Hour."""
    (price,) = found("csv", own(tmp_path, "acme,memory,GB-Second,USD,0.001,"))
    assert price.unit == "GB-Seconds"
    assert hourly(price, Decimal(2)) == Money("USD", Decimal("7.2"))


@pytest.mark.parametrize(
    ("written", "count", "unit"),
    [
        ("1 Hour", "1", "Hours"), ("100 Hours", "100", "Hours"), ("1 GB/Month", "1", "GB-Months"),
        ("10K", "10000", "Units"),
        ("1/Month", "1", "Months"), ("1/10 Days", "0.1", "Days"), ("10000s", "10000", "Units"), ("Hours", "1", "Hours"),
        ("GB", "1", "GB"), ("Days", "1", "Days"), ("Units", "1", "Units"), ("Minute(s)", "1", "Minutes"),
        ("Gb / Month", "1", "Gb-Months"), ("1 Second", "1", "Seconds"),
    ],
)  # fmt: skip
def test_azure_s_units_are_read_with_their_count_and_fraction(written: str, count: str, unit: str) -> None:
    """A unit without a number is one of it, and `1/10` is a tenth."""
    assert azure_unit(written) == (Decimal(count), unit)


def test_a_price_for_a_third_of_a_month_is_three_times_that_for_a_month(tmp_path: Path) -> None:
    """Exact, though a third is no decimal number."""
    path = changed("azure", tmp_path, '"unitOfMeasure": "1 Hour"', '"unitOfMeasure": "1/3 Months"')
    (price,) = [p for p in found("azure", path) if p.unit == "Months" and p.provider == "azure_linux"]
    assert price.amount == Decimal("0.345")


# ---------------------------------------------------------------------- Azure


def doubled(folder: Path, *changes: tuple[str, str]) -> Path:
    """Return the sample with its first item a second time, changed."""
    path = put("azure", folder)
    text = path.read_text()
    begin = text.index("{" + MACHINE)
    item = other = text[begin : text.index("}", begin) + 1]
    for old, new in changes:
        assert old in other
        other = other.replace(old, new)
    # The pages tell how many items they have and skip.
    text = text.replace(item, f"{item}, {other}", 1).replace('"Count": 4', '"Count": 5', 1)
    path.write_text(text.replace("$skip=8", "$skip=9").replace("$skip=4", "$skip=5"))
    return path


@pytest.mark.parametrize("day", ["2026-06-01", "2026-07-01"])
@pytest.mark.parametrize("words", ["Dsv3 Series Cloud Services", "Virtual Machines Dsv3 Series CloudServices"])
def test_a_machine_of_cloud_services_is_no_virtual_machine(tmp_path: Path, words: str, day: str) -> None:
    """It has a machine's armSkuName at another price."""
    path = doubled(
        tmp_path, ("Virtual Machines Dsv3 Series", words), ('"retailPrice": 0.115', '"retailPrice": 0.3'),
        ("2026-06-01", day),
    )  # fmt: skip
    machines = [p.amount for p in found("azure", path) if p.provider == "azure_linux" and p.category == "on-demand"]
    assert machines == [Decimal("0.115")]


@pytest.mark.parametrize("day", ["2026-06-01", "2026-07-01"])
def test_a_secondary_meter_gives_way_to_the_primary_one(tmp_path: Path, day: str) -> None:
    """Whichever began later."""
    path = doubled(
        tmp_path, ('"isPrimaryMeterRegion": true', '"isPrimaryMeterRegion": false'),
        ('"retailPrice": 0.115', '"retailPrice": 0.121'), ("2026-06-01", day),
    )  # fmt: skip
    machines = [p.amount for p in found("azure", path) if p.provider == "azure_linux" and p.category == "on-demand"]
    assert machines == [Decimal("0.115")]


def test_a_secondary_meter_counts_where_it_is_alone(tmp_path: Path) -> None:
    """Older sizes have no other."""
    path = put("azure", tmp_path)
    path.write_text(path.read_text().replace('"isPrimaryMeterRegion": true', '"isPrimaryMeterRegion": false'))
    assert [p.amount for p in found("azure", path)] == [p.amount for p in found("azure", sample("azure"))]


def test_items_in_another_currency_than_the_page_says_are_refused(tmp_path: Path) -> None:
    """One of them is wrong, and nobody knows which."""
    path = changed("azure", tmp_path, '"currencyCode": "USD"', '"currencyCode": "EUR"')
    assert "USD" in refusal("azure", path)
    assert "EUR" in refusal("azure", path)


@pytest.mark.parametrize("unit", ["Unassigned", "Text"])
def test_what_is_priced_by_no_unit_is_left_out_and_counted(tmp_path: Path, unit: str) -> None:
    """The others are read."""
    path = changed("azure", tmp_path, '"unitOfMeasure": "1 Hour"', f'"unitOfMeasure": "{unit}"')
    prices, notes = read(source("azure"), path)
    assert len(prices) == len(read(source("azure"), sample("azure"))[0]) - 1
    assert notes.skipped["prices of no unit"] == 1


# ---------------------------------------------------------------------- AWS


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Neither the first nor the last is a guess worth a price."""
    path = changed("aws_csv", tmp_path, '"Unit"', '"PricePerUnit"')
    assert "twice" in refusal("aws_csv", path)


@pytest.mark.parametrize(("end", "what"), [("2", "overlap"), ("0.5", "gap")])
@pytest.mark.parametrize(
    ("name", "old", "new"), [("aws_csv", '"0","1",', '"0","{}",'), ("aws_json", '"endRange": "1"', '"endRange": "{}"')]
)
def test_what_has_ranges_that_overlap_or_leave_a_gap_is_left_out(
    tmp_path: Path, name: str, old: str, new: str, end: str, what: str
) -> None:
    """Each must end where the next one begins."""
    path = changed(name, tmp_path, old, new.format(end))
    prices, notes = read(source(name), path)
    assert (what, notes.fault_count) == (what, 1)
    assert f"ends at {end}" in notes.faults[0]
    assert not [price for price in prices if price.tiers]


@pytest.mark.parametrize("name", ["aws_csv", "aws_json"])
def test_tiers_may_begin_at_billions_of_units(tmp_path: Path, name: str) -> None:
    """The limit for amounts is none for quantities: AWS Lambda's tiers begin at 6,000,000,000 GB-seconds."""
    path = put(name, tmp_path)
    text = path.read_text()
    changes = {
        "aws_csv": [('"0","1",', '"0","6000000000",'), ('"1","Inf"', '"6000000000","Inf"')],
        "aws_json": [
            ('"endRange": "1"', '"endRange": "6000000000"'), ('"beginRange": "1"', '"beginRange": "6000000000"'),
        ],
    }  # fmt: skip
    for old, new in changes[name]:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    (price,) = [p for p in found(name, path) if p.tiers]
    assert price.tiers[1].from_quantity == Decimal(6_000_000_000)


def test_own_tiers_may_begin_at_billions_of_units(tmp_path: Path) -> None:
    """In files of one's own too."""
    (price,) = found("csv", own(tmp_path, "acme,f,GB-Seconds,USD,0.2,0:0.2 6000000000:0.1"))
    assert price.tiers == (Tier(Decimal(0), Decimal("0.2")), Tier(Decimal(6_000_000_000), Decimal("0.1")))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("TimedStorage-SIA-ByteHrs", "TimedStorage-SIA-ByteHrs"),
        ("TimedStorage-ZIA-ByteHrs", "TimedStorage-ZIA-ByteHrs"),
        ("TimedStorage-GDA-ByteHrs", "TimedStorage-GDA-ByteHrs"),
        ("EUW2-TimedStorage-SIA-ByteHrs", "TimedStorage-SIA-ByteHrs"),
        ("EUW2-TimedStorage-ByteHrs", "TimedStorage-ByteHrs"),
    ],
)
def test_only_what_a_usage_type_begins_with_is_its_region(written: str, kept: str) -> None:
    """A storage class in its middle is a part of the name."""
    region = "eu-west-2" if written.startswith("EUW2-") else "us-east-1"
    told = {"servicecode": "AmazonS3", "usagetype": written, "regionCode": region}
    assert product_of(told, "Storage", "SKU").sku == kept


@pytest.mark.parametrize(
    ("region", "written", "kept"),
    [
        ("ap-southeast-1", "APS1-TimedStorage-ByteHrs", "TimedStorage-ByteHrs"),
        ("ap-southeast-1", "APS4-TimedStorage-ByteHrs", "APS4-TimedStorage-ByteHrs"),
        ("ap-southeast-3", "APS4-TimedStorage-ByteHrs", "TimedStorage-ByteHrs"),
        ("eu-west-1", "EU-TimedStorage-ByteHrs", "TimedStorage-ByteHrs"),
        ("xx-new-1", "XXN1-TimedStorage-ByteHrs", "TimedStorage-ByteHrs"),
    ],
)
def test_a_region_has_both_of_two_products_with_two_prefixes(region: str, written: str, kept: str) -> None:
    """Its own has the plain name, the other keeps its sign; of regions that are not known nothing is."""
    told = {"servicecode": "AmazonS3", "usagetype": written, "regionCode": region}
    assert product_of(told, "Storage", "SKU")[:3] == ("s3", region, kept)


@pytest.mark.parametrize("written", ["CW:GMD-Metrics", "us-east-1-KMS-Requests"])
def test_a_usage_type_of_another_service_keeps_its_name(written: str) -> None:
    """Nothing in its middle is taken for a region."""
    told = {"servicecode": "AmazonCloudWatch", "usagetype": written, "regionCode": "us-east-1"}
    assert product_of(told, "Metric", "SKU").sku == f"{written}/SKU"


# ---------------------------------------------------------------------- Google Cloud


def test_a_sku_without_prices_is_left_out_and_counted(tmp_path: Path) -> None:
    """The others are read."""
    path = put("gcp", tmp_path)
    before = found("gcp", path)
    text = path.read_text()
    begin = text.index('"pricingInfo": [') + len('"pricingInfo": ')
    depth, end = 0, begin
    for end in range(begin, len(text)):
        depth += {"[": 1, "]": -1}.get(text[end], 0)
        if not depth:
            break
    path.write_text(text[:begin] + "[]" + text[end + 1 :])
    after, notes = read(source("gcp"), path)
    assert 0 < len(after) < len(before)
    assert notes.skipped["SKUs without a rate"] >= 1


def test_a_price_announced_for_later_does_not_make_data_newer(tmp_path: Path) -> None:
    """Data is as old as its newest price in force."""
    path = put("gcp", tmp_path)
    text = path.read_text()
    at = text.index('"effectiveTime": "')
    one = text[at : text.index('"', at + len('"effectiveTime": "')) + 1]
    path.write_text(text.replace(one, f'"effectiveTime": "{LATE}"', 1))
    told: Notes = read(source("gcp"), path)[1]
    assert told.data_time <= read(source("gcp"), sample("gcp"))[1].data_time


# ---------------------------------------------------------------------- the file's fault, and a row's


def left_out(name: str, path: Path) -> tuple[list[Price], list[str]]:
    """Return the prices of a file and what is said of the rows that were left out."""
    prices, notes = read(source(name), path)
    return prices, notes.faults


def test_a_rate_of_google_s_without_units_is_a_row_s_fault(tmp_path: Path) -> None:
    """The other SKUs are read."""
    prices, (fault,) = left_out("gcp", changed("gcp", tmp_path, '"units": "0"', '"units": null'))
    assert "None is no price" in fault
    assert 0 < len(prices) < len(read(source("gcp"), sample("gcp"))[0])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("aws_json", '"beginRange": "1"', '"beginRange": "0"'),
        ("aws_csv", '"1","Inf"', '"0","100"'),
        ("azure", '"tierMinimumUnits": 51200.0', '"tierMinimumUnits": 0.0'),
        ("gcp", '"startUsageAmount": 30', '"startUsageAmount": 0'),
    ],
)
def test_a_quantity_with_two_costs_makes_that_one_name_ambiguous(tmp_path: Path, name: str, old: str, new: str) -> None:
    """Neither the first nor the last is a guess worth a price; all others are read."""
    prices = found(name, changed(name, tmp_path, old, new))
    (disputed,) = [price for price in prices if price.disputed]
    assert len({tier.amount for tier in disputed.tiers}) == 2
    assert len(prices) == len(found(name, sample(name)))


def test_the_columns_of_opencost_s_file_may_stand_in_any_order_with_remarks_and_empty_prices(tmp_path: Path) -> None:
    """It is read by the names of columns, as OpenCost does."""
    rows = [line.split(",") for line in sample("opencost").read_text().splitlines()]
    path = tmp_path / "prices.csv"
    path.write_text("# ours\n" + "".join(",".join(reversed(row)) + "\n# checked\n" for row in rows))
    assert source("opencost").recognises(path.name, path.read_bytes())
    assert found("opencost", path) == found("opencost", sample("opencost"))
    path.write_text(path.read_text().replace("0.1337", ""))
    unknown = [price for price in found("opencost", path) if price.amount is None]
    assert len(unknown) == 1 + len([price for price in found("opencost", sample("opencost")) if price.amount is None])


def test_remarks_in_a_file_of_one_s_own_are_passed_over(tmp_path: Path) -> None:
    """Before the header and after it."""
    path = own(tmp_path, "# by the month", "acme,m,Hours,USD,0.5,")
    path.write_text("# prices of ours\n" + path.read_text())
    assert source("csv").recognises(path.name, path.read_bytes())
    assert [price.amount for price in found("csv", path)] == [Decimal("0.5")]


def test_the_terms_of_an_aws_file_may_stand_before_its_products(tmp_path: Path) -> None:
    """It is read twice then."""
    told = json.loads(sample("aws_json").read_text())
    path = tmp_path / "offers.json"
    path.write_text(json.dumps({"formatVersion": told.pop("formatVersion"), "terms": told.pop("terms"), **told}))
    assert sorted(found("aws_json", path)) == sorted(found("aws_json", sample("aws_json")))


@pytest.mark.parametrize(
    ("entry", "where"),
    [('{"price": 0.5, "sku": "X"}', ""), ('{"fra": {"price": 0.5, "sku": "X"}}', "fra"), ('{"fra": "0.5"}', "fra")],
)
def test_an_entry_of_libcloud_s_file_decides_its_shape_not_its_section(tmp_path: Path, entry: str, where: str) -> None:
    """Whatever the section is called."""
    path = changed("libcloud", tmp_path, '"gandi": {"small": 0.02}', f'"gandi": {{"small": {entry}}}')
    (price,) = [price for price in found("libcloud", path) if price.provider == "gandi"]
    assert (price.region, price.sku, price.amount) == (where, "small", Decimal("0.5"))


def test_one_bad_region_of_libcloud_s_file_leaves_the_others(tmp_path: Path) -> None:
    """Of the same size, too."""
    prices, (fault,) = left_out("libcloud", changed("libcloud", tmp_path, "0.107", "null"))
    assert "ec2_linux/m5.large): eu-west-1: None is no price" in fault
    assert len(prices) == len(found("libcloud", sample("libcloud"))) - 1


def test_amounts_are_absurd_by_their_currency(tmp_path: Path) -> None:
    """Ten petabytes reserved cost thirteen billion won, and not as many dollars."""
    (price,) = found("csv", own(tmp_path, "acme,store,Years,KRW,13035960000.5,"))
    assert price.amount == Decimal("13035960000.5")
    with pytest.raises(MalformedPrices, match="absurd"):
        found("csv", own(tmp_path, "acme,store,Years,USD,13035960000.5,"))
