"""What an image is to be in an image service beside its bytes: formats, who sees it, properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DISK_FORMATS = ("aki", "ami", "ari", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk")
CONTAINER_FORMATS = ("aki", "ami", "ari", "bare", "compressed", "docker", "ova", "ovf")
VISIBILITIES = ("private", "shared", "community", "public")
RESERVED = "wharfinger_"
"""How the names of the properties begin that are ours."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "What the image is to be in an OpenStack image service (a store `glance://`). What is left out is as"
    " the store's table says.",
    "properties": {
        "disk_format": {
            "type": "string",
            "enum": ["auto", *DISK_FORMATS],
            "description": "auto: what the first bytes say, raw if they say nothing.",
        },
        "container_format": {"type": "string", "enum": list(CONTAINER_FORMATS)},
        "visibility": {
            "type": "string",
            "enum": list(VISIBILITIES),
            "description": "Who sees it; a cloud lets administrators alone make images public.",
        },
        "properties": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 255},
            "propertyNames": {"pattern": f"^(?!{RESERVED})[a-z][a-z0-9_:.-]{{0,254}}$"},
            "maxProperties": 100,
            "description": "Properties such as hw_disk_bus or os_distro.",
        },
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 255}, "maxItems": 100},
        "min_disk": {"type": "integer", "minimum": 0, "description": "GB of disk that a server needs for it."},
        "min_ram": {"type": "integer", "minimum": 0, "description": "MB of memory that a server needs for it."},
        "protected": {
            "type": "boolean",
            "description": "Whether the service refuses to delete it; undoing this task lifts that first.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Traits:
    """The param `glance`, or what a store's table says where it is left out; "" for a cloud's own default."""

    disk_format: str = "auto"
    container_format: str = "bare"
    visibility: str = "private"
    protected: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)
    """Properties, tags and what a server needs, as the service takes them."""


def traits(asked: Mapping[str, Any], configured: Mapping[str, str]) -> Traits:
    """Return what the param says on top of what a store's options do."""
    first = {name: configured[name] for name in ("disk_format", "container_format", "visibility") if name in configured}
    said = {**first, **asked}
    about: dict[str, Any] = {name: said[name] for name in ("min_disk", "min_ram", "tags") if name in said}
    own = ("disk_format", "container_format", "visibility", "protected")
    chosen = {name: said[name] for name in own if name in said}
    return Traits(**chosen, about={**about, **said.get("properties", {})})
