"""The table of what compute.deploy can do at each provider agrees with the script and with libcloud's drivers."""

from __future__ import annotations

import pytest
from generators import deploying

from wharfinger_libcloud.markings import MARKINGS

ROWS = {row[0].strip("`"): row for row in deploying.rows()}


def test_every_provider_that_can_be_marked_is_in_it() -> None:
    assert ROWS.keys() >= MARKINGS.keys()
    assert len(ROWS) > 35


@pytest.mark.parametrize(
    ("provider", "needs"),
    [
        ("aliyun_ecs", "`security_groups`"),
        ("azure_arm", "`networks`, `ssh_keys` or `password`, `extra.ex_resource_group`"),
        ("ec2", ""),
        ("linode", "`password`"),
        ("outscale", ""),
    ],
)
def test_it_says_what_must_be_given(provider: str, needs: str) -> None:
    assert ROWS[provider][1] == needs


def test_it_says_how_a_node_is_found_again_and_where_volumes_and_addresses_are() -> None:
    assert [ROWS[provider][-1] for provider in ("ec2", "openstack", "ovh")] == ["token", "tag", "name"]
    assert [provider for provider, row in ROWS.items() if row[-2]] == ["ec2", "openstack"]
    assert {"digitalocean", "gce", "vultr"} <= {provider for provider, row in ROWS.items() if row[-3]}
