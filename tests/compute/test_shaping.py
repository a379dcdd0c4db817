"""What a deployment asks for, in each driver's words: keys, networks, groups, boot volumes, tags and more."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from libcloud.compute.base import NodeImage, NodeSize
from tests.compute.conftest import Yard
from tests.compute.signatures import SIGNED, create_node_of

from wharfinger.script import Failed
from wharfinger.testing import Done
from wharfinger_compute import shaping

EVERYTHING: dict[str, Any] = {
    "ssh_keys": ["one"],
    "networks": ["net"],
    "subnet": "sub",
    "security_groups": ["group"],
    "boot_volume": {"size": 20, "type": "fast"},
    "password": "s3cr3t",
    "user_data": "#!/bin/sh",
}


def why(done: Done) -> str | None:
    found: str | None = getattr(done.outcome, "reason", None)
    return found


@pytest.mark.parametrize("provider", SIGNED)
@pytest.mark.parametrize("feature", sorted(EVERYTHING))
def test_what_it_becomes_the_driver_takes_and_what_it_has_no_word_for_is_refused(provider: str, feature: str) -> None:
    signature = inspect.signature(create_node_of(provider))
    asked = {feature: EVERYTHING[feature]}
    needed = {name: EVERYTHING[name] for name in shaping.NEEDS.get(provider, {})}
    if provider not in shaping.SHAPES[feature]:
        with pytest.raises(Failed) as refused:
            shaping.keywords(provider, {**needed, **asked}, {})
        assert (refused.value.reason, refused.value.metadata["feature"]) == ("NOT_SUPPORTED", feature)
        return
    given = shaping.keywords(provider, {**needed, **asked}, {})
    assert given.keys() <= signature.parameters.keys()


def test_every_provider_of_the_tables_is_one_of_libclouds() -> None:
    named = {name for shapes in shaping.SHAPES.values() for name in shapes}
    assert named | shaping.NEEDS.keys() | shaping.SIZE_AS_TEXT.keys() <= set(SIGNED)


def test_openstack_is_told_all_of_it(yard: Yard) -> None:
    asked = {name: EVERYTHING[name] for name in ("ssh_keys", "networks", "security_groups", "boot_volume")}
    done = yard.deploy("openstack", count=1, **asked, tags={"env": "test"}, extra={"ex_config_drive": True})
    [node] = yard.cloud.oracle.alive()
    assert {key: node.request[key] for key in ("key_name", "networks", "security_groups", "config_drive")} == {
        "key_name": "one",
        "networks": [{"uuid": "net"}],
        "security_groups": [{"name": "group"}],
        "config_drive": "True",
    }
    [disk] = node.request["block_device_mapping_v2"]
    assert (disk["uuid"], disk["volume_size"], disk["volume_type"]) == ("img-debian", 20, "fast")
    assert node.tags == {"env": "test", "wharfinger": done.ledger["node/web-1"].token}


def test_ec2_is_told_all_of_it(yard: Yard) -> None:
    asked = {name: EVERYTHING[name] for name in ("ssh_keys", "subnet", "boot_volume")}
    done = yard.deploy("ec2", count=1, **asked, security_groups=["sg-1", "sg-2"], tags={"env": "test"})
    [node] = yard.cloud.oracle.alive()
    wanted = {
        "KeyName": "one",
        "SubnetId": "sub",
        "SecurityGroupId.1": "sg-1",
        "SecurityGroupId.2": "sg-2",
        "BlockDeviceMapping.1.DeviceName": "/dev/sda1",
        "BlockDeviceMapping.1.Ebs.VolumeSize": "20",
        "BlockDeviceMapping.1.Ebs.VolumeType": "fast",
    }
    assert {key: node.request.get(key) for key in wanted} == wanted
    assert (node.tags["env"], node.tags["wharfinger"]) == ("test", done.ledger["node/web-1"].token)


@pytest.mark.parametrize(
    ("provider", "asked", "reason", "said"),
    [
        ("ec2", {"extra": {"ex_keynam": "x"}}, "PARAMS_INVALID", "did you mean ex_keyname?"),
        ("ec2", {"ssh_keys": ["a", "b"]}, "PARAMS_INVALID", "one can be given"),
        ("ec2", {"security_groups": ["sg-1", "web"]}, "PARAMS_INVALID", "mixed"),
        ("ec2", {"tags": {"wharfinger": "x"}}, "PARAMS_INVALID", "taken"),
        ("ec2", {"password": "s3cr3t"}, "NOT_SUPPORTED", "azure_arm, linode"),
        ("vultr", {"tags": {"env": "test"}}, "NOT_SUPPORTED", "not on vultr"),
        ("openstack", {"subnet": "x"}, "NOT_SUPPORTED", "not on openstack"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    yard: Yard, provider: str, asked: dict[str, Any], reason: str, said: str
) -> None:
    done = yard.deploy(provider, count=1, **asked)
    assert why(done) == reason
    assert said in done.failure.message
    assert (done.ledger, yard.exists) == ({}, [])


def test_a_profiles_own_words_are_given_to_each_node_and_the_params_come_before_them(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY_NAME", "from-env")
    extra = {"ex_keyname": {"env": "LAB_KEY_NAME"}, "ex_metadata": {"team": "red", "env": "prod"}}
    profiles = {"ec2": {**yard.profiles["ec2"], "extra": extra}}
    monkeypatch.setattr(Yard, "profiles", profiles)
    yard.deploy("ec2", count=1, tags={"env": "test"})
    [node] = yard.cloud.oracle.alive()
    assert node.request["KeyName"] == "from-env"
    assert (node.tags["team"], node.tags["env"]) == ("red", "test")


@pytest.mark.parametrize(
    ("provider", "asked", "lacking"),
    [
        ("azure_arm", {}, "networks"),
        ("azure_arm", {"networks": ["n"]}, "auth, ex_resource_group"),
        ("azure_arm", {"networks": ["n"], "ssh_keys": ["k"], "extra": {"ex_resource_group": "g"}}, ""),
        ("linode", {"ssh_keys": ["k"]}, "password"),
        ("linode", {"password": "s3cr3t"}, ""),
        ("aliyun_ecs", {}, "security_groups"),
        ("aliyun_ecs", {"security_groups": ["sg"]}, ""),
        ("outscale", {"subnet": "s"}, ""),
        ("gce", {"networks": ["n"], "subnet": "s", "tags": {"a": "b"}}, ""),
        ("kamatera", {}, ""),
        ("onapp", {}, "ex_memory"),
        ("dimensiondata", {"extra": {"auth": "x"}}, ""),
    ],
)
def test_what_a_driver_needs_and_was_not_given_is_told_before_the_first_call(
    provider: str, asked: dict[str, Any], lacking: str
) -> None:
    made = {"name": "", "image": NodeImage("i", "i", None), "location": "here"}
    made[shaping.SIZE_AS_TEXT.get(provider, "size")] = NodeSize("s", "s", 1, 1, None, None, None)
    create_node = create_node_of(provider)
    known = inspect.signature(create_node).parameters
    if "location" not in known:
        del made["location"]

    def checked() -> None:
        given = shaping.keywords(provider, asked, {})
        shaping.check(provider, create_node, {**made, **given})

    if not lacking:
        checked()
        return
    with pytest.raises(Failed, match=lacking) as refused:
        checked()
    assert refused.value.reason == "PARAMS_INVALID"
