"""The ASGI application: calls by their paths, and beside them the page, its sign-in, /healthz, /metrics, an upload."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wharfinger_server.domain.errors import Refused, Unavailable
from wharfinger_server.gateway import exchange, page, upload
from wharfinger_server.gateway.body import HungUp, Receive
from wharfinger_server.gateway.codes import Code, End, Ended, Metadata, refusal
from wharfinger_server.gateway.connect import error_json
from wharfinger_server.gateway.context import WebContext
from wharfinger_server.gateway.origins import Origins
from wharfinger_server.gateway.routes import Route, Routes
from wharfinger_server.gateway.sign_in import METHODS, SignIn
from wharfinger_server.gateway.wire import Limits, Send

log = logging.getLogger(__name__)

IMPORT = "/wharfinger.v1.PricingService/ImportCatalog"
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Desk:
    """What is asked beside calls: whether the server is well, its figures for those who may know them, to sign in."""

    healthy: Callable[[], bool]
    check: Callable[[str, Any], Awaitable[None]]
    figures: Callable[[], Awaitable[str]]
    sign_in: SignIn


class Application:
    """Answers requests. `limits` are the largest message that is taken and the largest that is sent, in bytes."""

    def __init__(self, routes: Routes, origins: Origins, limits: Limits, desk: Desk | None = None) -> None:
        self._routes = routes
        self._origins = origins
        self._limits = limits
        self._desk = desk
        self.draining = False

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        asked = _Asked(scope, receive, send)
        try:
            await self._answer(asked)
        except Ended as told:
            await asked.tell(told.end.http, _JSON, error_json(told.end))
        except HungUp:
            log.debug("the caller hung up", extra={"peer": asked.peer})

    async def _answer(self, asked: _Asked) -> None:
        if why := self._origins.why_not(asked.headers):
            raise Ended(End(Code.PERMISSION_DENIED, why))
        asked.more = self._origins.headers(asked.headers)
        if asked.method == "OPTIONS":
            asked.more += self._origins.preflight() if asked.more else []
            await asked.tell(204, _TEXT, b"")
            return
        if self._desk is not None:
            self._desk.sign_in.lend(asked.headers)
        if (route := self._routes.find(asked.path)) is not None:
            await self._call(route, asked)
        elif self._desk is not None and asked.path in _BESIDE:
            await self._beside(self._desk, asked)
        elif self._desk is not None and asked.path in METHODS:
            await self._sign_in(self._desk.sign_in, asked)
        elif self._desk is not None and (file := page.file(asked.path)) is not None:
            await self._page(file, asked)
        else:
            await self._nowhere(asked)

    async def _nowhere(self, asked: _Asked) -> None:
        """Answer that the path is none, in words that the caller's protocol has."""
        end = End(Code.UNIMPLEMENTED, f"there is no {asked.path[:200]} here")
        kind = asked.headers.get("content-type", "")
        if kind.startswith("application/grpc-web"):
            asked.more += [(b"grpc-status", str(end.number).encode()), (b"grpc-message", b"there is no such call here")]
            await asked.tell(200, kind, b"")
        else:
            await asked.tell(404, _JSON, error_json(end))

    async def _call(self, route: Route, asked: _Asked) -> None:
        if asked.method != "POST":
            return await asked.refuse_method("POST")
        kind = asked.headers.get("content-type", "").lower()
        kind = kind if kind in route.kinds else kind.partition(";")[0].strip()
        found = route.kinds.get(kind)
        if found is None:
            asked.more.append((b"accept-post", ", ".join(route.kinds).encode()))
            said = f"content-type {kind[:60]!r} is not one of this call: {', '.join(route.kinds)}"
            return await asked.tell(415, _TEXT, f"{said}\n".encode())
        wire_type, codec = found
        wire = wire_type(route.call, codec, asked.headers, asked.send, self._limits)
        await exchange.run(route, wire, asked.receive, asked.peer, self._turned_away)
        return None

    async def _page(self, file: page.File, asked: _Asked) -> None:
        if asked.method not in ("GET", "HEAD"):
            return await asked.refuse_method("GET")
        status, body, headers = page.answer(file, asked.headers)
        asked.more += headers
        await asked.tell(status, file.kind, body)
        return None

    async def _sign_in(self, sign_in: SignIn, asked: _Asked) -> None:
        if asked.method != METHODS[asked.path]:
            return await asked.refuse_method(METHODS[asked.path])
        told = await sign_in.answer(asked.path, asked.query, asked.headers)
        asked.more += told.headers
        await asked.tell(told.status, told.kind, told.body)
        return None

    def _turned_away(self) -> Refused | None:
        if not self.draining:
            return None
        return Unavailable("SERVER_DRAINING", "the server is ending; ask again, the next one answers")

    async def _beside(self, desk: Desk, asked: _Asked) -> None:
        method = _BESIDE[asked.path]
        if asked.method not in (method, "HEAD" if method == "GET" else method):
            await asked.refuse_method(method)
        elif asked.path == "/healthz":
            well = desk.healthy() and not self.draining
            await asked.tell(200 if well else 503, _TEXT, b"ok\n" if well else b"not serving\n")
        elif asked.path == "/metrics":
            try:
                await desk.check("metrics", WebContext(asked.metadata, asked.peer, None, _nothing))
                figures = await desk.figures()
            except Refused as refused:
                raise refusal(refused) from None
            await asked.tell(200, _PROMETHEUS, figures.encode())
        else:
            if turned_away := self._turned_away():
                raise refusal(turned_away)
            route = self._routes.find(IMPORT)
            assert route is not None
            made = await upload.take(route.handler, asked.query, asked.metadata, asked.receive, asked.peer)
            await asked.tell(200, _JSON, made)


_BESIDE = {"/healthz": "GET", "/metrics": "GET", upload.PATH: "POST"}


async def _nothing(_: bytes) -> None:
    """Take no message: there is no stream."""


class _Asked:
    """One request, and the simplest way to answer it. `more` are headers of every answer to it."""

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = _headers(scope["headers"])
        self.receive = receive
        self.more: list[tuple[bytes, bytes]] = []
        client = scope.get("client")
        self.peer = f"http:{client[0]}:{client[1]}" if client else "http:"
        self._send = send

    @property
    def metadata(self) -> Metadata:
        """The headers as metadata."""
        return tuple(self.headers.items())

    async def send(self, event: dict[str, Any]) -> None:
        """Send an event, the headers of every answer in its head."""
        if event["type"] == "http.response.start":
            event["headers"] = [*event["headers"], *self.more]
        await self._send(event)

    async def tell(self, status: int, kind: str, body: bytes) -> None:
        """Answer with a whole body."""
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        if status in (204, 304):
            headers = []
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    async def refuse_method(self, only: str) -> None:
        """Answer that the path takes another method."""
        self.more.append((b"allow", only.encode()))
        await self.tell(405, _TEXT, f"{self.path} takes {only}\n".encode())


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by name; what came several times is one, as HTTP has it."""
    headers: dict[str, str] = {}
    for key, value in pairs:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers
