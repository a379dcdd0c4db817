"""What EC2 can do and libcloud's driver does not: tokens and tags of volumes and addresses in the making request."""

from __future__ import annotations

from typing import Any

from wharfinger_libcloud.markings import TAG


def _request(driver: Any, action: str, **params: str) -> Any:
    return driver.connection.request(driver.path, params={"Action": action, **params}).object


def _tags(kind: str, name: str, token: str) -> dict[str, str]:
    root = "TagSpecification.1"
    return {
        f"{root}.ResourceType": kind,
        f"{root}.Tag.1.Key": "Name",
        f"{root}.Tag.1.Value": name,
        f"{root}.Tag.2.Key": TAG,
        f"{root}.Tag.2.Value": token,
    }


def _all(element: Any, name: str) -> list[str]:
    return [one.text for one in element.iter() if one.tag.rpartition("}")[2] == name and one.text]


def _first(element: Any, name: str) -> str:
    found = _all(element, name)
    if not found:
        raise LookupError(f"the answer has no {name}")
    return found[0]


def create_volume(driver: Any, name: str, size: int, location: Any, token: str) -> str:
    """Make a volume of `size` GB in the zone of `location`; return its id. Asked twice with a token, there is one."""
    params = {"Size": str(size), "AvailabilityZone": location.name, "ClientToken": token}
    return _first(_request(driver, "CreateVolume", **params, **_tags("volume", name, token)), "volumeId")


def allocate_address(driver: Any, name: str, token: str) -> str:
    """Allocate an address; return its allocation id."""
    params = {"Domain": "vpc", **_tags("elastic-ip", name, token)}
    return _first(_request(driver, "AllocateAddress", **params), "allocationId")


def addresses_of(driver: Any, token: str) -> list[str]:
    """Return the allocation ids of the addresses that carry `token`."""
    params = {"Filter.1.Name": f"tag:{TAG}", "Filter.1.Value.1": token}
    return _all(_request(driver, "DescribeAddresses", **params), "allocationId")


def address(driver: Any, allocation: str) -> Any:
    """Return the address of that allocation id, None if there is none."""
    every = driver.ex_describe_all_addresses()
    return next((one for one in every if one.extra.get("allocation_id") == allocation), None)


def associate_address(driver: Any, node: Any, allocation: str) -> str:
    """Give a node an address; return `allocation:node`. Raises LookupError where there is no such address."""
    found = address(driver, allocation)
    if found is None:
        raise LookupError(f"there is no address {allocation}")
    driver.ex_associate_address_with_node(node, found, domain="vpc")
    return f"{allocation}:{node.id}"


def disassociate_address(driver: Any, allocation: str) -> None:
    """Take an address from its node; nothing where it has none."""
    found = address(driver, allocation)
    if found is not None and found.extra.get("association_id"):
        driver.ex_disassociate_address(found, domain="vpc")
