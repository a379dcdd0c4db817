"""What a deployment asks for as keywords of a driver's `create_node`: keys, networks, groups, boot volume, tags.

Drivers have a word of their own for each, or none: then it is refused before the first call. What only one driver
knows goes into `extra`, under the driver's own words, which are compared with its signature.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wharfinger.script import Failed
from wharfinger_compute import azure
from wharfinger_libcloud.markings import MARKINGS, TAG

Shape = Callable[[Any], dict[str, Any]]
"""Makes keywords of what was asked for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What drivers want as an object, and ask only for its id or its name."""

    id: str
    name: str


def _as(keyword: str) -> Shape:
    return lambda value: {keyword: value}


def _first(keyword: str, what: str) -> Shape:
    def shape(values: list[str]) -> dict[str, Any]:
        """Take one, and refuse more."""
        if len(values) > 1:
            raise _wrong(what, f"one can be given here, not {len(values)}")
        return {keyword: values[0]}

    return shape


def _objects(keyword: str) -> Shape:
    return lambda values: {keyword: [Known(value, value) for value in values]}


def _inside(keyword: str, name: str) -> Shape:
    return lambda value: {keyword: {name: value}}


def _gce_keys(values: list[str]) -> dict[str, Any]:
    return {"ex_metadata": {"items": [{"key": "ssh-keys", "value": "\n".join(values)}]}}


def _azure_key(values: list[str]) -> dict[str, Any]:
    from libcloud.compute.base import NodeAuthSSHKey

    return {"auth": NodeAuthSSHKey(_first("key", "ssh_keys")(values)["key"])}


def _azure_password(value: str) -> dict[str, Any]:
    from libcloud.compute.base import NodeAuthPassword

    return {"auth": NodeAuthPassword(value)}


def _ec2_groups(values: list[str]) -> dict[str, Any]:
    ids = [value for value in values if value.startswith("sg-")]
    names = [value for value in values if not value.startswith("sg-")]
    if ids and names:
        raise _wrong("security_groups", "names and ids can't be mixed")
    return {"ex_security_group_ids": ids} if ids else {"ex_security_groups": names}


def _ec2_boot(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = {"VolumeType": value["type"]} if "type" in value else {}
    disk = {"VolumeSize": value["size"], "DeleteOnTermination": "true", **kind}
    return {"ex_blockdevicemappings": [{"DeviceName": value.get("device", "/dev/sda1"), "Ebs": disk}]}


def _openstack_boot(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = {"volume_type": value["type"]} if "type" in value else {}
    disk = {
        "boot_index": 0,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": value["size"],
        "delete_on_termination": True,
    }
    return {"ex_blockdevicemappings": [{**disk, **kind}]}


def _gce_boot(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"ex_disk_size": value["size"]} | ({"ex_disk_type": value["type"]} if "type" in value else {})


def _azure_boot(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = {"ex_storage_account_type": value["type"]} if "type" in value else {}
    return {"ex_disk_size": value["size"], "ex_use_managed_disks": True, "ex_os_disk_delete": True, **kind}


def _aliyun_boot(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"ex_system_disk": {"size": value["size"]} | ({"category": value["type"]} if "type" in value else {})}


_CLOUDSTACKS = ("aurora_compute", "cloudstack", "exoscale", "ikoula")
_KEY_NAME = _first("ex_keyname", "ssh_keys")

SHAPES: dict[str, dict[str, Shape]] = {
    "ssh_keys": {
        **dict.fromkeys(("ec2", "openstack", "ovh", *_CLOUDSTACKS), _KEY_NAME),
        "azure_arm": _azure_key,
        "digitalocean": _inside("ex_create_attr", "ssh_keys"),
        "gce": _gce_keys,
        "gridscale": _as("ex_ssh_key_ids"),
        "linode": _as("ex_authorized_keys"),
        "maxihost": _as("ex_ssh_key_ids"),
        "outscale": _first("ex_keypair_name", "ssh_keys"),
        "vultr": _as("ex_ssh_key_ids"),
    },
    "networks": {
        **dict.fromkeys(_CLOUDSTACKS, _objects("networks")),
        "azure_arm": _first("ex_network", "networks"),
        "gce": _first("ex_network", "networks"),
        "openstack": _objects("networks"),
        "vultr": _as("ex_private_network_ids"),
    },
    "subnet": {
        "aliyun_ecs": _as("ex_vswitch_id"),
        "azure_arm": _as("ex_subnet"),
        "ec2": lambda value: {"ex_subnet": Known(value, value)},
        "gce": _as("ex_subnetwork"),
        "outscale": _as("ex_subnet_id"),
    },
    "security_groups": {
        **dict.fromkeys(_CLOUDSTACKS, _as("ex_security_groups")),
        "aliyun_ecs": _first("ex_security_group_id", "security_groups"),
        "brightbox": _as("ex_servergroup"),
        "ec2": _ec2_groups,
        "gce": _as("ex_tags"),
        "openstack": _objects("ex_security_groups"),
        "outscale": _as("ex_security_group_ids"),
        "vultr": _first("ex_firewall_group_id", "security_groups"),
    },
    "boot_volume": {
        "aliyun_ecs": _aliyun_boot,
        "azure_arm": _azure_boot,
        "ec2": _ec2_boot,
        "gce": _gce_boot,
        "openstack": _openstack_boot,
    },
    "password": {
        "azure_arm": _azure_password,
        "linode": _as("root_pass"),
    },
    "user_data": {
        "brightbox": _as("ex_userdata"),
        "digitalocean": _as("ex_user_data"),
        "ec2": _as("ex_userdata"),
        "linode": _as("ex_userdata"),
        "openstack": _as("ex_userdata"),
        "vultr": _as("ex_userdata"),
    },
}
"""What can be asked for, and by which providers; tags are where markings have them."""

NEEDS: dict[str, dict[str, str]] = {
    "aliyun_ecs": {"security_groups": "a node is in one"},
    "azure_arm": {"networks": "a node's interface is in one"},
    "linode": {"password": "an image is not taken without one"},
}
"""What a driver refuses to do without, beyond what its signature says."""

NO_VOLUMES = frozenset({"azure_arm"})
"""Where volumes want more than a size, a name and a place, though the signature does not say so."""

SIZE_AS_TEXT = {"outscale": "ex_vm_type"}
"""Where sizes can't be listed: they are taken as they are asked for, under this keyword."""


