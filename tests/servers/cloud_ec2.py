"""The EC2 query API of the loopback cloud, as libcloud's driver speaks it."""

from __future__ import annotations

import re
import time
from typing import Any
from xml.sax.saxutils import escape

from tests.servers.cloud_oracle import Oracle, Refusal, Thing

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
IMAGES = {"ami-debian": "debian-12", "ami-alpine": "alpine"}
ZONES = ("us-east-1a", "us-east-1b")
_UNSIGNED = re.compile(r"^(Signature|AWSAccessKeyId|Timestamp|Version|X-Amz)")


def answer(oracle: Oracle, params: dict[str, str]) -> tuple[str, str]:
    """Do one action; return the fault's kind and the XML. Raises Refusal and Unanswered."""
    action = params.get("Action", "")
    do = _ACTIONS.get(action)
    if do is None:
        raise Refusal(400, "InvalidAction", f"there is no action {action}")
    kind, body = oracle.around(action, lambda: do(oracle, params))
    namespace = NAMESPACE if kind != "namespace" else "http://ec2.amazonaws.com/doc/2006-03-01/"
    xml = f'<{action}Response xmlns="{namespace}"><requestId>r-1</requestId>{body}</{action}Response>'
    return kind, xml


def error(refusal: Refusal) -> str:
    """Return a refusal as EC2 says it."""
    text = f"<Code>{refusal.code}</Code><Message>{escape(str(refusal))}</Message>"
    return f"<Response><Errors><Error>{text}</Error></Errors><RequestID>r-1</RequestID></Response>"


def _numbered(params: dict[str, str], name: str) -> list[str]:
    return [value for key, value in params.items() if re.fullmatch(rf"{name}\.\d+", key)]


def _tags(params: dict[str, str], root: str) -> dict[str, str]:
    keys = {key: value for key, value in params.items() if re.fullmatch(rf"{re.escape(root)}Tag\.\d+\.Key", key)}
    return {value: params.get(key.removesuffix("Key") + "Value", "") for key, value in keys.items()}


def _filters(params: dict[str, str]) -> dict[str, list[str]]:
    found = {}
    for key, name in params.items():
        if re.fullmatch(r"Filter\.\d+\.Name", key):
            prefix = key.removesuffix("Name") + "Value."
            found[name] = [value for other, value in params.items() if other.startswith(prefix)]
    return found


def _matches(thing: Thing, filters: dict[str, list[str]]) -> bool:
    for name, values in filters.items():
        facts = {"client-token": thing.token, "instance-id": thing.id, "attachment.instance-id": thing.attached}
        actual = thing.tags.get(name[4:], "") if name.startswith("tag:") else facts.get(name, values[0])
        if actual not in values:
            return False
    return True


def _once(oracle: Oracle, kind: str, prefix: str, params: dict[str, str], root: str) -> list[Thing]:
    """Make what was asked for, once for each client token."""
    request = {key: value for key, value in params.items() if not _UNSIGNED.match(key)}
    token = params.get("ClientToken", "")
    with oracle.lock:
        before = [thing for thing in oracle.things.values() if token and thing.token == token and thing.kind == kind]
        if before:
            if before[0].request != request:
                raise Refusal(400, "IdempotentParameterMismatch", "the token was used with other parameters")
            if all(thing.gone for thing in before):
                raise Refusal(400, "IdempotentInstanceTerminated", "the instance of this token was terminated")
            return before
        tags = _tags(params, root)
        count = int(params.get("MaxCount", "1"))
        return [
            oracle.make(kind, prefix, name=tags.get("Name", ""), tags=dict(tags), token=token, request=request)
            for _ in range(count)
        ]


def _tag_set(thing: Thing) -> str:
    items = "".join(f"<item><key>{escape(k)}</key><value>{escape(v)}</value></item>" for k, v in thing.tags.items())
    return f"<tagSet>{items}</tagSet>"


def _instance(thing: Thing) -> str:
    state = {"gone": "terminated", "error": "terminated", "stuck": "shutting-down"}.get(thing.state, thing.state)
    return (
        f"<item><instanceId>{thing.id}</instanceId><imageId>ami-debian</imageId><instanceState><name>{state}</name>"
        f"</instanceState><instanceType>t2.micro</instanceType><launchTime>2026-01-01T00:00:00.000Z</launchTime>"
        f"<privateIpAddress>10.0.0.1</privateIpAddress><clientToken>{thing.token}</clientToken>"
        f"{_tag_set(thing)}</item>"
    )


