"""The way of GCE in the loopback cloud: each insert answers with an operation that goes on; nodes are known by name."""

from __future__ import annotations

import re
from typing import Any

from tests.servers.cloud_oracle import Oracle, Refusal, Thing

_ZONE = r"/gce/v1/projects/p/zones/z"


def answer(oracle: Oracle, method: str, path: str, body: Any) -> Any:
    """Do one request and return its JSON value. Raises Refusal and Unanswered."""
    if method == "POST" and path == f"{_ZONE}/instances":
        return oracle.around("insert", lambda: _insert(oracle, body["name"]))[1]
    found = re.fullmatch(rf"{_ZONE}/operations/(.+)", path)
    if found:
        done = {"name": found[1], "status": "DONE"}
        return oracle.around("operation", lambda: done)[1]
    if method == "GET" and path == f"{_ZONE}/instances":
        return {"items": [{"id": thing.id, "name": thing.name} for thing in oracle.listed("node") if not thing.gone]}
    found = re.fullmatch(rf"{_ZONE}/instances/(.+)", path)
    if found and method == "DELETE":
        return oracle.around("delete", lambda: _delete(oracle, found[1]))[1]
    raise Refusal(404, "notFound", f"there is no {method} {path}")


def _named(oracle: Oracle, name: str) -> list[Thing]:
    return [thing for thing in oracle.alive() if thing.name == name]


def _insert(oracle: Oracle, name: str) -> Any:
    if _named(oracle, name):
        raise Refusal(409, "alreadyExists", f"{name} exists")
    thing = oracle.make("node", "", name=name)
    link = f"https://compute.example{_ZONE}/instances/{name}"
    return {
        "kind": "compute#operation",
        "name": f"op-{name}",
        "operationType": "insert",
        "targetId": thing.id,
        "targetLink": link,
    }


def _delete(oracle: Oracle, name: str) -> Any:
    if not _named(oracle, name):
        raise Refusal(404, "notFound", f"{name} was not found")
    _named(oracle, name)[0].gone = True
    return {"kind": "compute#operation", "name": f"op-{name}", "operationType": "delete"}
