"""The OpenStack APIs of the loopback cloud: a little of identity, compute, images, volumes and networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.servers.cloud_oracle import Oracle, Refusal, Thing, routed

PASSWORD = "correct-horse"  # made up for this server, which nobody else can reach
TOKEN = "gAAAA-token-of-the-loopback-cloud"
STAMP = "2026-01-01T00:00:00Z"


def token(oracle: Oracle, base: str, body: Any) -> tuple[int, Any]:
    """Log in, or without a body show what a token is good for. Raises Refusal 401 for another password."""
    oracle.around("POST /tokens" if body else "GET /tokens", lambda: None)
    if body and body["auth"]["identity"]["password"]["user"]["password"] != PASSWORD:
        raise Refusal(401, "Unauthorized", "the password is wrong")
    services = {
        "compute": ("nova", "/compute/v2.1"),
        "image": ("glance", "/image"),
        "network": ("neutron", "/network"),
        "volumev3": ("cinderv3", "/volume/v3"),
        "volumev2": ("cinderv2", "/volume/v3"),
    }
    catalog = [
        {
            "type": kind,
            "name": name,
            "endpoints": [
                {"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": base + path, "id": kind}
            ],
        }
        for kind, (name, path) in services.items()
    ]
    user = {"id": "u1", "name": "user", "domain": {"id": "default", "name": "Default"}}
    roles = [{"id": "r1", "name": "member"}]
    return 201, {
        "token": {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": catalog, "user": user, "roles": roles}
    }


def answer(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    return routed(oracle, _ROUTES, method, path, body, "itemNotFound")


def _server(thing: Thing) -> dict[str, Any]:
    return {
        "id": thing.id,
        "name": thing.name,
        "status": {"running": "ACTIVE", "pending": "BUILD"}.get(thing.state, "ERROR"),
        "addresses": {"private": [{"addr": "10.0.0.2", "version": 4}]},
        "hostId": "h1",
        "tenant_id": "t1",
        "user_id": "u1",
        "image": {"id": "img-debian"},
        "flavor": {"id": "small"},
        "links": [{"rel": "self", "href": f"/servers/{thing.id}"}],
        "metadata": thing.tags,
        "created": STAMP,
        "updated": STAMP,
    }


def _boot(oracle: Oracle, body: Any) -> tuple[int, Any]:
    asked = body["server"]
    booted = [one["uuid"] for one in asked.get("block_device_mapping_v2", []) if one.get("boot_index") == 0]
    if (asked.get("imageRef") or "".join(booted)) != "img-debian" or asked.get("flavorRef") != "small":
        raise Refusal(400, "badRequest", "no such image or flavor")
    thing = oracle.make("node", "", name=asked["name"], tags=dict(asked.get("metadata") or {}), request=asked)
    return 202, {"server": {"id": thing.id, "links": [], "adminPass": "a-generated-password"}}


def _show(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"server": _server(oracle.get("node", one, "itemNotFound"))}


def _servers(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"servers": [_server(thing) for thing in oracle.listed("node") if not thing.gone]}


def _delete(kind: str) -> Callable[..., tuple[int, Any]]:
    def do(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
        thing = oracle.get(kind, one, "itemNotFound")
        if kind == "volume" and thing.attached:
            raise Refusal(400, "badRequest", "the volume is in use")
        oracle.delete(thing)
        return 202 if kind == "volume" else 204, None

    return do


def _flavors(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"flavors": [{"id": "small", "name": "small", "ram": 512, "disk": 1, "vcpus": 1, "swap": ""}]}


def _images(oracle: Oracle, body: Any) -> tuple[int, Any]:
    image = {"id": "img-debian", "name": "debian-12", "status": "active", "created_at": STAMP, "updated_at": STAMP}
    return 200, {"images": [image]}


def _volume(thing: Thing) -> dict[str, Any]:
    at = [{"server_id": thing.attached, "id": thing.id}] if thing.attached else []
    words = {"stuck": "error_deleting", "pending": "creating", "error": "error"}
    status = words.get(thing.state, "in-use" if at else "available")
    return {"id": thing.id, "name": thing.name, "size": 1, "status": status, "attachments": at, "metadata": thing.tags}


def _create_volume(oracle: Oracle, body: Any) -> tuple[int, Any]:
    asked = body["volume"]
    thing = oracle.make("volume", "", name=asked["name"], tags=dict(asked.get("metadata") or {}))
    return 202, {"volume": _volume(thing)}


def _volumes(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"volumes": [_volume(thing) for thing in oracle.listed("volume") if not thing.gone]}


def _show_volume(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"volume": _volume(oracle.get("volume", one, "itemNotFound"))}


def _show_attachment(oracle: Oracle, body: Any, node: str, one: str) -> tuple[int, Any]:
    oracle.get("node", node, "itemNotFound")
    if oracle.get("volume", one, "itemNotFound").attached != node:
        raise Refusal(404, "itemNotFound", "the volume is not attached to it")
    return 200, {"volumeAttachment": {"id": one, "serverId": node, "volumeId": one, "device": "/dev/vdb"}}


def _show_address(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, {"floatingip": _address(oracle.get("address", one, "FloatingIPNotFound"))}


def _attach(oracle: Oracle, body: Any, node: str) -> tuple[int, Any]:
    volume = oracle.get("volume", body["volumeAttachment"]["volumeId"], "itemNotFound")
    if volume.state != "running":
        raise Refusal(400, "badRequest", f"the volume is {_volume(volume)['status']}, not available")
    volume.attached = oracle.get("node", node, "itemNotFound").id
    return 200, {"volumeAttachment": {"id": volume.id, "serverId": node, "volumeId": volume.id, "device": "/dev/vdb"}}


def _detach(oracle: Oracle, body: Any, node: str, volume: str) -> tuple[int, Any]:
    oracle.get("volume", volume, "itemNotFound").attached = ""
    return 202, None


def _limits(oracle: Oracle, body: Any) -> tuple[int, Any]:
    absolute = {"maxTotalInstances": oracle.quota, "totalInstancesUsed": len(oracle.alive())}
    return 200, {"limits": {"rate": [], "absolute": absolute}}


def _networks(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"networks": [{"id": "net-public", "name": "public"}]}


def _interfaces(oracle: Oracle, body: Any, node: str) -> tuple[int, Any]:
    oracle.get("node", node, "itemNotFound")
    return 200, {"interfaceAttachments": [{"port_id": f"port-{node}", "net_id": "net-private", "fixed_ips": []}]}


def _address(thing: Thing) -> dict[str, Any]:
    number = int(thing.id[:8], 16)
    return {
        "id": thing.id,
        "floating_ip_address": f"203.0.113.{number % 250 + 1}",
        "floating_network_id": "net-public",
        "description": thing.name,
        "port_id": f"port-{thing.attached}" if thing.attached else None,
    }


def _allocate(oracle: Oracle, body: Any) -> tuple[int, Any]:
    asked = body["floatingip"]
    if asked["floating_network_id"] != "net-public":
        raise Refusal(404, "NetworkNotFound", "there is no such network")
    return 201, {"floatingip": _address(oracle.make("address", "", name=asked.get("description", "")))}


_PROXY = "http://network.example.test/v2.0/floatingips"
"""How a network API names itself that does not know the proxy before it."""


def _addresses(oracle: Oracle, body: Any, query: str | None) -> tuple[int, Any]:
    """List addresses as the query wants them, a page at a time."""
    shown = [_address(thing) for thing in oracle.listed("address") if not thing.gone]
    asked = dict(parse_qsl(query or ""))
    marker = asked.pop("marker", "")
    shown = [one for one in shown if all(one.get(key, value) == value for key, value in asked.items())]
    if not oracle.page:
        return 200, {"floatingips": shown}
    begin = next((n for n, one in enumerate(shown, 1) if one["id"] == marker), 0)
    page, left = shown[begin : begin + oracle.page], shown[begin + oracle.page :]
    more = [{"rel": "next", "href": f"{_PROXY}?{urlencode({**asked, 'marker': page[-1]['id']})}"}] if left else []
    return 200, {"floatingips": page, "floatingips_links": more}


def _associate(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    address = oracle.get("address", one, "FloatingIPNotFound")
    port = body["floatingip"]["port_id"]
    address.attached = oracle.get("node", port.removeprefix("port-"), "PortNotFound").id if port else ""
    return 200, {"floatingip": _address(address)}


_ID = "([^/?]+)"
_ROUTES: list[tuple[str, str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/compute/v2.1/servers", "POST /servers", _boot),
    ("GET", "/compute/v2.1/servers/detail", "GET /servers/detail", _servers),
    ("GET", f"/compute/v2.1/servers/{_ID}", "GET /servers/ID", _show),
    ("DELETE", f"/compute/v2.1/servers/{_ID}", "DELETE /servers/ID", _delete("node")),
    ("GET", "/compute/v2.1/flavors/detail", "GET /flavors/detail", _flavors),
    ("GET", "/image/v2/images", "GET /images", _images),
    ("POST", "/volume/v3/volumes", "POST /volumes", _create_volume),
    ("GET", "/volume/v3/volumes/detail", "GET /volumes/detail", _volumes),
    ("DELETE", f"/volume/v3/volumes/{_ID}", "DELETE /volumes/ID", _delete("volume")),
    ("POST", f"/compute/v2.1/servers/{_ID}/os-volume_attachments", "POST /attachments", _attach),
    ("DELETE", f"/compute/v2.1/servers/{_ID}/os-volume_attachments/{_ID}", "DELETE /attachments/ID", _detach),
    ("GET", "/compute/v2.1/limits", "GET /limits", _limits),
    ("GET", f"/compute/v2.1/servers/{_ID}/os-interface", "GET /interfaces", _interfaces),
    ("GET", "/network/v2.0/networks", "GET /networks", _networks),
    ("GET", r"/network/v2.0/floatingips(?:\?(.*))?", "GET /floatingips", _addresses),
    ("GET", f"/network/v2.0/floatingips/{_ID}", "GET /floatingips/ID", _show_address),
    ("GET", f"/volume/v3/volumes/{_ID}", "GET /volumes/ID", _show_volume),
    ("GET", f"/compute/v2.1/servers/{_ID}/os-volume_attachments/{_ID}", "GET /attachments/ID", _show_attachment),
    ("POST", "/network/v2.0/floatingips", "POST /floatingips", _allocate),
    ("PUT", f"/network/v2.0/floatingips/{_ID}", "PUT /floatingips/ID", _associate),
    ("DELETE", f"/network/v2.0/floatingips/{_ID}", "DELETE /floatingips/ID", _delete("address")),
]
