"""The products of AWS's offer files, and the names that their prices have here.

| product                             | provider                        | sku                        |
| ----------------------------------- | ------------------------------- | -------------------------- |
| EC2 instances, by operating system  | `ec2_linux`, `ec2_windows`, …   | `m5.large`                 |
| EBS volumes; their rates, snapshots | `ec2_ebs`                       | `gp3`; the usage type      |
| public addresses                    | `ec2_address`                   | the usage type             |
| storage in S3                       | `s3`                            | the usage type             |
| everything else                     | `aws_` and the service in small | usage type, `/`, AWS's SKU |

A usage type is without its own region: `EUW2-TimedStorage-ByteHrs` of eu-west-2 is `TimedStorage-ByteHrs`. One that
begins with another region's sign keeps it, because the region has both at different prices.

Of instances, only what AWS's own calculators show at first is taken: shared tenancy, capacity in use, no software
installed before, licence included. The rest has the same names at other prices; it is skipped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from wharfinger_prices.reading.texts import LONGEST, slug, text

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
_REGION = re.compile("^([A-Z]{2,3}[0-9]?)-(?=[A-Z])")  # in the middle, `SIA-` is a storage class
_PREFIXES = {
    "us-east-1": "USE1", "us-east-2": "USE2", "us-west-1": "USW1", "us-west-2": "USW2", "ca-central-1": "CAN1",
    "ca-west-1": "CAN2", "eu-west-1": "EU EUW1", "eu-west-2": "EUW2", "eu-west-3": "EUW3", "eu-central-1": "EUC1",
    "eu-central-2": "EUC2", "eu-north-1": "EUN1", "eu-south-1": "EUS1", "eu-south-2": "EUS2", "ap-east-1": "APE1",
    "ap-south-1": "APS3", "ap-south-2": "APS5", "ap-southeast-1": "APS1", "ap-southeast-2": "APS2",
    "ap-southeast-3": "APS4", "ap-southeast-4": "APS6", "ap-northeast-1": "APN1", "ap-northeast-2": "APN2",
    "ap-northeast-3": "APN3", "sa-east-1": "SAE1", "me-south-1": "MES1", "me-central-1": "MEC1", "af-south-1": "AFS1",
    "il-central-1": "ILC1", "us-gov-west-1": "UGW1", "us-gov-east-1": "UGE1",
}  # fmt: skip
"""What usage types of a region begin with. A region can have some of another's beside: these keep it in their names."""


class Product(NamedTuple):
    """A product's names; or, in `skip`, why its prices are left out."""

    provider: str
    region: str
    sku: str
    skip: str = ""


def product_of(attributes: Mapping[str, object], family: object, code: str) -> Product:
    """Return the names of the product with AWS's SKU `code`. Raises ValueError for attributes that are no text."""
    values = [text(attributes.get(name, ""), name, needed=False) for name in ATTRIBUTES]
    return _named(values, text(family, "the product family", needed=False), code)


def product_of_row(values: Sequence[str], family: str, code: str) -> Product:
    """Return what `product_of` does, of the ATTRIBUTES in their order, "" for those that are not there."""
    # All are looked at together first: a file has hundreds of thousands of products, and hardly a wrong one.
    whole = "".join(values)
    if len(whole) > LONGEST or not whole.isprintable():
        values = [text(value, name, needed=False) for name, value in zip(ATTRIBUTES, values, strict=True)]
    return _named(values, family, code)


def _named(values: Sequence[str], family: str, code: str) -> Product:
    (
        service, location, location_type, size, tenancy, system, licence, usage, operation, capacity, software, market,
        region, volume,
    ) = values  # fmt: skip
    if location_type == "AWS Outposts":
        return Product("", "", "", "what runs on AWS Outposts")
    region = region or location
    if service == "AmazonEC2" and family.startswith("Compute Instance"):
        # Attributes that a file does not have at all decide nothing.
        if why := _not_plain(tenancy, capacity, software, licence, market):
            return Product("", "", "", why)
        return Product(_system(system), region, size if size.strip() else text(size, "instanceType"))
    return _of_usage(service, region, usage, operation, volume, code)


def _of_usage(service: str, region: str, usage: str, operation: str, volume: str, code: str) -> Product:
    """Return the names of what is named by its usage type."""
    usage = _without_region(usage, region)
    plain = _REGION.sub("", usage)
    if service == "AmazonEC2" and plain.startswith("EBS:"):
        return Product("ec2_ebs", region, (plain == usage and plain.startswith("EBS:VolumeUsage") and volume) or usage)
    if service in {"AmazonEC2", "AmazonVPC"} and _ADDRESSES.match(plain):
        return Product("ec2_address", region, usage)
    if service == "AmazonS3" and plain.startswith("TimedStorage"):
        return Product("s3", region, "/".join(filter(None, (usage, operation))))
    return Product(f"aws_{slug(service)}", region, f"{usage or 'unnamed'}/{text(code, 'the SKU')}")


@lru_cache(maxsize=1 << 10)
def _not_plain(*told: str) -> str:
    """Return why an instance is none of those that are taken, by what the attributes of _PLAIN tell; "" if it is."""
    return next(
        (why for said, (wanted, why) in zip(told, _PLAIN.values(), strict=True) if said not in {"", wanted}), ""
    )


@lru_cache(maxsize=1 << 8)
def _system(name: str) -> str:
    return _SYSTEMS.get(text(name, "operatingSystem")) or f"ec2_{slug(name)}"


def _without_region(usage: str, region: str) -> str:
    """Return a usage type without what its region puts before it; of regions that are not known, whatever is there."""
    match = _REGION.match(usage)
    if match is None or (region in _PREFIXES and match[1] not in _PREFIXES[region].split()):
        return usage
    return usage[match.end() :]


@lru_cache(maxsize=1 << 8)
def term_of(length: str, option: str, offering: str) -> str:
    """Return the name of a commitment, such as `1yr-no-upfront` or `3yr-no-upfront-convertible`."""
    parts = [length.lower().replace(" ", ""), "-".join(option.lower().split())]
    return "-".join(filter(None, (*parts, "" if offering in {"", "standard"} else offering.lower())))
