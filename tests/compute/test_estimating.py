"""What a deployment is going to cost is named before it is made: each thing once, by its key in the ledger."""

from __future__ import annotations

from typing import Any

import pytest
from tests.compute.conftest import WHAT, Yard

from wharfinger.script import inspect
from wharfinger_compute import deploy


class Recorder:
    """Keeps the items that it is asked for."""

    def __init__(self, provider: str, region: str = "") -> None:
        self._account = {"provider": provider, "region": region}

    def profile(self, name: str) -> dict[str, str]:
        """Return the account."""
        return self._account

    def item(self, what: str, **facts: Any) -> dict[str, Any]:
        """Return what was asked for."""
        return {"what": what, **facts}

    def free(self, what: str) -> dict[str, Any]:
        """Return what costs nothing."""
        return {"what": what, "free": True}

    def unknown(self, what: str) -> dict[str, Any]:
        """Return what costs something unknown."""
        return {"what": what, "unknown": True}

    def store(self, name: str) -> dict[str, str]:
        """Return what is never asked for here."""
        raise AssertionError(f"the store {name} was asked for")


def test_everything_of_a_deployment_is_named() -> None:
    params = {**WHAT["ec2"], "name": "web-{n}", "count": 2, "volumes": [10, 20], "addresses": True}
    found = deploy.estimate(params, Recorder("ec2", "eu-west-1"))
    items = [item for item in found if "free" not in item]
    assert [(item["what"], item["provider"], item["sku"], item["quantity"]) for item in items[:4]] == [
        ("node/web-1", "ec2_linux", "t2.micro", "1"),
        ("volume/web-1-1", "ec2_ebs", "gp2", "10"),
        ("volume/web-1-2", "ec2_ebs", "gp2", "20"),
        ("address/web-1", "ec2_address", "PublicIPv4:InUseAddress", "1"),
    ]
    assert len(items) == 8
    assert {item["region"] for item in items} == {"eu-west-1"}


@pytest.mark.parametrize(
    ("provider", "region", "location", "priced"),
    [
        ("ec2", "", "us-east-1a", "us-east-1"),
        ("ec2", "eu-west-1", "eu-west-1b", "eu-west-1"),
        ("gce", "", "us-central1-a", "us-central1"),
        ("vultr", "", "ewr", "ewr"),
        ("openstack", "RegionOne", "", "RegionOne"),
        ("ec2", "", "", ""),
    ],
)
def test_prices_are_of_the_region(provider: str, region: str, location: str, priced: str) -> None:
    params = {"profile": "lab", "name": "web", "size": "small", "image": "debian", "location": location}
    [item] = deploy.estimate(params, Recorder(provider, region))
    assert item["region"] == priced


def test_its_keys_are_those_of_the_ledger(yard: Yard) -> None:
    asked = {"count": 2, "volumes": [1], "addresses": True}
    done = yard.deploy("ec2", **asked)
    named = {item["what"] for item in deploy.estimate(done.params, Recorder("ec2"))}
    assert named == set(done.ledger)


def test_the_script_declares_it() -> None:
    assert inspect(deploy).can_estimate
