"""The scripts' params, and the names that a pattern gives."""

from __future__ import annotations

import re
from typing import Any

from wharfinger.script import Failed

_PLACE = re.compile(r"\{n(?::0(\d))?\}")
LONGEST_NAME = 63
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": 200, "description": description, **more}


def _texts(description: str) -> dict[str, Any]:
    item = {"type": "string", "minLength": 1, "maxLength": 10_000}
    return {"type": "array", "minItems": 1, "maxItems": 20, "items": item, "description": description}


def schema(summary: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a script's params; each has `profile` and `concurrency`."""
    shared = {
        "profile": _text(
            "Name of the cloud account to use, as configured by the operator.", **{"x-wharfinger-profile": True}
        ),
        "concurrency": {
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 16,
            "description": "How many calls to the cloud are made at once.",
        },
    }
    return {
        "$schema": _DRAFT,
        "type": "object",
        "description": summary,
        "properties": {**shared, **properties},
        "required": ["profile", *required],
        "additionalProperties": False,
    }


DEPLOY_SCHEMA = schema(
    "Which nodes to make, and what they get.",
    ["name", "size", "image"],
    {
        "name": _text(
            "Name of the nodes. {n} stands for 1, 2, 3 …, {n:03} for 001, 002 …; several nodes need it.",
            pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]|\{n(:0[1-9])?\})*$",
            examples=["web-{n}"],
        ),
        "count": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1, "description": "How many."},
        "size": _text("Id or name of the size.", examples=["t3.micro"]),
        "image": _text("Id or name of the image; on EC2 its id."),
        "location": {"type": "string", "maxLength": 200, "description": "Id or name of the location; without it any."},
        "user_data": {
            "type": "string",
            "minLength": 1,
            "maxLength": 64 * 1024,
            "writeOnly": True,
            "description": "What each node is given at its first boot: a script, or a cloud-config.",
        },
        "ssh_keys": _texts(
            "Who may log in: names or ids of keys at the provider, one on EC2 and OpenStack; on Azure, Linode and GCE"
            " (USER:KEY) the public keys themselves."
        ),
        "password": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "writeOnly": True,
            "description": "Password of the administrator, on Azure and Linode, which want one.",
        },
        "networks": _texts("Networks that each node is in, by their ids; on Azure and GCE by name."),
        "subnet": _text("Subnet that each node is in: its id; on Azure and GCE its name."),
        "security_groups": _texts("Security groups (on GCE network tags) that each node is in: ids, or names."),
        "boot_volume": {
            "type": "object",
            "additionalProperties": False,
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 65536, "description": "GB."},
                "type": _text("The provider's word for the kind of disk."),
                "device": _text("On EC2 the image's root device.", default="/dev/sda1"),
            },
            "description": "What each node boots from; it goes with the node.",
        },
        "tags": {
            "type": "object",
            "maxProperties": 40,
            "additionalProperties": {"type": "string", "maxLength": 255},
            "description": "Tags (or metadata, or labels) of each node.",
        },
        "extra": {
            "type": "object",
            "description": "What only the driver knows, as keywords of its create_node; before the profile's `extra`.",
        },
        "volumes": {
            "type": "array",
            "maxItems": 8,
            "items": {"type": "integer", "minimum": 1, "maximum": 65536},
            "description": "Volumes that each node gets, by their sizes in GB.",
        },
        "addresses": {"type": "boolean", "default": False, "description": "Whether each node gets a floating address."},
        "address_pool": _text("Id or name of the network that addresses come from; needed where there are several."),
        "ready_timeout": {
            "type": "integer",
            "minimum": 0,
            "maximum": 7200,
            "default": 600,
            "description": "Seconds that each node may take until it runs; 0: don't wait. Attaching comes after it.",
        },
    },
)

DNS_SCHEMA = schema(
    "Which records a zone is to have.",
    ["zone", "records"],
    {
        "zone": _text("Name of the zone.", pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$", examples=["example.org"]),
        "make_zone": {"type": "boolean", "default": False, "description": "Whether it is made if there is none."},
        "zone_extra": {"type": "object", "description": "The driver's own words for a zone that is made."},
        "records": {
            "type": "array",
            "minItems": 1,
            "maxItems": 500,
            "description": "The records. One that is there as it is asked for stays whose it is.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "type", "data"],
                "properties": {
                    "name": {
                        "type": "string",
                        "maxLength": 200,
                        "description": "In the zone; empty: its own.",
                    },
                    "type": {"type": "string", "enum": ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]},
                    "data": {"type": "string", "minLength": 1, "maxLength": 4000, "description": "What it says."},
                    "add": {"type": "boolean", "description": "Make it beside others of its name and type."},
                    "replace": {"type": "boolean", "description": "Change the one of its name and type."},
                    "extra": {"type": "object", "description": "The driver's own words, such as a ttl."},
                },
            },
        },
    },
)

DESTROY_SCHEMA = schema(
    "Which nodes to destroy: those of these names, or all that carry a tag.",
    [],
    {
        "names": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "uniqueItems": True,
            "items": _text("A node's name."),
            "description": "Names of the nodes. Each must be there, once.",
        },
        "tags": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
            "description": "Tags (or metadata, or labels) that the nodes have, all of them with these values.",
        },
        "gone_timeout": {
            "type": "number",
            "minimum": 0,
            "default": 300,
            "description": "Seconds that each node may take to be gone once the cloud accepted that; 0: nobody looks.",
        },
    },
) | {"oneOf": [{"required": ["names"]}, {"required": ["tags"]}]}

_NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Its name."},
        "id": {"type": "string", "description": "Its id at the provider."},
        "volumes": {"type": "array", "items": {"type": "string"}, "description": "Ids of its volumes, in order."},
        "address": {"type": "string", "description": "Id of its floating address; empty if it has none."},
    },
    "required": ["name", "id"],
}
RESULT_SCHEMA: dict[str, Any] = {
    "$schema": _DRAFT,
    "type": "object",
    "properties": {
        "nodes": {
            "type": "array",
            "items": _NODE,
            "description": "The nodes, in the order of their names; of some hundred those that a result has room for.",
        },
        "count": {"type": "integer", "description": "How many nodes there are, listed or not."},
        "unlisted": {
            "type": "integer",
            "description": "How many of them found no room; the task's resources have all.",
        },
    },
    "required": ["nodes", "count", "unlisted"],
}


def names(pattern: str, count: int) -> list[str]:
    """Return the names of `count` nodes. Raises Failed PARAMS_INVALID if several would be the same, or too long."""
    if count > 1 and not _PLACE.search(pattern):
        raise Failed(
            f"name: {pattern!r} gives all {count} nodes one name; put {{n}} into it, as in {pattern + '-{n}'!r}",
            reason="PARAMS_INVALID",
            metadata={"field": "name"},
        )
    found = [_PLACE.sub(lambda place, n=n: f"{n:0{place[1] or 1}}", pattern) for n in range(1, count + 1)]  # type: ignore[misc]
    if len(found[-1]) > LONGEST_NAME:
        raise Failed(
            f"name: {found[-1]!r} is longer than the {LONGEST_NAME} characters that a host name may have",
            reason="PARAMS_INVALID",
            metadata={"field": "name"},
        )
    return found