def keywords(provider: str, asked: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `create_node` is given beside name, size, image and location, the token aside.

    `extra` is the profile's; what the params say comes before it. Raises Failed: NOT_SUPPORTED, PARAMS_INVALID.
    """
    found = {**(azure.DEFAULTS if provider == "azure_arm" else {}), **extra}
    for feature, shapes in SHAPES.items():
        if feature in asked:
            shape = shapes.get(provider)
            if shape is None:
                raise _not_supported(feature, provider, shapes)
            found = merged(found, shape(asked[feature]))
    if asked.get("tags"):
        found = merged(found, _tags(provider, asked["tags"]))
    found = merged(found, asked.get("extra", {}))
    for feature, why in NEEDS.get(provider, {}).items():
        if feature not in asked and not SHAPES[feature][provider](["x"]).keys() & found.keys():
            raise _wrong(feature, f"{provider} can't do without: {why}")
    return found


def from_image(provider: str, asked: Mapping[str, Any], given: Mapping[str, Any], image: Any) -> dict[str, Any]:
    """Return `given` with what the nodes start from: the image, or a boot volume that is made of it."""
    if provider != "openstack" or "boot_volume" not in asked:
        return {**given, "image": image}
    first, *rest = given["ex_blockdevicemappings"]
    return {**given, "image": None, "ex_blockdevicemappings": [{**first, "uuid": str(image.id)}, *rest]}


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of both: tables and lists of one name are put together, else `other` counts."""
    found = dict(one)
    for name, value in other.items():
        there = found.get(name)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            found[name] = merged(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            found[name] = [*there, *value]
        else:
            found[name] = value
    return found


def _tags(provider: str, tags: Mapping[str, str]) -> dict[str, Any]:
    marking = MARKINGS.get(provider)
    able = {name: None for name, one in MARKINGS.items() if one.tags and one.form != "text"}
    if marking is None or provider not in able:
        raise _not_supported("tags", provider, able)
    if TAG in tags:
        raise _wrong("tags", f"{TAG!r} is taken: it holds the token by which a node is found again")
    texts = [f"{name}:{value}" if value else name for name, value in tags.items()]
    forms: dict[str, Any] = {"dict": dict(tags), "list": texts, "attr": {"tags": texts}}
    return {marking.tags: forms[marking.form]}


def takes_volumes(provider: str, create_volume: Callable[..., Any]) -> bool:
    """Whether a driver makes volumes of a size, a name and a place, by its signature."""
    known = inspect.signature(create_volume).parameters.values()
    needed = {one.name for one in known if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD}
    return provider not in NO_VOLUMES and needed <= {"size", "name", "location"}


def check(provider: str, create_node: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Compare what `create_node` is given with its signature. Raises Failed: PARAMS_INVALID."""
    known = inspect.signature(create_node).parameters
    loose = any(one.kind is one.VAR_KEYWORD for one in known.values())
    for name in given:
        if name not in known and not loose:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(known))}"
            raise _wrong(f"extra.{name}", f"the {provider} driver's create_node does not take it; {hint}")
    lacking = [
        name
        for name, one in known.items()
        if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL) and name not in given
    ]
    if lacking:
        several = "; auth is made of ssh_keys or password" if "auth" in lacking else ""
        raise _wrong(f"extra.{lacking[0]}", f"the {provider} driver's create_node needs {', '.join(lacking)}{several}")


def _wrong(field: str, why: str) -> Failed:
    return Failed(f"{field}: {why}", reason="PARAMS_INVALID", code=3, metadata={"field": field})


def _not_supported(feature: str, provider: str, able: Mapping[str, Any]) -> Failed:
    return Failed(
        f"{feature} can be given on {', '.join(sorted(able))}, not on {provider}; leave `{feature}` out, or say it in"
        " the driver's own words in `extra`",
        reason="NOT_SUPPORTED",
        code=12,
        metadata={"feature": feature, "provider": provider},
    )
