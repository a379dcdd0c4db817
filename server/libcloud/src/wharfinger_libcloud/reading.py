"""Requests, read: REST services, query services (`?Action=RunInstances`, `?command=deployVirtualMachine`) and XML-RPC.

What a request is there for is known from the driver's method that sends it (`calls`); what is guessed here is for what
is sent outside of one, and tells one request of a method from another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

READ = re.compile(r"^(describe|list|get|query|search|head|check|lookup|find|info|count|read)", re.IGNORECASE)
REMOVE = re.compile(r"^(terminate|delete|destroy|release|remove|deregister|detach|disassociate|expunge)", re.IGNORECASE)
MAKE = re.compile(
    r"^(run|create|allocate|deploy|import|register|purchase|copy|add|associate|attach|clone|order|new)", re.IGNORECASE
)
# A change to what is there, not a thing of its own.
_JOINS = re.compile(r"(Register|Add|Attach)\w*(With|To)[A-Z]")
# The whole path of an identity service, or its end: a key of a store may have such a word in it.
_LOGIN = re.compile(
    r"(^|/)(tokens?|oauth2?|login|sessions?|auth|authenticate|b2_authorize_account)/?$|/oauth2?/(v\d/)?\w+$",
    re.IGNORECASE,
)
_KINDS = {
    "node": ("server", "instance", "droplet", "linode", "virtualmachine", "vm", "node", "device", "cloudserver"),
    "volume": ("volume", "disk", "block", "blockstorage", "storage"),
    "address": (
        "floatingip",
        "floatingaddress",
        "address",
        "ip",
        "reservedip",
        "elasticip",
        "publicipaddress",
        "ipaddress",
        "publicip",
    ),
    "attachment": ("osvolumeattachment", "volumeattachment", "attachment"),
    "zone": ("zone", "domain", "hostedzone"),
    "record": ("record", "rrset", "resourcerecordset"),
    "balancer": ("loadbalancer", "balancer", "lb"),
}
_PARTS = ("action", "actions", "set", "add", "attach", "detach", "reset", "power", "start", "stop", "reboot")
_ACTIONS = ("Action", "command", "Command", "api_action")
_OTHERS = frozenset(
    {
        "cloudservice",
        "firewall",
        "firewallrule",
        "hostedservice",
        "image",
        "keypair",
        "loadbalancerlistener",
        "network",
        "networkinterface",
        "nic",
        "pool",
        "port",
        "router",
        "securitygroup",
        "securitygroupingres",
        "service",
        "snapshot",
        "sshkey",
        "subnet",
        "targetgroup",
        "template",
        "version",
        "vpc",
    }
)
_NAMES = ("name", "displayname", "hostname", "label", "loadbalancername")
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that exists. `name` is empty where nobody told it.

    `within` is the id of what it is part of (a record's zone) or the place it is in. `thing` is libcloud's object and
    `driver` the driver that made it, where they are known; `of` the object that it belongs to.
    """

    kind: str
    id: str
    name: str = ""
    within: str = field(default="", compare=False)
    thing: Any = field(default=None, compare=False, repr=False)
    driver: Any = field(default=None, compare=False, repr=False)
    of: Any = field(default=None, compare=False, repr=False)


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
        return self.method not in ("GET", "HEAD", "OPTIONS") and not self.logs_in

    @property
    def logs_in(self) -> bool:
        """Whether it asks an identity service for a token."""
        return self.method == "POST" and bool(_LOGIN.search(self.path))

    @property
    def reads(self) -> bool:
        """Whether its own words say that it only reads, though it is a POST."""
        if self.action:
            return bool(READ.match(self.action))
        if self.method == "POST":
            return bool(
                re.match(
                    r"(b2_)?(list|get|info|describe|search|read|List|Get|Describe|Read)([_A-Z]\w*)?$",
                    last_word(self.path),
                )
            )
        return self.method in ("GET", "HEAD", "OPTIONS")

    @property
    def removes(self) -> bool:
        """Whether it takes something away."""
        if self.action:
            return bool(REMOVE.match(self.action))
        # Some services have no DELETE: `POST /server/destroy`.
        return self.method == "DELETE" or bool(REMOVE.match(last_word(self.path)))

    @property
    def removed_kind(self) -> str:
        """The kind of what it takes away: a detachment takes no volume away."""
        if re.match(r"detach|disassociate|deregister", self.action or last_word(self.path), re.IGNORECASE):
            return "attachment"
        return self.kind

    @property
    def makes(self) -> bool:
        """Whether it is there to make something, so that an answer without an id leaves doubt."""
        if self.action:
            return bool(MAKE.match(self.action)) and not _JOINS.match(self.action)
        return self.method == "POST" and not is_part(self.path)

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
            noun = re.sub(r"^(run|create|deploy|add|import|new)(?=[A-Z])", "", collection(self), flags=re.ASCII)
            noun = re.sub(r"^(Run|Create|Deploy|Add|Import)(?=[A-Z])", "", noun)
        return kind_of_word(noun)


