"""A caller of the gateway that speaks each of its protocols, over one plain HTTP connection a call."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from tests.servers.serving import Serving

import wharfinger.v1.executor_service_pb2
import wharfinger.v1.pricing_service_pb2
import wharfinger.v1.task_service_pb2

PROTOCOLS = ("connect+proto", "connect+json", "grpc-web+proto", "grpc-web+json", "grpc-web-text")
CONNECT_CODES = {"canceled": 1, "unknown": 2, "invalid_argument": 3, "deadline_exceeded": 4, "not_found": 5}
CONNECT_CODES |= {"already_exists": 6, "permission_denied": 7, "resource_exhausted": 8, "failed_precondition": 9}
CONNECT_CODES |= {"aborted": 10, "out_of_range": 11, "unimplemented": 12, "internal": 13, "unavailable": 14}
CONNECT_CODES |= {"data_loss": 15, "unauthenticated": 16}
SERVICES = {
    name: service
    for module in (
        wharfinger.v1.task_service_pb2,
        wharfinger.v1.executor_service_pb2,
        wharfinger.v1.pricing_service_pb2,
    )
    for name, service in module.DESCRIPTOR.services_by_name.items()
}


def gateway_of(server: Serving) -> str:
    """Return the URL of the newest gateway that a server's log names."""
    return re.findall(r"wharfinger's gateway is at (\S+)", server.log())[-1]


@dataclass
class End:
    """How a call ended: its code (gRPC's number), message, ErrorInfo's reason and metadata, and what came with it."""

    code: int = 0
    message: str = ""
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    http: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def take(self, details: Any) -> None:
        """Read the details."""
        info = error_details_pb2.ErrorInfo()
        for detail in details:
            if detail.Unpack(info):
                self.reason, self.metadata = info.reason, dict(info.metadata)


