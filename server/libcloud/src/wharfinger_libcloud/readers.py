"""The ids in the answers of clouds: a reader for each family of services, asked in their order until one knows.

A reader says what it knows and nothing else; what none of them knows stays uncertain. One more is added by `reader`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from wharfinger_libcloud.reading import Asked, Made, kind_of_word, last_word


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer to a request that makes a `kind` of thing: its text and where its Location header points."""

    asked: Asked
    kind: str
    text: str
    location: str = ""


Reader = Callable[[Answer], list[Made]]
READERS: list[Reader] = []


def reader(function: Reader) -> Reader:
    """Register a reader; what is registered later is asked later."""
    READERS.append(function)
    return function


def read_answer(asked: Asked, text: str, location: str = "", kind: str = "") -> list[Made]:
    """Return the things of `kind`, by default what the request is about, that the answer to `asked` names as made."""
    if asked.removes or not (kind or asked.makes or asked.method == "PUT"):
        return []
    answer = Answer(asked, kind or asked.kind, text.strip(), location)
    found = next((made for one in READERS if (made := one(answer))), [])
    if len(found) == 1 and not found[0].name and len(asked.names) == 1:
        return [Made(found[0].kind, found[0].id, asked.names[0], found[0].within)]
    return found


def _json(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _xml(text: str) -> ET.Element | None:
    if not text.startswith("<"):
        return None
    try:
        return ET.fromstring(text)  # noqa: S314 - libcloud parses the same answer
    except ET.ParseError:
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


@reader
def google_operations(answer: Answer) -> list[Made]:
    """Return what an operation of Google's that goes on is about: what it makes has its id already."""
    value = _json(answer.text)
    if not isinstance(value, dict) or "targetLink" not in value or value.get("error"):
        return []
    link = str(value["targetLink"])
    parts = link.split("/")
    place = parts[parts.index("zones") + 1] if "zones" in parts[:-1] else ""
    if answer.asked.path.endswith("/createSnapshot"):  # the operation's target is the disk that is copied
        return [Made("snapshot", answer.asked.names[0], answer.asked.names[0])] if answer.asked.names else []
    kind = kind_of_word(parts[-2]) if len(parts) > 1 else answer.kind
    return [Made(kind, str(value.get("targetId") or link), parts[-1], place)]


@reader
def xml_rpc(answer: Answer) -> list[Made]:
    """Return the thing that an XML-RPC answer is: a number, or a struct with its id."""
    root = _xml(answer.text)
    if root is None or root.tag != "methodResponse" or root.find("fault") is not None:
        return []
    value = root.find("params/param/value")
    if value is None:
        return []
    members = {m.findtext("name", ""): "".join(m.find("value").itertext()).strip() for m in value.iter("member")}  # type: ignore[union-attr]
    for name in (f"{answer.kind}_id", "vm_id", "disk_id", "iface_id", "id"):
        if members.get(name):
            return [Made(answer.kind, members[name])]
    number = value.find("int")
    return [Made(answer.kind, number.text.strip())] if number is not None and number.text and number.text != "0" else []


_AWS_IDS = {
    "node": ("instanceId",),
    "address": ("allocationId", "publicIp"),
    "keypair": ("keyName",),
    "attachment": ("volumeId",),
    "image": ("imageId",),
    "snapshot": ("snapshotId",),
    "balancer": ("LoadBalancerArn",),
    "container": (),
}


@reader
def query_xml(answer: Answer) -> list[Made]:
    """Return the ids in the answers of Amazon's and their likes, whatever their namespace."""
    if not answer.asked.action:
        return []
    root = _xml(answer.text)
    if root is None:
        return []
    wanted = (*_AWS_IDS.get(answer.kind, ()), f"{answer.kind}Id", f"{answer.asked.kind}Id")
    for name in wanted:
        ids = [e.text for e in root.iter() if _local(e.tag).lower() == name.lower() and e.text]
        if ids:
            return [Made(answer.kind, one) for one in dict.fromkeys(ids)]
    if answer.kind == "balancer" and _local(root.tag) == f"{answer.asked.action}Response":
        return [Made(answer.kind, one) for one in answer.asked.names]  # known by name, which is not repeated
    return [
        Made(answer.kind, e.text)
        for e in root.iter()
        if re.fullmatch(r"(?!request)\w+(Id|Ip)|id", _local(e.tag)) and e.text
    ][:1]


@reader
def rest_xml(answer: Answer) -> list[Made]:
    """Return the thing in an XML answer: CaaS' `<info name="serverId">`, an `id`, an `href`, a word for the id."""
    root = _xml(answer.text)
    if root is None or answer.asked.action:
        return []
    for element in root.iter():
        name = element.get("name", "")
        if _local(element.tag) in ("info", "additionalInformation", "property") and name.endswith("Id"):
            value = element.get("value") or (element.findtext("{*}value") or element.text or "").strip()
            if value:
                return [Made(answer.kind, value)]
    if _local(root.tag).lower() in ("html", "error", "fault"):
        return []
    named = root.get("name", "")
    for attribute in ("id", "href"):
        given = root.get(attribute, "")
        if given:
            return [Made(answer.kind, given if attribute == "id" else last_word(urlsplit(given).path), named)]
    words = {"id", "uuid", "key", "identifier", f"{answer.kind}id", "serverid", "networkid", "orderid"}
    for element in list(root) + [inner for child in root for inner in child]:
        if _local(element.tag).lower() in words and element.text and element.text.strip():
            return [Made(answer.kind, element.text.strip())]
    return []


_IDS = ("id", "uuid", "Id", "ID", "object_uuid", "SUBID", "SSHKEYID", "SCRIPTID", "subid", "arn", "_id", "serverId")
_NAMES = ("name", "label", "hostname", "title", "displayName")


@reader
def rest_json(answer: Answer) -> list[Made]:
    """Return the thing, or the things, that a JSON answer describes."""
    if answer.asked.action and answer.kind == "address":
        return [Made(answer.kind, str(one)) for one in _values(_json(answer.text), ("id", "ipaddress"))][:1]
    return list(_described(answer.kind, _json(answer.text)))


def _described(kind: str, value: Any) -> Iterator[Made]:
    if isinstance(value, list):
        for one in value:
            yield from _described(kind, one)
        return
    if not isinstance(value, dict):
        return
    info = value.get("info")
    if isinstance(info, list):  # CaaS 2
        yield from (
            Made(kind, str(one["value"]))
            for one in info
            if isinstance(one, dict) and str(one.get("name")).endswith("Id")
        )
        return
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and metadata.get("name"):  # Kubernetes
        yield Made(
            kind,
            str(metadata.get("uid") or metadata["name"]),
            str(metadata["name"]),
            str(metadata.get("namespace", "")),
        )
        return
    words = (*_IDS, *(word for word in value if _is_id(word, kind)))
    found = next((value[word] for word in words if _plain(value.get(word))), None)
    if found is not None and found != "":
        name = next((str(value[n]) for n in _NAMES if isinstance(value.get(n), str)), "")
        yield Made(kind, str(found), name)
        return
    own = [one for word, one in value.items() if isinstance(one, (dict, list)) and one and kind_of_word(word) == kind]
    if len(own) == 1:
        yield from _described(kind, own[0])
        return
    inner = [one for word, one in value.items() if isinstance(one, (dict, list)) and one and word not in _ASIDE]
    if len(inner) == 1:
        yield from _described(kind, inner[0])


def _is_id(word: str, kind: str) -> bool:
    """Return whether a field of that name holds the id of a `kind`: "VmId" of a node."""
    bare = re.sub(r"([a-z])I[dD]$|_id$", r"\1", word)
    return bare != word and kind_of_word(bare) == kind


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


_ASIDE = ("links", "meta", "errors", "messages", "ResponseContext", "result_info", "action")


def _values(value: Any, words: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value[word] for word in words if isinstance(value.get(word), (str, int)))
        for one in value.values():
            yield from _values(one, words)
    elif isinstance(value, list):
        for one in value:
            yield from _values(one, words)


_LINES = {"server": "node", "drive": "volume", "resource": "address"}


@reader
def lines_of_words(answer: Answer) -> list[Made]:
    """Return the thing of an answer in lines of a word and its value, as ElasticHosts' and CloudSigma's first."""
    found = re.findall(r"^(server|drive|resource) ([\w.-]+)$", answer.text, re.MULTILINE)
    if answer.text.startswith(("<", "{", "[")) or len({word for word, _ in found}) != 1:
        return []
    return [Made(_LINES[word], value) for word, value in found[:1]]


_NO_THING = re.compile(r"/(operations?|jobs?|tasks?|asyncoperations?|operationresults?|queue)/", re.IGNORECASE)


@reader
def location(answer: Answer) -> list[Made]:
    """Return the thing that a Location header points to, unless that is the work on it."""
    path = urlsplit(answer.location).path
    if not path or _NO_THING.search(path):
        return []
    return [Made(answer.kind, last_word(path))]


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of work that went on after its request was answered; `failed` says why, "" if it went well."""

    operation: str
    failed: str


def read_end(text: str) -> Ended | None:
    """Return the end that a look at Google's operation tells, None where it goes on or this is none."""
    value = _json(text.strip())
    if (
        not isinstance(value, dict)
        or value.get("status") != "DONE"
        or "name" not in value
        or "operationType" not in value
    ):
        return None
    error = value.get("error")
    return Ended(str(value["name"]), json.dumps(error)[:300] if error else "")


def operation_of(text: str) -> str:
    """Return the name of the operation that an answer says is under way, "" if it names none."""
    value = _json(text.strip())
    return str(value.get("name", "")) if isinstance(value, dict) and "operationType" in value else ""