def _run(oracle: Oracle, params: dict[str, str]) -> str:
    if params.get("ImageId") not in IMAGES:
        raise Refusal(400, "InvalidAMIID.NotFound", f"the image {params.get('ImageId')} does not exist")
    made = _once(oracle, "node", "i-", params, "TagSpecification.1.")
    return f"<instancesSet>{''.join(map(_instance, made))}</instancesSet>"


def _describe_instances(oracle: Oracle, params: dict[str, str]) -> str:
    wanted, filters = _numbered(params, "InstanceId"), _filters(params)
    for one in wanted:
        thing = oracle.things.get(one)
        if thing is None or thing.kind != "node" or time.monotonic() < thing.hidden:
            raise Refusal(400, "InvalidInstanceID.NotFound", f"node {one} does not exist")
    listed = [t for t in oracle.things.values() if t.id in wanted] if wanted else oracle.listed("node")
    shown = [t for t in listed if _matches(t, filters)]
    items = "".join(f"<item><instancesSet>{_instance(thing)}</instancesSet></item>" for thing in shown)
    return f"<reservationSet>{items}</reservationSet>"


def _terminate(oracle: Oracle, params: dict[str, str]) -> str:
    found = [oracle.get("node", one, "InvalidInstanceID.NotFound") for one in _numbered(params, "InstanceId")]
    for thing in found:
        oracle.delete(thing)
    state = "<currentState><code>32</code><name>shutting-down</name></currentState>"
    items = "".join(f"<item><instanceId>{thing.id}</instanceId>{state}</item>" for thing in found)
    return f"<instancesSet>{items}</instancesSet>"


def _images(oracle: Oracle, params: dict[str, str]) -> str:
    wanted = _numbered(params, "ImageId")
    shown = {one: name for one, name in IMAGES.items() if not wanted or one in wanted}
    if wanted and not shown:
        raise Refusal(400, "InvalidAMIID.NotFound", f"the image {wanted[0]} does not exist")
    items = (f"<item><imageId>{one}</imageId><name>{name}</name></item>" for one, name in shown.items())
    return f"<imagesSet>{''.join(items)}</imagesSet>"


def _zones(oracle: Oracle, params: dict[str, str]) -> str:
    items = (
        f"<item><zoneName>{zone}</zoneName><zoneState>available</zoneState><regionName>us-east-1</regionName></item>"
        for zone in ZONES
    )
    return f"<availabilityZoneInfo>{''.join(items)}</availabilityZoneInfo>"


def _volume_facts(thing: Thing) -> str:
    at = f"<item><instanceId>{thing.attached}</instanceId><status>attached</status></item>" if thing.attached else ""
    words = {"pending": "creating", "error": "error"}
    status = words.get(thing.state, "in-use" if thing.attached else "available")
    return (
        f"<volumeId>{thing.id}</volumeId><size>1</size><status>{status}</status>"
        f"<createTime>2026-01-01T00:00:00.000Z</createTime><attachmentSet>{at}</attachmentSet>{_tag_set(thing)}"
    )


def _create_volume(oracle: Oracle, params: dict[str, str]) -> str:
    return _volume_facts(_once(oracle, "volume", "vol-", params, "TagSpecification.1.")[0])


def _volumes(oracle: Oracle, params: dict[str, str]) -> str:
    filters, wanted = _filters(params), _numbered(params, "VolumeId")
    for one in wanted:
        oracle.get("volume", one, "InvalidVolume.NotFound")
    listed = [t for t in oracle.things.values() if t.id in wanted] if wanted else oracle.listed("volume")
    shown = [thing for thing in listed if not thing.gone and _matches(thing, filters)]
    return f"<volumeSet>{''.join(f'<item>{_volume_facts(thing)}</item>' for thing in shown)}</volumeSet>"


def _attach(oracle: Oracle, params: dict[str, str]) -> str:
    node = oracle.get("node", params["InstanceId"], "InvalidInstanceID.NotFound")
    volume = oracle.get("volume", params["VolumeId"], "InvalidVolume.NotFound")
    if volume.attached:
        raise Refusal(400, "VolumeInUse", f"{volume.id} is attached")
    if volume.state != "running":
        raise Refusal(400, "IncorrectState", f"{volume.id} is not available")
    volume.attached = node.id
    return f"<volumeId>{volume.id}</volumeId><instanceId>{node.id}</instanceId><status>attaching</status>"


