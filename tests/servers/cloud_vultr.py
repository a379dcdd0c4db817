"""Vultr's API, version 2, of the loopback cloud: no tokens, one tag a node, and what is asked for is made later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.servers.cloud_oracle import Oracle, Refusal, Thing, routed

KEY = "KEY-OF-THE-LOOPBACK-CLOUD"  # made up for this server, which nobody else can reach
STAMP = "2026-01-01T00:00:00+00:00"
_PLACE = "ewr"
_NOTHING = {"meta": {"links": {"next": "", "prev": ""}, "total": 0}}


def answer(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    return routed(oracle, _ROUTES, method, path, body)


def _list(word: str, items: list[dict[str, Any]]) -> tuple[int, Any]:
    return 200, {word: items, **_NOTHING}


def _instance(thing: Thing) -> dict[str, Any]:
    running = thing.state == "running"
    empty = ("netmask_v4", "gateway_v4", "v6_network", "v6_main_ip", "internal_ip", "image_id", "firewall_group_id")
    return {
        **dict.fromkeys(empty, ""),
        "id": thing.id,
        "label": thing.name,
        "tag": thing.tags.get("tag", ""),
        "plan": "vc2-1c-1gb",
        "os": "Debian 12",
        "os_id": 2136,
        "region": _PLACE,
        "main_ip": "203.0.113.9" if running else "0.0.0.0",
        "date_created": STAMP,
        "ram": 1024,
        "disk": 25,
        "vcpu_count": 1,
        "allowed_bandwidth": 1000,
        "app_id": 0,
        "v6_network_size": 0,
        "features": [],
        "status": "active" if running else "pending",
        "power_status": "running" if running else "stopped",
        "server_status": "ok" if running else "none",
    }


def _deploy(oracle: Oracle, body: Any) -> tuple[int, Any]:
    if body.get("plan") != "vc2-1c-1gb" or body.get("region") != _PLACE or int(body.get("os_id") or 0) != 2136:
        raise Refusal(400, "invalid", "Invalid plan, region or os_id.")
    thing = oracle.make("node", "", name=body["label"], tags={"tag": body.get("tag") or ""})
    return 202, {"instance": _instance(thing)}


def _instances(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return _list("instances", [_instance(thing) for thing in oracle.listed("node") if not thing.gone])


def _delete(kind: str) -> Callable[..., tuple[int, Any]]:
    def do(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
        oracle.delete(oracle.get(kind, one, "not_found"))
        return 204, None

    return do


def _no_metal(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    raise Refusal(404, "not_found", "Bare metal server not found.")


def _show(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"instance": _instance(oracle.get("node", one, "not_found"))}


def _show_block(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"block": _block(oracle.get("volume", one, "not_found"))}


def _block(thing: Thing) -> dict[str, Any]:
    return {
        "id": thing.id,
        "label": thing.name,
        "size_gb": 10,
        "status": "active",
        "date_created": STAMP,
        "cost": 1,
        "region": _PLACE,
        "attached_to_instance": thing.attached,
        "mount_id": "",
    }


def _create_block(oracle: Oracle, body: Any) -> tuple[int, Any]:
    if body.get("region") != _PLACE:
        raise Refusal(400, "invalid", "Invalid region.")
    return 202, {"block": _block(oracle.make("volume", "", name=body["label"]))}


def _blocks(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return _list("blocks", [_block(thing) for thing in oracle.listed("volume") if not thing.gone])


def _attach(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    volume = oracle.get("volume", one, "not_found")
    if volume.attached:
        raise Refusal(400, "invalid", "Block storage volume is already attached to a server.")
    volume.attached = oracle.get("node", body["instance_id"], "not_found").id
    return 204, None


def _detach(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    oracle.get("volume", one, "not_found").attached = ""
    return 204, None


def _plans(oracle: Oracle, body: Any) -> tuple[int, Any]:
    plan = {
        "id": "vc2-1c-1gb",
        "ram": 1024,
        "disk": 25,
        "bandwidth": 1024,
        "monthly_cost": 5,
        "locations": [_PLACE],
        "type": "vc2",
        "disk_count": 1,
        "vcpu_count": 1,
    }
    return _list("plans", [plan])


def _systems(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return _list("os", [{"id": 2136, "name": "Debian 12 x64", "arch": "x64", "family": "debian"}])


def _regions(oracle: Oracle, body: Any) -> tuple[int, Any]:
    place = {"id": _PLACE, "city": "New Jersey", "country": "US", "continent": "North America", "options": []}
    return _list("regions", [place])


def _none(word: str) -> Callable[..., tuple[int, Any]]:
    return lambda oracle, body: _list(word, [])


_ID = "([^/]+)"
_ROUTES: list[tuple[str, str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/v2/instances", "POST /instances", _deploy),
    ("GET", "/v2/instances", "GET /instances", _instances),
    ("GET", f"/v2/instances/{_ID}", "GET /instances/ID", _show),
    ("GET", f"/v2/bare-metals/{_ID}", "GET /bare-metals/ID", _no_metal),
    ("GET", f"/v2/blocks/{_ID}", "GET /blocks/ID", _show_block),
    ("DELETE", f"/v2/instances/{_ID}", "DELETE /instances/ID", _delete("node")),
    ("GET", "/v2/bare-metals", "GET /bare-metals", _none("bare_metals")),
    ("DELETE", f"/v2/bare-metals/{_ID}", "DELETE /bare-metals/ID", _no_metal),
    ("GET", "/v2/plans", "GET /plans", _plans),
    ("GET", "/v2/plans-metal", "GET /plans-metal", _none("plans_metal")),
    ("GET", "/v2/os", "GET /os", _systems),
    ("GET", "/v2/regions", "GET /regions", _regions),
    ("POST", "/v2/blocks", "POST /blocks", _create_block),
    ("GET", "/v2/blocks", "GET /blocks", _blocks),
    ("DELETE", f"/v2/blocks/{_ID}", "DELETE /blocks/ID", _delete("volume")),
    ("POST", f"/v2/blocks/{_ID}/attach", "POST /blocks/ID/attach", _attach),
    ("POST", f"/v2/blocks/{_ID}/detach", "POST /blocks/ID/detach", _detach),
]
