"""Each format's malformed files and rows: the file is refused or the row left out, and what is said says where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sources.conftest import SAMPLES, put, sample, source

from wharfinger_prices.sdk.conformance import read
from wharfinger_prices.sdk.price_source import MalformedPrices


def refusal(name: str, path: Path) -> str:
    """Return the message with which the source refuses the file."""
    with pytest.raises(MalformedPrices) as refused:
        read(source(name), path)
    return str(refused.value)


def said(name: str, path: Path) -> str:
    """Return what is said of the one thing that is wrong: of the file, or of a row that is left out."""
    try:
        prices, notes = read(source(name), path)
    except MalformedPrices as error:
        return str(error)
    assert notes.fault_count == len(notes.faults) == 1
    assert all(price.amount is None or price.amount >= 0 for price in prices)
    return notes.faults[0]


# What stands in the sample, what is put there instead, and what the message must have.
CHANGES: dict[str, list[tuple[str, str, str]]] = {
    "libcloud": [
        ("0.107", "NaN", "NaN is no number of JSON"),
        ("0.107", "-Infinity", "-Infinity is no number"),
        ("0.107", "-0.107", "compute/ec2_linux/m5.large): eu-west-1: the price '-0.107' is negative"),
        ("0.107", "1e999", "'1e999' is absurd"),
        ("0.107", "1e-99", "'1e-99' is absurd"),
        ("0.107", "1e99999999", "is no price"),
        ("0.107", "true", "True is no price"),
        ("0.107", "null", "None is no price"),
        ("0.107", "[0.107]", "is no price"),
        ("0.107", '"0,107"', "'0,107' is no price"),
        ("0.107", '"1_000"', "is no price"),
        ("0.107", '"\u0661"', "is no price"),
        ('"us-east-1": 0.096', '"eu-west-1": 0.096', "the key 'eu-west-1' stands twice in one object, with different"),
        ('"eu-west-1": 0.107', '"eu\\u0000": 0.107', "characters that are no text"),
        ('"eu-west-1": 0.107', '"eu\\ud800": 0.107', "characters that are no text"),
        ("1740936978", "-1", "'-1' is no time"),
        ("1740936978", '"today"', "'today' is no time"),
        (",\n    \"updated\": 1740936978", "", "updated is missing"),
        ('"storage": {}', '"compute": {}', "'compute' stands twice"),
        ('"storage": {}', '"storage": 7', "stands where '{' must"),
        ('"gandi": {"small": 0.02}', '"gandi": 0.02', "stands where '{' must"),
        ('{"price": 0.031611, "sku": "2E27-4F75-95CD"}', "0.031611", 'there must be an object with "price"'),
        ('"preemptible": {}', '"preemptible": 3', "there must be an object"),
        ("978\n}", "978\n} {}", "there is more after the document's end"),
        ("978\n}", "978,\n}", "there must be a value"),
    ],
    "aws_json": [
        ('"v1.0"', '"v2.0"', "only v1 is known"),
        ('"0.1070000000"', '"-0.1070000000"', "is negative"),
        ('"0.1070000000"', "[]", "is no price"),
        ('"0.1070000000"', '"99999999999999"', "is absurd"),
        ('{"USD": "0.1070000000"}', "{}", "pricePerUnit is empty"),
        ('{"USD": "0.1070000000"}', '{"USD": "0.1070000000", "USD": "0.2"}', "stands twice"),
        ('{"USD": "0.1070000000"}', '{"dollars": "0.1"}', "code of three capital letters"),
        ('"effectiveDate": "2026-11-01T00:00:00Z"', '"effectiveDate": "soon"', "effectiveDate is 'soon'"),
        ('"publicationDate": "2026-11-01T00:00:00Z"', '"publicationDate": 3', "publicationDate is '3'"),
        ('"unit": "Hrs"', '"unit": ""', "the unit is empty"),
        ('    "OnDemand": {\n      "2KPB7XY3JNDH9Q4W"', '    "OnDemand": {\n      "NOSUCHPRODUCT"', "no such product"),
        ('    "5DGL4WT7VPXR8N3Z": {\n      "sku"', '    "4HNM6QX9BKJC7S2V": {\n      "sku"', "stands twice"),
        ('"instanceType": "m5.large"', '"instanceType": 5', "instanceType is"),
        ('"products": {', '"things": {', "products is missing"),
    ],
    "aws_csv": [
        ('"v1.0"', '"v3"', "of format v1"),
        ('"Hrs","0.1070000000"', '"Hrs","abc"', "line 7: 'abc' is no price"),
        ('"Hrs","0.1070000000"', '"Hrs","NaN"', "'NaN' is no price"),
        ('"Hrs","0.1070000000"', '"Hrs","-1"', "is negative"),
        ('"0.1070000000","USD"', '"0.1070000000","$"', "the currency is '$'"),
        ('"Hrs","0.1070000000","USD",""', '"Hrs","0.1070000000","USD"', "there are 27 fields, and 28 in the header"),
        ('"PricePerUnit"', '"Price"', "it has no priceperunit"),
        ('"Publication Date","2026', '"Publication Date","x2026', "Publication Date is"),
        ('"m5.large","Shared"', '"m5.large"x,"Shared"', "line 7: no CSV"),
        ('"OfferCode","AmazonEC2"\n', "", "five lines about itself"),
    ],
    "azure": [
        ('"Count": 4', '"Count": 5', "the page has 4 items, and its Count is 5"),
        ("$skip=8", "$skip=9", "a page is missing"),
        ("$skip=8", "$skip=4", "are the same page twice"),
        ("$skip=8", "$top=4", "does not tell how many items it skips"),
        ('"NextPageLink": null', '"NextPageLink": "https://prices.azure.com/?$skip=10"', "missing; fetch all pages"),
        ('retail/prices?$skip=8"', 'retail/prices"', "does not tell"),
        ('"https://prices.azure.com:443/api/retail/prices?$skip=8"', "null", "are both the last page"),
        ('"retailPrice": 0.115', '"retailPrice": -0.115', "is negative"),
        ('"retailPrice": 0.115', '"retailPrice": NaN', "NaN is no number"),
        ('"retailPrice": 0.115', '"retailPrice": "free"', "'free' is no price"),
        ('"unitOfMeasure": "1 Hour"', '"unitOfMeasure": "0 Hours"', "nothing is priced by 0 of a unit"),
        ('"unitOfMeasure": "1 Hour"', '"unitOfMeasure": "/"', "it must begin with a number"),
        ('"reservationTerm": "1 Year"', '"reservationTerm": "a while"', "the term is 'a while'"),
        ('"effectiveStartDate": "2026-06-01T00:00:00Z"', '"effectiveStartDate": null', "effectiveStartDate is 'None'"),
        ('"currencyCode": "USD"', '"currencyCode": "usd"', "has items in usd"),
    ],
    "gcp": [
        ('"nextPageToken": ""', '"nextPageToken": "more"', "pages after it are missing"),
        ('"nextPageToken": "AJ3xKp8"', '"nextPageToken": ""', "there is a page after page 1"),
        ('"nextPageToken": ""', '"nextPageToken": "AJ3xKp8"', "are the same page twice"),
        ('"nextPageToken": ""', '"nextPageToken": 7', "it must be text"),
        ('"nanos": 31611000', '"nanos": 1000000000', "nanos below 1000000000"),
        ('"nanos": 31611000', '"nanos": -31611000', "is negative"),
        ('"nanos": 31611000', '"nanos": 0.5', "they must be whole"),
        ('"units": "0"', '"units": "many"', "'many' is no units"),
        ('"usageUnit": "h"', '"usageUnit": ""', "usageUnit is empty"),
        ('"currencyCode": "USD"', '"currencyCode": ""', "the currency is ''"),
        ('"serviceRegions": ["us-central1"]', '"serviceRegions": "us-central1"', "must be an array"),
        ('"skus": [', '"items": [', "skus is missing"),
    ],
    "opencost": [
        ("0.1337", "cheap", "line 2: 'cheap' is no price"),
        ("0.1337", "-0.1337", "is negative"),
        ("0.1337", "inf", "is no price"),
        (",node,metadata.name", ",toaster,metadata.name", "AssetClass is 'toaster'"),
        ("rack7-node2", "", "InstanceID is empty"),
        (",v1\n,metal", "\n,metal", "line 2: there are 7 fields, and 8 in the header"),
        ("MarketPriceHourly", "Price", "not OpenCost's header"),
    ],
    "csv": [
        ("0.12", "1e400", "line 2: the amount '1e400' is absurd"),
        ("0.12", "-1", "is negative"),
        ("0.12", "0", "say free (true) if it costs nothing, or leave the amount out if it is unknown"),
        ("EUR,0.12", "Euro,0.12", "the currency is 'Euro'"),
        (",amount,", ",ammount,", "did you mean amount?"),
        (",amount,", ",unit,", "the field unit is there twice"),
        ("sku,", "term,", "the field"),
        (",true,", ",maybe,", "free is 'maybe'"),
        ("EUR,0,,,true", "EUR,0.5,,,true", "the amount must be 0"),
        ("committed", "someday", "category is 'someday'"),
        ("0:0.02 1024:0.015", "0-0.02", "must be quantity:amount"),
        ("0:0.02 1024:0.015", "10:0.02 1024:0.015", "tiers must begin at 0"),
        ("2027-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "expire is not after effective"),
        ("onprem,fra1,m.large,Hours,EUR,0.12", ",fra1,m.large,Hours,EUR,0.12", "provider is empty"),
    ],
    "jsonl": [
        ('"0.12"}', '"0.12"', "line 1: "),
        ('"0.12"}', '"0.12"} {}', "there is more after the value's end"),
        ('"0.12"', "NaN", "NaN is no number"),
        ('"0.12"', "{}", "is no price"),
        ('"0.12"', '"0.12", "amount": "0.13"', "stands twice"),
        ('"0.12"', '"0.12", "colour": "red"', "the field 'colour' is unknown"),
        ('"free": true', '"free": "yes"', "free is 'yes'"),
        ('"amount": 0, "free": true', '"amount": 0', "line 4: amount is 0: say free"),
        ('[{"from_quantity": "0", "amount": "0.02"}', "[3", "tiers must be an array of objects"),
        ('0,["0.13",0,0,"csv"]', '0,["0.13",2,0,"csv"]', "free is '2'"),
        ('0,["0.13",0,0,"csv"]', '0,["0.13",0,0]', "no line of a catalogue"),
        ('0,["0.13",0,0,"csv"]', '"now",["0.13",0,0,"csv"]', "a time is 'now'"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, changes in CHANGES.items() for change in changes], ids=str
)
def test_what_is_wrong_is_said(tmp_path: Path, name: str, change: tuple[str, str, str]) -> None:
    """Of one wrong place in a good file."""
    old, new, why = change
    text = sample(name).read_text()
    assert old in text
    path = tmp_path / SAMPLES[name]
    path.write_text(text.replace(old, new, 1))
    message = said(name, path)
    assert why in message
    assert "line " in message or "byte " in message or "page" in message or "SKU" in message or "azure_" in message


def test_bytes_that_are_no_text_are_refused_at_their_place(tmp_path: Path) -> None:
    """The byte is counted from the file's beginning."""
    path = put("libcloud", tmp_path)
    whole = path.read_bytes()
    at = whole.index(b"us-east-1")
    path.write_bytes(whole[:at] + b"\xe9" + whole[at + 1 :])
    assert refusal("libcloud", path).startswith(f"at byte {at}: what stands there is not UTF-8")


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    """Without reading all of it into memory."""
    path = tmp_path / "own.csv"
    path.write_bytes(b"provider,region,sku,unit,currency,amount\n" + b"x" * (3 << 20))
    assert refusal("csv", path) == "line 2: it is longer than 1048576 bytes"


