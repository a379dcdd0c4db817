"""Price files of any size, made by a program: the same for the same size, each price there once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any

REGIONS = [
    f"{area}-{side}-{number}" for area in ("us", "eu", "ap") for side in ("east", "west") for number in range(1, 6)
]
NAMES = {
    "libcloud": "pricing.json",
    "aws_json": "index.json",
    "aws_csv": "index.csv",
    "azure": "azure.jsonl",
    "gcp": "gcp.jsonl",
    "opencost": "opencost.csv",
    "csv": "own.csv",
    "jsonl": "own.jsonl",
}


def make(kind: str, folder: Path, size: int) -> Path:
    """Write a file of about `size` bytes and of the format `kind` into `folder`."""
    path = folder / NAMES[kind]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        _MAKERS[kind](file, size)
    return path


def figure(number: int) -> str:
    """Return a price: many differ, every ninth is zero."""
    return "0.0000000000" if number % 9 == 4 else f"{number % 977 / 1000 + 0.001:.6f}{number % 10_000:04d}"


def _fill(file: IO[str], size: int, pieces: Iterator[str]) -> None:
    for piece in pieces:
        file.write(piece)
        if file.tell() >= size:
            return


def _libcloud(file: IO[str], size: int) -> None:
    def sizes() -> Iterator[str]:
        for number in count():
            regions = {region: float(figure(number + at)) for at, region in enumerate(REGIONS)}
            yield f',\n            "m{number}.large": {json.dumps(regions)}'

    file.write('{\n    "compute": {\n        "ec2_linux": {\n            "m.tiny": 0.01')
    _fill(file, size, sizes())
    file.write('\n        }\n    },\n    "storage": {},\n    "updated": 1740936978\n}\n')


def _product(number: int) -> dict[str, Any]:
    tenancy = "Dedicated" if number % 5 == 3 else "Shared"
    return {
        "servicecode": "AmazonEC2", "location": "EU (Ireland)", "locationType": "AWS Region",
        "instanceType": f"m{number}.large", "currentGeneration": "Yes", "instanceFamily": "General purpose",
        "vcpu": "2", "physicalProcessor": "Intel Xeon Platinum 8175", "clockSpeed": "3.1 GHz", "memory": "8 GiB",
        "storage": "EBS only", "networkPerformance": "Up to 10 Gigabit", "tenancy": tenancy, "operatingSystem": "Linux",
        "licenseModel": "No License required", "usagetype": f"EU-BoxUsage:m{number}.large", "operation": "RunInstances",
        "capacitystatus": "Used", "preInstalledSw": "NA", "regionCode": REGIONS[number % len(REGIONS)],
    }  # fmt: skip


def _aws_json(file: IO[str], size: int) -> None:
    file.write(
        '{\n  "formatVersion" : "v1.0",\n  "offerCode" : "AmazonEC2",\n  "publicationDate" : "2026-11-01T00:00:00Z"'
    )
    file.write(',\n  "products" : {')
    made = 0
    while file.tell() < size * 0.575 or not made:
        code = f"SKU{made:013d}"
        entry = {"sku": code, "productFamily": "Compute Instance", "attributes": _product(made)}
        file.write(f'{"," if made else ""}\n    "{code}" : {json.dumps(entry, indent=2)}')
        made += 1
    file.write('\n  },\n  "terms" : {\n    "OnDemand" : {')
    for number in range(made):
        code = f"SKU{number:013d}"
        offer, rate = f"{code}.JRTCKXETXF", f"{code}.JRTCKXETXF.6YS6EN2CT7"
        dimension = {
            "rateCode": rate, "description": "per On Demand Linux Instance Hour", "beginRange": "0", "endRange": "Inf",
            "unit": "Hrs", "pricePerUnit": {"USD": figure(number)}, "appliesTo": [],
        }  # fmt: skip
        term = {
            "offerTermCode": "JRTCKXETXF", "sku": code, "effectiveDate": "2026-11-01T00:00:00Z",
            "priceDimensions": {rate: dimension}, "termAttributes": {},
        }  # fmt: skip
        file.write(f'{"," if number else ""}\n      "{code}" : {json.dumps({offer: term}, indent=2)}')
    file.write("\n    }\n  }\n}\n")


def _aws_csv(file: IO[str], size: int) -> None:
    about = (
        "FormatVersion,v1.0",
        "Disclaimer,none",
        "Publication Date,2026-11-01T00:00:00Z",
        "Version,2",
        "OfferCode,AmazonEC2",
    )
    for line in about:
        file.write(",".join(f'"{field}"' for field in line.split(",")) + "\n")
    pricing = (
        "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange",
        "EndingRange", "Unit", "PricePerUnit", "Currency", "LeaseContractLength", "PurchaseOption", "OfferingClass",
        "Product Family",
    )  # fmt: skip
    file.write(",".join(f'"{name}"' for name in (*pricing, *_product(0))) + "\n")

    def rows() -> Iterator[str]:
        for number in count():
            code = f"SKU{number:013d}"
            for start, end in (("0", "100"), ("100", "Inf")) if number % 20 == 7 else (("0", "Inf"),):
                fields = (
                    code, "JRTCKXETXF", f"{code}.JRTCKXETXF.6YS6EN2CT7", "OnDemand", "per On Demand Instance Hour",
                    "2026-11-01T00:00:00Z", start, end, "Hrs", figure(number + len(start)), "USD", "", "", "",
                    "Compute Instance", *_product(number).values(),
                )  # fmt: skip
                yield ",".join(f'"{field}"' for field in fields) + "\n"

    _fill(file, size, rows())


def _azure(file: IO[str], size: int) -> None:
    made = 0
    while True:
        items = [_azure_item(number) for number in range(made, made + 100)]
        made += len(items)
        last = file.tell() >= size * 0.95
        link = None if last else f"https://prices.azure.com:443/api/retail/prices?$skip={made}"
        page = {
            "BillingCurrency": "USD",
            "CustomerEntityId": "Default",
            "Items": items,
            "NextPageLink": link,
            "Count": 100,
        }
        file.write(json.dumps(page) + "\n")
        if last:
            return


def _azure_item(number: int) -> dict[str, Any]:
    return {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": float(figure(number)),
        "unitPrice": float(figure(number)), "armRegionName": REGIONS[number % len(REGIONS)], "location": "EU West",
        "effectiveStartDate": "2026-06-01T00:00:00Z", "meterId": f"0084b086-37bf-4bee-b27f-{number:012d}",
        "meterName": f"D{number} v3", "productId": "DZH318Z0BQPS", "skuId": "DZH318Z0BQPS/00TG",
        "productName": "Virtual Machines Dv3 Series", "skuName": f"D{number} v3", "serviceName": "Virtual Machines",
        "serviceId": "DZH313Z7MMC8", "serviceFamily": "Compute", "unitOfMeasure": "1 Hour", "type": "Consumption",
        "isPrimaryMeterRegion": True, "armSkuName": f"Standard_D{number}_v3",
    }  # fmt: skip


def _gcp(file: IO[str], size: int) -> None:
    made = 0
    while True:
        skus = [_gcp_sku(number) for number in range(made, made + 100)]
        made += len(skus)
        last = file.tell() >= size * 0.95
        file.write(json.dumps({"skus": skus, "nextPageToken": "" if last else f"token-{made}"}) + "\n")
        if last:
            return


def _gcp_sku(number: int) -> dict[str, Any]:
    whole, _, part = figure(number).partition(".")
    rate = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": whole, "nanos": int(part[:9])}}
    expression = {
        "usageUnit": "h", "displayQuantity": 1, "tieredRates": [rate], "usageUnitDescription": "hour", "baseUnit": "s",
        "baseUnitDescription": "second", "baseUnitConversionFactor": 3600,
    }  # fmt: skip
    told = {"currencyConversionRate": 1, "effectiveTime": "2026-11-01T07:00:00.123Z"}
    return {
        "name": f"services/6F81-5844-456A/skus/{number:012d}", "skuId": f"{number:012d}",
        "description": f"N{number} Predefined Instance Core running in Americas",
        "category": {
            "serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "resourceGroup": "N1Standard",
            "usageType": "OnDemand",
        },
        "serviceRegions": REGIONS[number % 20 : number % 20 + 3], "serviceProviderName": "Google",
        "pricingInfo": [{"summary": "", "pricingExpression": expression, **told}],
    }  # fmt: skip


def _opencost(file: IO[str], size: int) -> None:
    file.write("EndTimestamp,InstanceID,Region,AssetClass,InstanceIDField,InstanceType,MarketPriceHourly,Version\n")
    lines = (
        f"2026-11-01 00:00:00 UTC,node-{number},{REGIONS[number % 20]},node,metadata.name,,{figure(number)},v1\n"
        for number in count()
    )
    _fill(file, size, lines)


def _own_csv(file: IO[str], size: int) -> None:
    file.write("provider,region,sku,unit,currency,amount,category,term,free,tiers,effective,expire\n")
    lines = (
        f"onprem,{REGIONS[number % 20]},m{number}.large,Hours,EUR,{_own(number)},on-demand,,,,2026-11-01T00:00:00Z,\n"
        for number in count()
    )
    _fill(file, size, lines)


def _own_jsonl(file: IO[str], size: int) -> None:
    def lines() -> Iterator[str]:
        for number in count():
            price = {
                "provider": "onprem", "region": REGIONS[number % 20], "sku": f"m{number}.large", "unit": "Hours",
                "currency": "EUR", "amount": _own(number) or None, "effective": "2026-11-01T00:00:00Z",
            }  # fmt: skip
            yield json.dumps(price) + "\n"

    _fill(file, size, lines())


def _own(number: int) -> str:
    cost = figure(number)
    return cost if float(cost) else ""


_MAKERS: dict[str, Callable[[IO[str], int], None]] = {
    "libcloud": _libcloud,
    "aws_json": _aws_json,
    "aws_csv": _aws_csv,
    "azure": _azure,
    "gcp": _gcp,
    "opencost": _opencost,
    "csv": _own_csv,
    "jsonl": _own_jsonl,
}
