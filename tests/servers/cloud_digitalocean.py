"""DigitalOcean's API, version 2, of the loopback cloud: no tokens; tags are texts, ids of droplets numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.servers.cloud_oracle import Oracle, Refusal, Thing, routed

KEY = "DO-KEY-OF-THE-LOOPBACK-CLOUD"  # made up for this server, which nobody else can reach
HOST = "api.digitalocean.com"
STAMP = "2026-01-01T00:00:00Z"
_SIZE = {
    "slug": "s-1vcpu-1gb",
    "memory": 1024,
    "vcpus": 1,
    "disk": 25,
    "transfer": 1.0,
    "price_monthly": 6.0,
    "price_hourly": 0.00893,
    "regions": ["fra1"],
    "available": True,
}
_IMAGE = {
    "id": 129211873,
    "name": "12 x64",
    "distribution": "Debian",
    "slug": "debian-12-x64",
    "public": True,
    "regions": ["fra1"],
    "created_at": STAMP,
    "min_disk_size": 7,
    "type": "base",
}
_REGION = {"slug": "fra1", "name": "Frankfurt 1", "features": ["volumes"], "available": True, "sizes": ["s-1vcpu-1gb"]}


def answer(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    return routed(oracle, _ROUTES, method, path, body)


def _droplet(thing: Thing) -> dict[str, Any]:
    status = {"pending": "new", "error": "archive"}.get(thing.state, "active")
    v4 = [{"ip_address": "203.0.113.7", "netmask": "255.255.255.0", "type": "public"}] if status == "active" else []
    return {
        "id": int(thing.id),
        "name": thing.name,
        "memory": 1024,
        "vcpus": 1,
        "disk": 25,
        "locked": False,
        "status": status,
        "created_at": STAMP,
        "features": [],
        "backup_ids": [],
        "snapshot_ids": [],
        "image": _IMAGE,
        "size": _SIZE,
        "size_slug": _SIZE["slug"],
        "networks": {"v4": v4, "v6": []},
        "region": _REGION,
        "tags": list(thing.tags),
    }


def _create(oracle: Oracle, body: Any) -> tuple[int, Any]:
    if (body["size"], str(body["image"]), body["region"]) != ("s-1vcpu-1gb", str(_IMAGE["id"]), "fra1"):
        raise Refusal(
            422, "unprocessable_entity", "You specified an invalid size, image or region for Droplet creation."
        )
    if len(oracle.alive()) >= oracle.quota:
        why = "creating this/these droplet(s) will exceed your droplet limit"
        raise Refusal(422, "unprocessable_entity", why)
    with oracle.lock:
        thing = oracle.make("node", "", name=body["name"], tags=dict.fromkeys(body.get("tags") or [], ""), request=body)
        del oracle.things[thing.id]
        thing.id = str(int(thing.id[:8], 16))
        oracle.things[thing.id] = thing
    return 202, {"droplet": _droplet(thing), "links": {"actions": []}}


def _droplets(oracle: Oracle, body: Any) -> tuple[int, Any]:
    shown = [_droplet(thing) for thing in oracle.listed("node") if not thing.gone]
    return 200, {"droplets": shown, "links": {}, "meta": {"total": len(shown)}}


def _show(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"droplet": _droplet(oracle.get("node", one, "not_found"))}


def _delete(kind: str) -> Callable[..., tuple[int, Any]]:
    def do(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
        thing = oracle.get(kind, one, "not_found")
        if thing.attached:
            raise Refusal(409, "conflict", "cannot delete storage volume as it is currently attached to a Droplet")
        oracle.delete(thing)
        return 204, None

    return do


def _volume(thing: Thing) -> dict[str, Any]:
    return {
        "id": thing.id,
        "name": thing.name,
        "size_gigabytes": 10,
        "created_at": STAMP,
        "description": "",
        "region": _REGION,
        "droplet_ids": [int(thing.attached)] if thing.attached else [],
    }


def _create_volume(oracle: Oracle, body: Any) -> tuple[int, Any]:
    if any(one.name == body["name"] for one in oracle.alive("volume")):
        raise Refusal(409, "conflict", "a volume already exists with this name")
    return 201, {"volume": _volume(oracle.make("volume", "", name=body["name"]))}


def _volumes(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"volumes": [_volume(one) for one in oracle.listed("volume") if not one.gone], "links": {}}


def _act(oracle: Oracle, body: Any) -> tuple[int, Any]:
    node = oracle.get("node", str(body["droplet_id"]), "not_found")
    found = [one for one in oracle.alive("volume") if one.name == body["volume_name"]]
    if not found:
        raise Refusal(404, "not_found", "no such volume")
    [volume] = found
    if body["type"] == "attach":
        if volume.attached not in ("", node.id):
            raise Refusal(422, "unprocessable_entity", "the volume is attached to another Droplet")
        volume.attached = node.id
    elif volume.attached == node.id:
        volume.attached = ""
    return 202, {"action": {"id": 1, "status": "in-progress", "type": body["type"]}}


_NUMBER, _ID = r"(\d+)", r"([0-9a-f-]{36})"
_ROUTES = [
    ("GET", "/v2/sizes", "GET /sizes", lambda oracle, body: (200, {"sizes": [_SIZE], "links": {}})),
    ("GET", "/v2/images", "GET /images", lambda oracle, body: (200, {"images": [_IMAGE], "links": {}})),
    ("GET", "/v2/regions", "GET /regions", lambda oracle, body: (200, {"regions": [_REGION], "links": {}})),
    ("POST", "/v2/droplets", "POST /droplets", _create),
    ("GET", "/v2/droplets", "GET /droplets", _droplets),
    ("GET", f"/v2/droplets/{_NUMBER}", "GET /droplets/ID", _show),
    ("DELETE", f"/v2/droplets/{_NUMBER}", "DELETE /droplets/ID", _delete("node")),
    ("POST", "/v2/volumes", "POST /volumes", _create_volume),
    ("GET", "/v2/volumes", "GET /volumes", _volumes),
    ("POST", "/v2/volumes/actions", "POST /volumes/actions", _act),
    ("DELETE", f"/v2/volumes/{_ID}", "DELETE /volumes/ID", _delete("volume")),
]
