"""What the drivers of libcloud take, by their signatures: nothing is called, no account is needed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from libcloud.compute.base import NodeDriver
from libcloud.compute.providers import DRIVERS, get_driver

_VERSIONS = {
    "digitalocean": ("digitalocean", "DigitalOcean_v2_NodeDriver"),
    "linode": ("linode", "LinodeNodeDriverV4"),
    "openstack": ("openstack", "OpenStack_2_NodeDriver"),
    "vultr": ("vultr", "VultrNodeDriverV2"),
}
"""Drivers that are made by another class's `__new__`: what stands behind it unless one asks for another version."""


def driver_of(provider: str) -> Any:
    """Return the class of a provider's driver."""
    if provider in _VERSIONS:
        module, name = _VERSIONS[provider]
        return getattr(import_module(f"libcloud.compute.drivers.{module}"), name)
    return get_driver(provider)


def create_node_of(provider: str) -> Callable[..., Any]:
    """Return its `create_node`, as bound to a driver: without `self`."""
    bound: Callable[..., Any] = driver_of(provider).create_node.__get__(object())
    return bound


def _signed() -> list[str]:
    found = []
    for provider in sorted(DRIVERS):
        try:
            kind = driver_of(provider)
        except (AttributeError, ImportError):
            continue  # deprecated, or needs what is not installed
        if kind.create_node is not NodeDriver.create_node and set(inspect.signature(kind.create_node).parameters) != {
            *("self", "kwargs")
        }:
            found.append(provider)
    return found


SIGNED = _signed()
"""The providers whose driver makes nodes, and says by its signature what it takes."""