def test_one_value_without_an_end_is_refused(tmp_path: Path) -> None:
    """However long a text goes on."""
    path = tmp_path / "pricing.json"
    path.write_bytes(b'{"compute": {"ec2_linux": {"m5.large": "' + b"0" * (9 << 20))
    assert "one value has more than" in refusal("libcloud", path)


def test_deep_nesting_within_a_value_is_refused(tmp_path: Path) -> None:
    """As a malformed file, not as an error of the interpreter."""
    path = tmp_path / "pricing.json"
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    path.write_text('{"compute": {"ec2_linux": {"m5.large": ' + deep + '}}, "updated": 1}')
    assert "nested too deeply" in refusal("libcloud", path)


def _pages(folder: Path, pages: list[dict[str, Any]], names: list[str]) -> Path:
    folder.mkdir()
    for page, name in zip(pages, names, strict=True):
        (folder / name).write_text(json.dumps(page))
    return folder


def _sample_pages(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sample(name).read_text().splitlines()]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_an_azure_page_that_is_missing_is_noticed_whichever_it_is(tmp_path: Path, missing: int) -> None:
    """The first, one in between, the last."""
    pages = _sample_pages("azure")
    del pages[missing]
    assert "missing" in refusal(
        "azure", _pages(tmp_path / "pages", pages, [f"page-{n}.json" for n in (1, 2, 3) if n != missing + 1])
    )


