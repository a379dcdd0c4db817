"""The cost of a deployment, by the names that price catalogues have for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wharfinger.script import Item, Prices
from wharfinger_compute.params import names
from wharfinger_compute.providers import INTERFACES

_CATALOGUES = {
    ("ec2", "node"): ("ec2_linux", ""),
    ("ec2", "volume"): ("ec2_ebs", "gp2"),
    ("ec2", "address"): ("ec2_address", "PublicIPv4:InUseAddress"),
    ("gce", "node"): ("gce_instances", ""),
    ("azure_arm", "node"): ("azure_linux", ""),
}
"""Where catalogues have other names than libcloud's drivers: provider and sku. EC2 makes gp2 unless told otherwise."""

_ZONE = {"ec2": re.compile(r"(?<=\d)[a-z]$"), "gce": re.compile(r"-[a-z]$")}
"""What makes a zone of a region."""


def estimate(params: Mapping[str, Any], prices: Prices) -> list[Item]:
    """Return what each node, volume and address costs while it lives, as items of `prices`.

    Nodes are priced by their size, volumes by the GB and addresses, on EC2 by Amazon's names and elsewhere as `volume`
    and `address`; what ties them is free.
    Raises Failed for names that can't be, and what `prices` raises for a profile that there is none of.
    """
    account = prices.profile(params["profile"])
    provider, region = account["provider"], _region(account, params.get("location", ""))

    def item(kind: str, key: str, sku: str, quantity: int = 1) -> Item:
        """Return one item."""
        named, as_sku = _CATALOGUES.get((provider, kind), (provider, ""))
        return prices.item(key, provider=named, region=region, sku=as_sku or sku, quantity=str(quantity))

    found = []
    for name in names(params["name"], params.get("count", 1)):
        if provider in INTERFACES:
            found.append(prices.free(f"interface/{name}"))
        found.append(item("node", f"node/{name}", params["size"]))
        for number, size in enumerate(params.get("volumes", []), 1):
            found.append(item("volume", f"volume/{name}-{number}", "volume", size))
            found.append(prices.free(f"attachment/{name}-{number}"))
        if params.get("addresses", False):
            found += [item("address", f"address/{name}", "address"), prices.free(f"association/{name}")]
    return found


def _region(account: Mapping[str, str], location: str) -> str:
    """Return the account's region, or else the one that the location says."""
    if account["region"]:
        return account["region"]
    zone = _ZONE.get(account["provider"])
    return zone.sub("", location) if zone else location