def read_request(method: str, url: str, body: Any) -> Asked:
    """Return what a request asks for; `url` may be a path, `body` anything that libcloud sends."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    sent = _body_fields(body)
    fields = {**query, **sent}
    action = next((str(fields[name]) for name in _ACTIONS if isinstance(fields.get(name), str)), "") or _method_of(body)
    if not action and method.upper() == "GET":  # old services make by a GET: `/ip/create`, `/server/ID?clone=NAME`
        action = next((word for word in (last_word(parts.path), *query) if word in ("create", "clone", "deploy")), "")
    # An XML-RPC method has the words of what it is about before its verb: `domain.zone.record.add`.
    words = action.split(".")
    thing = kind_of_word(words[-2]) if len(words) > 1 else ""
    action = words[-1]
    named = [str(value) for name, value in fields.items() if re.search(r"(?<!Key)id(\.\d+)?$", name, re.IGNORECASE)]
    ids = tuple(one for one in named if one) if action else ()
    return Asked(method.upper(), parts.path, action, tuple(_names(fields)), _token(fields), ids, thing)


def removed_ids(asked: Asked) -> set[str]:
    """Return the ids that a request takes away."""
    if asked.action or asked.thing:
        return set(asked.ids)
    return {asked.path.rstrip("/").rpartition("/")[2]}


def _method_of(body: Any) -> str:
    """Return the method that an XML-RPC request calls, without the objects that it belongs to."""
    if isinstance(body, (bytes, bytearray)):
        body = bytes(body[:4096]).decode("utf-8", "replace")
    found = re.search(r"<methodName>([\w.]+)</methodName>", body[:4096]) if isinstance(body, str) else None
    return found[1] if found else ""


def is_part(path: str) -> bool:
    """Return whether a POST to `path` acts on a thing rather than adds one to a collection."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last_word(path)).lower())
    return bool(words) and words[0] in _PARTS


def last_word(path: str) -> str:
    """Return the last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def collection(asked: Asked) -> str:
    """Return the word for what a path is about: of a PUT, the last part is the thing's own name."""
    parts = [part for part in asked.path.split("/") if part]
    if asked.method == "PUT" and len(parts) > 1:
        parts = parts[:-1]
    words = [part for part in parts if re.fullmatch(r"[A-Za-z][A-Za-z_-]*", part)]
    return words[-1] if words else ""


def known_kind(kind: str) -> bool:
    """Return whether a kind is one of its own wherever it is met, and no service's word for something else."""
    return kind in _KINDS or kind in _OTHERS


def base_kind(kind: str) -> bool:
    """Return whether a kind is one of libcloud's base APIs'."""
    return kind in _KINDS


def kind_of_word(noun: str) -> str:
    """Return the kind that a service's word stands for, or the word, singular and in small letters."""
    word = re.sub(r"[^a-z]", "", noun.lower())
    singular = word[:-2] if word.endswith("sses") else re.sub(r"(?<!s)s$", "", word)
    return _KIND_OF.get(singular, singular or "thing")


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
