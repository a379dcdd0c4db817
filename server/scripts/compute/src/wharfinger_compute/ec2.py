"""EC2's tokens and tags of volumes and addresses in the creating request, which libcloud's driver does not send."""

from __future__ import annotations

from typing import Any

from wharfinger_libcloud.markings import TAG

TERMINATED = "terminated"
_NODE_STATES = frozenset({"pending", "running", "shutting-down", TERMINATED, "stopping", "stopped"})


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


def pools(driver: Any) -> list[Any]:  # noqa: ARG001 - as at every provider
    """Return the pools of addresses: there is Amazon's own, and nothing to choose."""
    return []


def allocate_address(driver: Any, name: str, token: str, pool: str) -> str:  # noqa: ARG001 - as at every provider
    """Allocate an address; return its allocation id. `pool` says nothing here."""
    params = {"Domain": "vpc", **_tags("elastic-ip", name, token)}
    return _first(_request(driver, "AllocateAddress", **params), "allocationId")


def addresses_of(driver: Any, token: str) -> list[str]:
    """Return the allocation ids of the addresses that carry `token`."""
    params = {"Filter.1.Name": f"tag:{TAG}", "Filter.1.Value.1": token}
    return _all(_request(driver, "DescribeAddresses", **params), "allocationId")


def _address(driver: Any, allocation: str) -> Any:
    every = driver.ex_describe_all_addresses()
    return next((one for one in every if one.extra.get("allocation_id") == allocation), None)


def release_address(driver: Any, allocation: str) -> None:
    """Release the address of that allocation id."""
    _request(driver, "ReleaseAddress", AllocationId=allocation)


def node_state(driver: Any, one: str) -> str | None:
    """Return the state of the instance `one`, None where there is none: a terminated one is listed for an hour."""
    states = _all(_request(driver, "DescribeInstances", **{"InstanceId.1": one}), "name")
    state = next((name for name in states if name in _NODE_STATES), None)
    return None if state == TERMINATED else state


def volume_state(driver: Any, one: str) -> str | None:
    """Return the state of the volume `one`, None where there is none."""
    return next(iter(_all(_request(driver, "DescribeVolumes", **{"VolumeId.1": one}), "status")), None)


def address_state(driver: Any, allocation: str) -> str | None:
    """Return "allocated" for an address that there is, None where there is none."""
    found = _all(_request(driver, "DescribeAddresses", **{"AllocationId.1": allocation}), "allocationId")
    return "allocated" if allocation in found else None


def attachment_state(driver: Any, attachment: str) -> str | None:
    """Return "attached" where the volume of `volume:node` is at the node, None where it isn't."""
    volume, _, node = attachment.partition(":")
    found = _all(_request(driver, "DescribeVolumes", **{"VolumeId.1": volume}), "instanceId")
    return "attached" if node in found else None


def association_state(driver: Any, association: str) -> str | None:
    """Return "associated" where the address of `allocation:node` is at the node, None where it isn't."""
    allocation, _, node = association.partition(":")
    found = _all(_request(driver, "DescribeAddresses", **{"AllocationId.1": allocation}), "instanceId")
    return "associated" if node in found else None


def associate_address(driver: Any, node: Any, allocation: str) -> str:
    """Give a node an address; return `allocation:node`. Raises LookupError where there is no such address."""
    found = _address(driver, allocation)
    if found is None:
        raise LookupError(f"there is no address {allocation}")
    driver.ex_associate_address_with_node(node, found, domain="vpc")
    return f"{allocation}:{node.id}"


def has_address(driver: Any, node: Any, allocation: str) -> bool:
    """Return whether `node` has the address of that allocation id."""
    found = _address(driver, allocation)
    return found is not None and found.instance_id == node.id


def disassociate_address(driver: Any, node: Any, allocation: str) -> bool:
    """Take an address from `node`; return False, and do nothing, where another has it, or nobody."""
    found = _address(driver, allocation)
    there = found is not None and found.instance_id == node.id and bool(found.extra.get("association_id"))
    if there:
        driver.ex_disassociate_address(found, domain="vpc")
    return there


def most_nodes(driver: Any) -> int | None:
    """Return how many instances the account may have, None where it isn't told."""
    found = driver.ex_get_limits().get("resource", {}).get("max-instances")
    return found if isinstance(found, int) else None