def _detach(oracle: Oracle, params: dict[str, str]) -> str:
    volume = oracle.get("volume", params["VolumeId"], "InvalidVolume.NotFound")
    if not volume.attached:
        raise Refusal(400, "IncorrectState", f"{volume.id} is not attached")
    volume.attached = ""
    return f"<volumeId>{volume.id}</volumeId><status>detaching</status>"


def _delete_volume(oracle: Oracle, params: dict[str, str]) -> str:
    volume = oracle.get("volume", params["VolumeId"], "InvalidVolume.NotFound")
    if volume.attached:
        raise Refusal(400, "VolumeInUse", f"{volume.id} is attached")
    oracle.delete(volume)
    return "<return>true</return>"


def _address_facts(thing: Thing) -> str:
    ip = f"203.0.113.{int(thing.id[-4:], 16) % 250 + 1}"
    at = f"<instanceId>{thing.attached}</instanceId>" if thing.attached else ""
    association = f"<associationId>{thing.id.replace('alloc', 'assoc')}</associationId>" if at else ""
    return (
        f"<publicIp>{ip}</publicIp><domain>vpc</domain><allocationId>{thing.id}</allocationId>{at}{association}"
        f"{_tag_set(thing)}"
    )


def _allocate(oracle: Oracle, params: dict[str, str]) -> str:
    tags = _tags(params, "TagSpecification.1.")
    return _address_facts(oracle.make("address", "eipalloc-", name=tags.get("Name", ""), tags=tags))


def _addresses(oracle: Oracle, params: dict[str, str]) -> str:
    filters = {name: values for name, values in _filters(params).items() if name.startswith("tag:")}
    wanted = _numbered(params, "AllocationId")
    for one in wanted:
        oracle.get("address", one, "InvalidAllocationID.NotFound")
    listed = [t for t in oracle.things.values() if t.id in wanted] if wanted else oracle.listed("address")
    shown = [thing for thing in listed if not thing.gone and _matches(thing, filters)]
    return f"<addressesSet>{''.join(f'<item>{_address_facts(thing)}</item>' for thing in shown)}</addressesSet>"


def _associate(oracle: Oracle, params: dict[str, str]) -> str:
    node = oracle.get("node", params["InstanceId"], "InvalidInstanceID.NotFound")
    address = oracle.get("address", params["AllocationId"], "InvalidAllocationID.NotFound")
    address.attached = node.id
    return f"<associationId>{address.id.replace('alloc', 'assoc')}</associationId><return>true</return>"


def _disassociate(oracle: Oracle, params: dict[str, str]) -> str:
    one = params["AssociationId"].replace("assoc", "alloc")
    oracle.get("address", one, "InvalidAssociationID.NotFound").attached = ""
    return "<return>true</return>"


def _release(oracle: Oracle, params: dict[str, str]) -> str:
    address = oracle.get("address", params["AllocationId"], "InvalidAllocationID.NotFound")
    if address.attached:
        raise Refusal(400, "InvalidIPAddress.InUse", f"{address.id} is associated")
    address.gone = True
    return "<return>true</return>"


def _create_tags(oracle: Oracle, params: dict[str, str]) -> str:
    for one in _numbered(params, "ResourceId"):
        oracle.things[one].tags |= _tags(params, "")
        oracle.things[one].name = oracle.things[one].tags.get("Name", "")
    return "<return>true</return>"


def _limits(oracle: Oracle, params: dict[str, str]) -> str:
    values = {"max-instances": oracle.quota, "max-elastic-ips": 5, "vpc-max-elastic-ips": 5}
    items = (
        f"<item><attributeName>{name}</attributeName><attributeValueSet><item><attributeValue>{value}"
        f"</attributeValue></item></attributeValueSet></item>"
        for name, value in values.items()
    )
    return f"<accountAttributeSet>{''.join(items)}</accountAttributeSet>"


_ACTIONS: dict[str, Any] = {
    "AllocateAddress": _allocate,
    "AssociateAddress": _associate,
    "AttachVolume": _attach,
    "CreateTags": _create_tags,
    "CreateVolume": _create_volume,
    "DeleteVolume": _delete_volume,
    "DescribeAccountAttributes": _limits,
    "DescribeAddresses": _addresses,
    "DescribeAvailabilityZones": _zones,
    "DescribeImages": _images,
    "DescribeInstances": _describe_instances,
    "DescribeVolumes": _volumes,
    "DetachVolume": _detach,
    "DisassociateAddress": _disassociate,
    "ReleaseAddress": _release,
    "RunInstances": _run,
    "TerminateInstances": _terminate,
}
