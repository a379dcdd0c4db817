"""The products of AWS's offer files, and the names that their prices have here.

| product                             | provider                        | sku                        |
| ----------------------------------- | ------------------------------- | -------------------------- |
| EC2 instances, by operating system  | `ec2_linux`, `ec2_windows`, …   | `m5.large`                 |
| EBS volumes; their rates, snapshots | `ec2_ebs`                       | `gp3`; the usage type      |
| public addresses                    | `ec2_address`                   | the usage type             |
| storage in S3                       | `s3`                            | the usage type             |
| everything else                     | `aws_` and the service in small | usage type, `/`, AWS's SKU |

A usage type is without its region: `EUW2-TimedStorage-ByteHrs` is `TimedStorage-ByteHrs`.

Of instances, only what AWS's own calculators show at first is taken: shared tenancy, capacity in use, no software
installed before, licence included. The rest has the same names at other prices; it is skipped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from wharfinger_prices.reading.texts import slug, text

ATTRIBUTES = (
    "servicecode", "location", "locationType", "instanceType", "tenancy", "operatingSystem", "licenseModel",
    "usagetype", "operation", "capacitystatus", "preInstalledSw", "marketoption", "regionCode", "volumeApiName",
)  # fmt: skip
"""The attributes that decide, as the JSON files call them."""

WITH_UPFRONT = "commitments with an upfront fee, which is no hourly price"

_SYSTEMS = {
    "Linux": "ec2_linux",
    "Windows": "ec2_windows",
    "RHEL": "ec2_rhel",
    "Red Hat Enterprise Linux with HA": "ec2_rhel_ha",
    "SUSE": "ec2_suse",
}
_PLAIN = {
    "tenancy": ("Shared", "instances of another tenancy than shared"),
    "capacitystatus": ("Used", "instances of which only the capacity is paid"),
    "preInstalledSw": ("NA", "instances with software installed before"),
    "licenseModel": ("No License required", "instances whose licence one brings"),
    "marketoption": ("OnDemand", "instances of another market than on demand"),
}
_ADDRESSES = re.compile("(ElasticIP|PublicIPv4):")
_REGION = re.compile("^(?:[A-Z]{2,3}|[A-Z]{2,3}[0-9])-(?=[A-Z])")  # in the middle, `SIA-` is a storage class


class Product(NamedTuple):
    """A product's names; or, in `skip`, why its prices are left out."""

    provider: str
    region: str
    sku: str
    skip: str = ""


def product_of(attributes: Mapping[str, object], family: object, code: str) -> Product:
    """Return the names of the product with AWS's SKU `code`. Raises ValueError for attributes that are no text."""
    told = {name: text(attributes.get(name, ""), name, needed=False) for name in ATTRIBUTES}
    if told["locationType"] == "AWS Outposts":
        return Product("", "", "", "what runs on AWS Outposts")
    region = told["regionCode"] or told["location"]
    service, usage = told["servicecode"], _REGION.sub("", told["usagetype"], count=1)
    if service == "AmazonEC2" and text(family, "the product family", needed=False).startswith("Compute Instance"):
        return _instance(told, region)
    if service == "AmazonEC2" and usage.startswith("EBS:"):
        volume = usage.startswith("EBS:VolumeUsage") and told["volumeApiName"]
        return Product("ec2_ebs", region, volume or usage)
    if service in {"AmazonEC2", "AmazonVPC"} and _ADDRESSES.match(usage):
        return Product("ec2_address", region, usage)
    if service == "AmazonS3" and usage.startswith("TimedStorage"):
        return Product("s3", region, "/".join(filter(None, (usage, told["operation"]))))
    return Product(f"aws_{slug(service)}", region, f"{usage or 'unnamed'}/{text(code, 'the SKU')}")


def _instance(told: Mapping[str, str], region: str) -> Product:
    """Return the names of an instance. Attributes that a file does not have at all decide nothing."""
    for name, (wanted, why) in _PLAIN.items():
        if told[name] not in {"", wanted}:
            return Product("", "", "", why)
    system = text(told["operatingSystem"], "operatingSystem")
    return Product(_SYSTEMS.get(system) or f"ec2_{slug(system)}", region, text(told["instanceType"], "instanceType"))


def term_of(length: str, option: str, offering: str) -> str:
    """Return the name of a commitment, such as `1yr-no-upfront` or `3yr-no-upfront-convertible`."""
    parts = [length.lower().replace(" ", ""), "-".join(option.lower().split())]
    return "-".join(filter(None, (*parts, "" if offering in {"", "standard"} else offering.lower())))
