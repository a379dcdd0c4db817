"""Requests that create things, and the ids in their answers, in the shapes that clouds use.

REST services with JSON, query services (`?Action=RunInstances`, `?command=deployVirtualMachine`) with XML or JSON, and
answers that only point to the thing by a link.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

READ = re.compile(r"^(describe|list|get|query|search|head|check|lookup|find)", re.IGNORECASE)
REMOVE = re.compile(r"^(terminate|delete|destroy|release|remove|deregister|detach|disassociate|expunge)", re.IGNORECASE)
MAKE = re.compile(r"^(run|create|allocate|deploy|import|register|purchase|copy|add|associate|attach)", re.IGNORECASE)
# A change to what is there, not a thing of its own.
_JOINS = re.compile(r"(Register|Add|Attach)\w*(With|To)[A-Z]")
_LOGIN = re.compile(r"/(tokens?|oauth2?|login|sessions?|auth|authenticate)(/|$)", re.IGNORECASE)
_KINDS = {
    "node": ("server", "instance", "droplet", "linode", "virtualmachine", "vm", "node", "device", "cloudserver"),
    "volume": ("volume", "disk", "block", "blockstorage", "storage"),
    "address": ("floatingip", "floatingaddress", "address", "ip", "reservedip", "elasticip", "publicipaddress"),
    "attachment": ("osvolumeattachment", "volumeattachment", "attachment"),
    "zone": ("zone", "domain", "hostedzone"),
    "record": ("record", "rrset", "resourcerecordset"),
    "balancer": ("loadbalancer", "balancer", "lb"),
}
_NAMES = ("name", "displayname", "hostname", "label", "loadbalancername")
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that an answer says exists. `name` is empty where the answer does not tell it."""

    kind: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read. `action` is the name of a query service's action, empty for REST.

    `names` are the names of the things asked for, `token` the idempotency token that went with it, `ids` the ids that a
    query service's request names. Nothing else of its fields is kept: they may hold secrets. `thing` is the kind where
    it is known otherwise.
    """

    method: str
    path: str
    action: str = ""
    names: tuple[str, ...] = ()
    token: str = ""
    ids: tuple[str, ...] = ()
    thing: str = ""

    @property
    def verb(self) -> str:
        """What to call it: the action, or method and path."""
        return self.action or f"{self.method} {self.path}"

    @property
    def changes(self) -> bool:
        """Whether it may change anything: a query service sends its changes as GET, and logins are POSTs."""
        if self.action:
            return not READ.match(self.action)
        return self.method not in ("GET", "HEAD", "OPTIONS") and not _LOGIN.search(self.path)

    @property
    def removes(self) -> bool:
        """Whether it takes something away."""
        if self.action:
            return bool(REMOVE.match(self.action))
        # Some services have no DELETE: `POST /server/destroy`.
        return self.method == "DELETE" or bool(REMOVE.match(self.path.rstrip("/").rpartition("/")[2]))

    @property
    def makes(self) -> bool:
        """Whether it is there to make something, so that an answer without an id leaves doubt."""
        if self.action:
            return bool(MAKE.match(self.action)) and not _JOINS.match(self.action)
        return self.method == "POST" and not _is_part(self.path)

    @property
    def kind(self) -> str:
        """What kind of thing it is about: node, volume, address, attachment …, or the service's own word."""
        if self.thing:
            return self.thing
        if re.match(r"attach|associate", self.action, re.IGNORECASE):
            return "attachment"
        if self.action:
            noun = re.sub(r"^(Run|[A-Za-z]+?(?=[A-Z]))", "", self.action, count=1) or self.action
        else:
            noun = _collection(self.path)
        word = re.sub(r"[^a-z]", "", noun.lower())
        singular = word[:-2] if word.endswith("sses") else re.sub(r"(?<!s)s$", "", word)
        return _KIND_OF.get(singular, singular or "thing")


