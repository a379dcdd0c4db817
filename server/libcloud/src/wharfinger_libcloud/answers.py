"""The answers that libcloud's creating methods promise; anything else is no success."""

from __future__ import annotations

from typing import Any

from libcloud.compute.base import KeyPair, Node, NodeImage, StorageVolume, VolumeSnapshot
from libcloud.dns.base import Record, Zone
from libcloud.loadbalancer.base import LoadBalancer
from libcloud.storage.base import Container, Object

_PROMISED: dict[str, type[Any]] = {
    "copy_image": NodeImage,
    "create_balancer": LoadBalancer,
    "create_container": Container,
    "create_image": NodeImage,
    "create_key_pair": KeyPair,
    "create_node": Node,
    "create_record": Record,
    "create_volume": StorageVolume,
    "create_volume_snapshot": VolumeSnapshot,
    "create_zone": Zone,
    "deploy_node": Node,
    "ex_create_multiple_nodes": Node,
    "upload_object": Object,
    "upload_object_via_stream": Object,
    "import_key_pair_from_file": KeyPair,
    "import_key_pair_from_string": KeyPair,
}
_EXACT = frozenset({"create_node", "create_volume", "deploy_node", "ex_create_multiple_nodes"})
"""Where True is no answer; some drivers say so, and mean it, of an image that is on its way."""
_SEVERAL = frozenset({"create_node", "ex_create_multiple_nodes"})


class UnexpectedAnswer(Exception):
    """A driver returned something that is not what its method promises."""


def promised(method: str) -> type[Any] | None:
    """Return the class of what a method returns, None if nothing is promised."""
    return _PROMISED.get(method)


def check(method: str, answer: Any) -> str:
    """Return what is wrong with the answer of a driver's method, in words; "" if nothing is, or nothing is promised.

    EC2 asked for several nodes returns a list of them, so a list is right where all in it are right and it isn't empty.
    """
    wanted = _PROMISED.get(method)
    if wanted is None or isinstance(answer, wanted) or (answer is True and method not in _EXACT):
        return ""
    if method in _SEVERAL and isinstance(answer, list) and answer:
        wrong = [one for one in answer if not isinstance(one, wanted)]
        return f"{len(wrong)} of {len(answer)} that are no {wanted.__name__}" if wrong else ""
    shown = "an empty list" if answer == [] else f"{type(answer).__name__}"
    return f"{shown}, not a {wanted.__name__}"