class Web:
    """A caller. `headers` go with each call; `compress`: gzip both ways."""

    def __init__(self, url: str, protocol: str, *, compress: bool = False, **headers: str) -> None:
        self.url = urlsplit(url)
        self.connect = protocol.startswith("connect")
        self.json = protocol.endswith("json")
        self.text = protocol.endswith("text")
        self.kind = protocol
        self.compress = compress
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.packed = False

    def one(self, call: str, request: Message | dict[str, Any] | bytes, **headers: str) -> tuple[Message | None, End]:
        """Make a call with one answer."""
        end = End()
        answers = list(self.call(call, request, end, stream=False, **headers))
        return (answers[0] if answers else None), end

    def call(
        self, call: str, request: Message | dict[str, Any] | bytes, end: End, *, stream: bool, **headers: str
    ) -> Iterator[Message]:
        """Make a call, and yield its answers as they come; `end` is filled in with how it ended."""
        service, _, name = call.partition("/")
        method = SERVICES[service].methods_by_name[name]
        answer = method.output_type._concrete_class
        plain = self.connect and not stream
        response, connection = self.post(
            f"/wharfinger.v1.{call}", self.body(request, plain=plain), self.kind_of(plain=plain), plain=plain, **headers
        )
        end.http = response.status
        end.headers = {name.lower(): value for name, value in response.getheaders()}
        try:
            if plain:
                yield from self._plain(response, answer, end)
            else:
                yield from self._framed(response, answer, end)
        finally:
            connection.close()

    def kind_of(self, *, plain: bool) -> str:
        """Return the content type."""
        return f"application/{self.kind.removeprefix('connect+')}" if plain else f"application/{self.kind}"

    def post(
        self, path: str, body: bytes, kind: str, *, plain: bool = False, method: str = "POST", **headers: str
    ) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
        """Make a request as it is."""
        if self.url.scheme == "https":
            trusting = ssl._create_unverified_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(self.url.netloc, context=trusting)
        else:
            connection = http.client.HTTPConnection(self.url.netloc, timeout=30)
        sent = {"content-type": kind, **self.headers}
        if self.compress:
            before = ("", "accept-encoding") if plain else ("connect-",) * 2 if self.connect else ("grpc-",) * 2
            sent[f"{before[0]}content-encoding" if self.connect else "grpc-encoding"] = "gzip"
            sent[before[1] if plain else f"{before[1]}accept-encoding"] = "gzip"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        return connection.getresponse(), connection

    def ask(
        self, path: str, body: bytes, kind: str, *, method: str = "POST", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Make a request as it is, and return the status, the body and the headers of the answer."""
        response, connection = self.post(path, body, kind, method=method, **headers)
        told = response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        return told

    def body(self, request: Message | dict[str, Any] | bytes, *, plain: bool) -> bytes:
        """Return the body of a request."""
        if isinstance(request, dict):
            data = json.dumps(request).encode()
        elif isinstance(request, bytes):
            data = request
        else:
            data = json_format.MessageToJson(request).encode() if self.json else request.SerializeToString()
        if self.compress:
            data = gzip.compress(data)
        if plain:
            return data
        framed = bytes([self.compress]) + len(data).to_bytes(4, "big") + data
        return base64.b64encode(framed) if self.text else framed

    def _read(self, data: bytes, answer: Any) -> Message:
        if self.json:
            return json_format.Parse(data, answer())
        read: Message = answer.FromString(data)
        return read

    def _plain(self, response: http.client.HTTPResponse, answer: Any, end: End) -> Iterator[Message]:
        data = response.read()
        if response.getheader("content-encoding") == "gzip":
            self.packed = True
            data = gzip.decompress(data)
        end.trailers = {k.removeprefix("trailer-"): v for k, v in end.headers.items() if k.startswith("trailer-")}
        if response.status == 200:
            yield self._read(data, answer)
        else:
            _take_json(end, json.loads(data))

    def _framed(self, response: http.client.HTTPResponse, answer: Any, end: End) -> Iterator[Message]:
        assert response.status == 200, response.read()
        for flags, data in _frames(response, text=self.text):
            if flags & 1:
                self.packed = True
                data = gzip.decompress(data)  # noqa: PLW2901
            if flags & 0x80:
                _take_trailers(end, data)
            elif self.connect and flags & 2:
                told = json.loads(data)
                end.trailers = {key: value[0] for key, value in told.get("metadata", {}).items()}
                _take_json(end, told.get("error"))
            else:
                yield self._read(data, answer)


def _frames(response: http.client.HTTPResponse, *, text: bool) -> Iterator[tuple[int, bytes]]:
    raw = held = b""
    while piece := response.read1(65536):
        if text:
            raw += piece
            whole, raw = raw[: len(raw) // 4 * 4], raw[len(raw) // 4 * 4 :]
            piece = b"".join(base64.b64decode(part) for part in re.findall(rb"[^=]+=*", whole))
        held += piece
        while len(held) >= 5 and len(held) >= 5 + (size := int.from_bytes(held[1:5], "big")):
            yield held[0], held[5 : 5 + size]
            held = held[5 + size :]
    assert not held


def _take_json(end: End, error: Mapping[str, Any] | None) -> None:
    if error is None:
        return
    end.code, end.message = CONNECT_CODES[error["code"]], error.get("message", "")
    details = status_pb2.Status()
    for detail in error.get("details", ()):
        value = base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4))
        details.details.add(type_url=f"type.googleapis.com/{detail['type']}", value=value)
    end.take(details.details)


def _take_trailers(end: End, data: bytes) -> None:
    lines = (line.partition(": ") for line in data.decode().split("\r\n") if line)
    trailers = {key: value for key, _, value in lines}
    end.code, end.message = int(trailers.pop("grpc-status")), unquote(trailers.pop("grpc-message", ""))
    details = trailers.pop("grpc-status-details-bin", "")
    if details:
        status = status_pb2.Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
        assert status.code == end.code
        end.take(status.details)
    end.trailers = trailers
