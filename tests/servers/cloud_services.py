"""Names and load balancers of the loopback cloud: Linode's DNS, version 4, and Amazon's classic balancers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.servers.cloud_oracle import Oracle, Refusal, Thing, routed

NAMES, BALANCERS = "/v4/domains", "/2012-06-01/"
NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"
STAMP = "2026-01-01T00:00:00"


def answer(oracle: Oracle, method: str, path: str, body: Any) -> tuple[str, int, Any]:
    """Do one request; return the fault's kind, the status and the JSON value. Raises Refusal and Unanswered."""
    return routed(oracle, _ROUTES, method, path, body)


def _pages(items: list[Any]) -> tuple[int, Any]:
    return 200, {"data": items, "page": 1, "pages": 1, "results": len(items)}


def _domain(thing: Thing) -> dict[str, Any]:
    facts = ("description", "retry_sec", "master_ips", "axfr_ips", "expire_sec", "refresh_sec", "tags")
    own = {"id": thing.id, "domain": thing.name, "type": "master", "ttl_sec": 300, "status": "active"}
    times = {"created": STAMP, "updated": STAMP}
    return {**dict.fromkeys(facts), **own, **times, "soa_email": "admin@example.org"}


def _record(thing: Thing) -> dict[str, Any]:
    facts = ("port", "priority", "protocol", "service", "tag", "weight")
    asked = thing.request
    own = {"id": thing.id, "name": thing.name, "type": asked["type"], "target": asked["target"], "ttl_sec": 300}
    return {**dict.fromkeys(facts), **own, "created": STAMP, "updated": STAMP}


def _create_domain(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return 200, _domain(oracle.make("zone", "", name=body["domain"]))


def _domains(oracle: Oracle, body: Any) -> tuple[int, Any]:
    return _pages([_domain(thing) for thing in oracle.alive("zone")])


def _show_domain(oracle: Oracle, body: Any, one: str) -> tuple[int, Any]:
    return 200, _domain(oracle.get("zone", one, "not_found"))


def _create_record(oracle: Oracle, body: Any, zone: str) -> tuple[int, Any]:
    thing = oracle.make("record", "", name=body["name"], request=dict(body))
    thing.attached = oracle.get("zone", zone, "not_found").id
    return 200, _record(thing)


def _records(oracle: Oracle, body: Any, zone: str) -> tuple[int, Any]:
    return _pages([_record(thing) for thing in oracle.alive("record") if thing.attached == zone])


def _show_record(oracle: Oracle, body: Any, zone: str, one: str) -> tuple[int, Any]:
    return 200, _record(oracle.get("record", one, "not_found"))


def _change_record(oracle: Oracle, body: Any, zone: str, one: str) -> tuple[int, Any]:
    thing = oracle.get("record", one, "not_found")
    thing.request |= body
    return 200, _record(thing)


def _delete(kind: str) -> Callable[..., tuple[int, Any]]:
    def do(oracle: Oracle, body: Any, *ids: str) -> tuple[int, Any]:
        oracle.get(kind, ids[-1], "not_found").gone = True
        return 200, {}

    return do


def _create_balancer(oracle: Oracle, params: dict[str, str]) -> str:
    thing = oracle.make("balancer", "lb-", name=params["LoadBalancerName"])
    return f"<DNSName>{thing.name}.example.org</DNSName>"


def _named(oracle: Oracle, params: dict[str, str]) -> list[Thing]:
    wanted = params.get("LoadBalancerNames.member.1") or params.get("LoadBalancerName")
    found = [thing for thing in oracle.alive("balancer") if wanted in (None, thing.name)]
    if wanted and not found:
        raise Refusal(400, "LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{wanted}'")
    return found


def _balancers(oracle: Oracle, params: dict[str, str]) -> str:
    members = "".join(
        f"<member><LoadBalancerName>{one.name}</LoadBalancerName></member>" for one in _named(oracle, params)
    )
    return f"<LoadBalancerDescriptions>{members}</LoadBalancerDescriptions>"


def _register(oracle: Oracle, params: dict[str, str]) -> str:
    node = oracle.get("node", params["Instances.member.1.InstanceId"], "InvalidInstance")
    node.attached = _named(oracle, params)[0].id
    return f"<Instances><member><InstanceId>{node.id}</InstanceId></member></Instances>"


def _delete_balancer(oracle: Oracle, params: dict[str, str]) -> str:
    for thing in oracle.alive("balancer"):
        thing.gone = thing.gone or thing.name == params["LoadBalancerName"]
    return ""


def balancing(oracle: Oracle, params: dict[str, str]) -> tuple[str, str]:
    """Do one action of Amazon's balancers; return the fault's kind and the XML. Raises Refusal and Unanswered."""
    action = params.get("Action", "")
    kind, body = oracle.around(action, lambda: _ACTIONS[action](oracle, params))
    result = f"<{action}Result>{body}</{action}Result>"
    return kind, f'<{action}Response xmlns="{NAMESPACE}">{result}</{action}Response>'


_ACTIONS: dict[str, Callable[[Oracle, dict[str, str]], str]] = {
    "CreateLoadBalancer": _create_balancer,
    "DescribeLoadBalancers": _balancers,
    "RegisterInstancesWithLoadBalancer": _register,
    "DeleteLoadBalancer": _delete_balancer,
}
_ID = "([^/]+)"
_ROUTES: list[tuple[str, str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/v4/domains", "POST /domains", _create_domain),
    ("GET", "/v4/domains", "GET /domains", _domains),
    ("GET", f"/v4/domains/{_ID}", "GET /domains/ID", _show_domain),
    ("PUT", f"/v4/domains/{_ID}", "PUT /domains/ID", _show_domain),
    ("DELETE", f"/v4/domains/{_ID}", "DELETE /domains/ID", _delete("zone")),
    ("POST", f"/v4/domains/{_ID}/records", "POST /records", _create_record),
    ("GET", f"/v4/domains/{_ID}/records", "GET /records", _records),
    ("GET", f"/v4/domains/{_ID}/records/{_ID}", "GET /records/ID", _show_record),
    ("PUT", f"/v4/domains/{_ID}/records/{_ID}", "PUT /records/ID", _change_record),
    ("DELETE", f"/v4/domains/{_ID}/records/{_ID}", "DELETE /records/ID", _delete("record")),
]
