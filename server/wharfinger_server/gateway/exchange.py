"""One call from its head to its end: the body in, our handler, the answer out; deadlines and callers who hang up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wharfinger_server.domain.errors import Refused, Unimplemented
from wharfinger_server.gateway import body
from wharfinger_server.gateway.body import HungUp, Receive
from wharfinger_server.gateway.codes import Code, End, Ended, refusal
from wharfinger_server.gateway.context import WebContext
from wharfinger_server.gateway.envelopes import HEAD
from wharfinger_server.gateway.routes import Route
from wharfinger_server.gateway.wire import Wire

log = logging.getLogger(__name__)

_BASE64 = 4 / 3
_INSTEAD = "use gRPC; a catalogue of prices can be posted as a file, to /v1/catalogs:upload?format=FORMAT"


async def run(route: Route, wire: Wire, receive: Receive, peer: str, turned_away: Callable[[], Refused | None]) -> None:
    """Do one call. `turned_away` tells why no call is begun any more, None while they are."""
    context: WebContext | None = None

    async def write(message: bytes) -> None:
        """Send a message of a stream."""
        assert context is not None
        await wire.write(message, context.initial)

    try:
        timeout = wire.begin()
        context = WebContext(tuple(wire.headers.items()), peer, timeout, write)
        if refused := turned_away():
            raise refusal(refused)
        async with asyncio.timeout(timeout):
            message = wire.request(await body.whole(receive, int(wire.limit * _BASE64) + HEAD + 4))
            with _hears_hang_up(receive, wire):
                await _answer(route, wire, wire.codec.request(message), context)
        end = End(trailers=context.trailers)
    except Ended as told:
        end = told.end
    except TimeoutError:
        end = End(Code.DEADLINE_EXCEEDED, "the call's deadline has passed")
    except HungUp:
        log.debug("%s ended: the caller hung up", wire.call.name, extra={"peer": peer})
        return
    await wire.finish(end, context.initial if context else ())


async def _answer(route: Route, wire: Wire, raw: object, context: WebContext) -> None:
    if wire.call.client_streaming:
        said = f"{wire.call.name} takes a stream of requests, which the gateway has not: {_INSTEAD}"
        raise refusal(Unimplemented("NOT_SUPPORTED", said, {"feature": wire.call.full_name}))
    if wire.call.server_streaming:
        await route.handler.unary_stream(raw, context)
    else:
        await wire.write(await route.handler.unary_unary(raw, context), context.initial)


@contextmanager
def _hears_hang_up(receive: Receive, wire: Wire) -> Iterator[None]:
    """Cancel what stands in the block when the caller hangs up, and raise HungUp then."""
    mine = asyncio.current_task()
    assert mine is not None
    hung_up = False

    def hear(_: object) -> None:
        nonlocal hung_up
        if not hearing.cancelled() and not wire.over:
            hung_up = True
            mine.cancel()

    hearing = asyncio.ensure_future(body.gone(receive))
    hearing.add_done_callback(hear)
    try:
        yield
    except asyncio.CancelledError:
        if not hung_up:
            raise
        mine.uncancel()
        raise HungUp from None
    finally:
        hearing.remove_done_callback(hear)
        hearing.cancel()