def test_azure_pages_in_two_currencies_are_refused(tmp_path: Path) -> None:
    """They are not of one answer."""
    pages = _sample_pages("azure")
    pages[1]["BillingCurrency"] = "EUR"
    assert "the page is in EUR, the others are in USD" in refusal(
        "azure", _pages(tmp_path / "pages", pages, ["1.json", "2.json", "3.json"])
    )


def test_a_google_page_that_is_missing_is_noticed_by_the_numbers_of_the_files(tmp_path: Path) -> None:
    """Since the pages themselves do not tell."""
    one, last = _sample_pages("gcp")
    other = one | {"nextPageToken": "second"}
    folder = _pages(tmp_path / "pages", [one, other, last], ["page-1.json", "page-3.json", "page-4.json"])
    assert "between page-1.json and page-3.json a page is missing" in refusal("gcp", folder)


def test_a_damaged_zip_of_pages_is_refused(tmp_path: Path) -> None:
    """Its own sums tell."""
    import zipfile

    path = tmp_path / "pages.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(sample("gcp"), "page-1.json")
    whole = path.read_bytes()
    path.write_bytes(whole[:300] + bytes(40) + whole[340:])
    assert refusal("gcp", path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """No page is no prices."""
    (tmp_path / "pages").mkdir()
    assert "missing" in refusal("gcp", tmp_path / "pages")
    assert "missing" in refusal("azure", tmp_path / "pages")
