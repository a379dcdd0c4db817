"""Azure Resource Manager of the loopback cloud: things are named by paths, and what is asked for is made later."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.servers.cloud_oracle import Oracle, Refusal, Thing, routed

HOST, LOGIN = "management.loopback.test", "login.loopback.test"
TOKEN, SECRET = "a-token-of-the-loopback-cloud", "a-secret-of-the-loopback-cloud"  # made up, and of use nowhere else
SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
GROUP, NETWORK = "lab", "lan"
_PLACE = "westeurope"


def log_in(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Give out a token, as `answer` answers."""
    if path != "/tenant/oauth2/token" or body.get("client_secret") != SECRET:
        raise Refusal(401, "invalid_client", "Invalid client secret provided.")
    return "", 200, {"access_token": TOKEN, "expires_on": str(int(time.time()) + 3600)}


def answer(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    return routed(oracle, _ROUTES, method, path, body, "ResourceNotFound")


def _sizes(oracle: Oracle, body: Any) -> tuple[int, Any]:
    size = {
        "name": "Standard_B1s",
        "numberOfCores": 1,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": 4096,
        "memoryInMB": 1024,
        "maxDataDiskCount": 2,
    }
    return 200, {"value": [size]}


def _there(oracle: Oracle, kind: str, path: str) -> Thing | None:
    return next((one for one in oracle.alive(kind) if one.id.lower() == path.lower()), None)


def _make(oracle: Oracle, kind: str, path: str, body: Any, tags: dict[str, str]) -> Thing:
    """Make what the path names, or change it: a PUT that is repeated makes nothing more."""
    with oracle.lock:
        thing = _there(oracle, kind, path)
        if thing is None:
            thing = oracle.make(kind, "", name=path.rpartition("/")[2], tags=tags, request=body)
            del oracle.things[thing.id]
            thing.id = path
            oracle.things[path] = thing
        return thing


def _put_interface(oracle: Oracle, body: Any, path: str, group: str, name: str) -> tuple[int, Any]:
    subnet = body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"]
    if group != GROUP or f"/virtualnetworks/{NETWORK}/" not in subnet:
        raise Refusal(400, "InvalidResourceReference", f"the subnet {subnet} was not found")
    return 201, _interface(oracle, _make(oracle, "interface", path, body, {}))


def _interface(oracle: Oracle, thing: Thing) -> dict[str, Any]:
    addresses = [{"name": "myip1", "properties": {"privateIPAddress": "10.0.0.4"}}]
    return {
        "id": thing.id,
        "name": thing.name,
        "location": _PLACE,
        "properties": {"provisioningState": "Succeeded", "ipConfigurations": addresses},
    }


def _put_machine(oracle: Oracle, body: Any, path: str, group: str, name: str) -> tuple[int, Any]:
    asked = body["properties"]
    if asked["hardwareProfile"]["vmSize"] != "Standard_B1s":
        raise Refusal(400, "InvalidParameter", "The value of parameter vmSize is invalid.")
    [nic] = [one["id"] for one in asked["networkProfile"]["networkInterfaces"]]
    interface = _there(oracle, "interface", nic)
    if interface is None:
        raise Refusal(404, "NotFound", f"the interface {nic} was not found")
    if len(oracle.alive()) >= oracle.quota and _there(oracle, "node", path) is None:
        raise Refusal(409, "OperationNotAllowed", "Operation could not be completed as it results in exceeding quota.")
    thing = _make(oracle, "node", path, body, dict(body.get("tags") or {}))
    interface.attached = thing.id
    return 201, _machine(oracle, thing)


def _machine(oracle: Oracle, thing: Thing) -> dict[str, Any]:
    state = {"pending": "Creating", "error": "Failed", "stuck": "Failed"}.get(thing.state, "Succeeded")
    properties = {name: value for name, value in thing.request["properties"].items() if name != "osProfile"}
    return {
        "id": thing.id,
        "name": thing.name,
        "location": _PLACE,
        "tags": thing.tags,
        "properties": {**properties, "provisioningState": state},
    }


def _machines(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, {"value": [_machine(oracle, thing) for thing in oracle.listed("node") if not thing.gone]}


def _view(oracle: Oracle, body: Any, path: str, group: str, name: str) -> tuple[int, Any]:
    state = _get(oracle, "node", path).state
    power = [{"code": "PowerState/running"}] if state == "running" else []
    word = {"pending": "creating", "running": "succeeded"}.get(state, "failed/InternalError")
    return 200, {"statuses": [{"code": f"ProvisioningState/{word}"}, *power]}


def _get(oracle: Oracle, kind: str, path: str) -> Thing:
    thing = _there(oracle, kind, path)
    if thing is None:
        raise Refusal(404, "ResourceNotFound", f"The Resource '{path}' was not found.")
    return thing


def _show(kind: str, shown: Callable[[Oracle, Thing], dict[str, Any]]) -> Callable[..., tuple[int, Any]]:
    return lambda oracle, body, path, group, name: (200, shown(oracle, _get(oracle, kind, path)))


def _delete(kind: str) -> Callable[..., tuple[int, Any]]:
    def do(oracle: Oracle, body: Any, path: str, group: str, name: str) -> tuple[int, Any]:
        thing = _there(oracle, kind, path)
        if thing is None:
            return 204, None
        if kind == "interface" and thing.attached:
            raise Refusal(400, "NicInUse", f"Network Interface {path} is used by existing resource {thing.attached}.")
        oracle.delete(thing)
        return 202, None

    return do


_ALL = f"/subscriptions/{re.escape(SUBSCRIPTION)}"
_NIC = rf"({_ALL}/resourceGroups/(\w+)/providers/Microsoft.Network/networkInterfaces/([\w-]+))"
_VM = rf"({_ALL}/resourceGroups/(\w+)/providers/Microsoft.Compute/virtualMachines/([\w-]+))"
_ROUTES = [
    ("GET", f"{_ALL}/providers/Microsoft.Compute/locations/{_PLACE}/vmSizes", "GET sizes", _sizes),
    ("GET", f"{_ALL}/providers/Microsoft.Compute/virtualMachines", "GET machines", _machines),
    ("PUT", _NIC, "PUT interface", _put_interface),
    ("GET", _NIC, "GET interface", _show("interface", _interface)),
    ("DELETE", _NIC, "DELETE interface", _delete("interface")),
    ("PUT", _VM, "PUT machine", _put_machine),
    ("GET", _VM, "GET machine", _show("node", _machine)),
    ("GET", f"{_VM}/InstanceView", "GET view", _view),
    ("DELETE", _VM, "DELETE machine", _delete("node")),
]
