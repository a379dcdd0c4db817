"""The peculiarities of providers, beyond libcloud's common methods."""

from __future__ import annotations

from typing import Any, Protocol

from wharfinger_compute import ec2, openstack


class Floating(Protocol):
    """Floating addresses of one provider. `driver` is libcloud's, and each may raise what that raises."""

    def pools(self, driver: Any) -> list[Any]:
        """Return the pools to choose from, with id and name; [] where there is nothing to choose."""
        ...

    def allocate_address(self, driver: Any, name: str, token: str, pool: str) -> str:
        """Allocate one that carries `token`; return its id."""
        ...

    def addresses_of(self, driver: Any, token: str) -> list[str]:
        """Return the ids of those that carry `token`."""
        ...

    def has_address(self, driver: Any, node: Any, address: str) -> bool:
        """Return whether `node` has `address`."""
        ...

    def associate_address(self, driver: Any, node: Any, address: str) -> str:
        """Give it to a node; return `address:node`."""
        ...

    def release_address(self, driver: Any, address: str) -> None:
        """Release the one with that id."""
        ...

    def disassociate_address(self, driver: Any, node: Any, address: str) -> bool:
        """Take it from that node; return whether it had it."""
        ...


class Limited(Protocol):
    """A provider that tells how much one may have."""

    def most_nodes(self, driver: Any) -> int | None:
        """Return how many nodes, None for any number."""
        ...


FLOATING: dict[str, Floating] = {"ec2": ec2, "openstack": openstack}
"""Where addresses can be allocated so that a lost answer is found again."""

LIMITED: dict[str, Limited] = {"ec2": ec2, "openstack": openstack}
"""Where the quota can be asked for."""

LISTED: dict[str, dict[str, Any]] = {
    "azure_arm": {"ex_fetch_nic": False, "ex_fetch_power_state": False},
    "gce": {"ex_zone": "all"},
}
"""What `list_nodes` is given: not to ask for each node three times, and to list those of all zones."""

INTERFACES = frozenset({"azure_arm"})
"""Where a node's network interface is a thing of its own, which is made first."""

BY_ID = frozenset({"ec2", "linode", "openstack", "vultr"})
"""Where a volume is attached by its id alone; others want to know more of it."""