def read_request(method: str, url: str, body: Any) -> Asked:
    """Return what a request asks for; `url` may be a path, `body` anything that libcloud sends."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    sent = _body_fields(body)
    fields = {**query, **sent}
    action = next((str(fields[name]) for name in ("Action", "command", "Command") if name in fields), "")
    named = [str(value) for name, value in fields.items() if re.search(r"(?<!Key)id(\.\d+)?$", name, re.IGNORECASE)]
    ids = tuple(one for one in named if one) if action else ()
    return Asked(method.upper(), parts.path, action, tuple(_names(fields)), _token(fields), ids)


def read_answer(asked: Asked, text: str, location: str = "") -> list[Made]:
    """Return the things that the answer to `asked` names as made; [] where it names none."""
    if asked.removes or not (asked.makes or asked.method == "PUT"):
        return []
    bare = text.strip()
    found: list[Made] = []
    if bare.startswith("<"):
        found = _from_xml(asked, bare)
    elif bare.startswith(("{", "[")):
        found = _from_json(asked, bare)
    if not found and location:
        found = [Made(asked.kind, urlsplit(location).path.rstrip("/").rpartition("/")[2])]
    if len(found) == 1 and not found[0].name and len(asked.names) == 1:
        found = [Made(found[0].kind, found[0].id, asked.names[0])]
    return found


def removed_ids(asked: Asked) -> set[str]:
    """Return the ids that a request takes away."""
    if asked.action or asked.thing:
        return set(asked.ids)
    return {asked.path.rstrip("/").rpartition("/")[2]}


def _is_part(path: str) -> bool:
    """Return whether a POST to `path` acts on a thing rather than adds one to a collection."""
    last = path.rstrip("/").rpartition("/")[2].lower()
    return last in ("action", "actions") or last.startswith(
        ("set", "add", "attach", "detach", "reset", "power", "start")
    )


def _collection(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    words = [part for part in parts if re.fullmatch(r"[A-Za-z][A-Za-z_-]*", part)]
    return words[-1] if words else ""


def _body_fields(body: Any) -> dict[str, Any]:
    if isinstance(body, (bytes, bytearray)):
        body = bytes(body).decode("utf-8", "replace")
    if not isinstance(body, str):
        return {}
    bare = body.strip()
    if bare.startswith("{"):
        try:
            value = json.loads(bare)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}
    return dict(parse_qsl(bare, keep_blank_values=True)) if re.match(r"^[\w.%-]+=", bare) else {}


def _names(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name.lower() in _NAMES and isinstance(value, str) and value:
            yield value
            return
        if re.fullmatch(r"(TagSpecification\.\d+\.)?Tag\.\d+\.Key", name) and value == "Name":
            named = fields.get(name.removesuffix("Key") + "Value")
            if isinstance(named, str) and named:
                yield named
                return
    if isinstance(fields.get("domain"), str) and fields["domain"]:
        yield fields["domain"]
        return
    if isinstance(fields.get("names"), list):
        yield from (str(one) for one in fields["names"])
        return
    inner = [value for value in fields.values() if isinstance(value, dict)]
    if len(fields) <= 2 and inner:
        yield from _names(inner[0])


def _token(fields: Mapping[str, Any]) -> str:
    for name, value in fields.items():
        if re.fullmatch(r"(client|idempotency)[-_]?token|requestId", name, re.IGNORECASE):
            return str(value)
    return ""


def _from_xml(asked: Asked, text: str) -> list[Made]:
    try:
        root = ET.fromstring(text)  # noqa: S314 - libcloud has parsed the same answer
    except ET.ParseError:
        return []
    wanted = {"node": "instanceId", "address": "allocationId"}.get(asked.kind, f"{asked.kind}Id")
    # Whatever its namespace: an answer that libcloud can't read still names what exists.
    ids = [e.text for e in root.iter() if _local(e.tag) == wanted and e.text]
    if asked.kind == "balancer" and _local(root.tag) == f"{asked.action}Response":
        ids = list(asked.names)  # Amazon's are known by name, which the answer does not repeat
    if not ids:
        ids = [e.text for e in root.iter() if re.fullmatch(r"(?!request)\w+(Id|Ip)|id", _local(e.tag)) and e.text][:1]
    return [Made(asked.kind, one) for one in dict.fromkeys(ids)]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _from_json(asked: Asked, text: str) -> list[Made]:
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return list(_in_json(asked.kind, value))


def _in_json(kind: str, value: Any) -> Iterator[Made]:
    if isinstance(value, list):
        for one in value:
            yield from _in_json(kind, one)
        return
    if not isinstance(value, dict):
        return
    if "targetLink" in value:  # an operation that goes on; what it makes has its id already
        link = str(value["targetLink"])
        yield Made(kind, str(value.get("targetId") or link), link.rpartition("/")[2])
        return
    found = next((value[name] for name in ("id", "uuid", "Id", "ID") if isinstance(value.get(name), (str, int))), None)
    if found is not None and found != "":
        name = next((str(value[n]) for n in ("name", "label", "hostname") if isinstance(value.get(n), str)), "")
        yield Made(kind, str(found), name)
        return
    inner = [one for name, one in value.items() if isinstance(one, (dict, list)) and name not in ("links", "meta")]
    if len(inner) == 1:
        yield from _in_json(kind, inner[0])
