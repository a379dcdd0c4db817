"""The one way round every call: who calls, what is missing, the work, and how a failure is told.

Requests arrive and answers leave as bytes, so that a request that can't be read is refused like any other, and an
answer that is put together from stored bytes is never parsed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Coroutine
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2

from wharfinger.runtime.redaction import of_call
from wharfinger_server.access import rules
from wharfinger_server.access.credentials import Credentials
from wharfinger_server.access.rules import LOOK, Rule, rule_of
from wharfinger_server.domain.errors import (
    InvalidArgument,
    PermissionDenied,
    Refused,
    ResourceExhausted,
    Unauthenticated,
)
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.rpc.required import checker, unchecked_by
from wharfinger_server.rpc.showing import Showing
from wharfinger_server.rpc.status import STATUS_KEY, code_of, status_of
from wharfinger_server.rpc.unknown_fields import changes_nothing, refuse_unknown

log = logging.getLogger(__name__)

T = TypeVar("T")
Context = grpc.aio.ServicerContext[Any, Any]
Unary = Callable[[Any, "Call"], Awaitable[Message | bytes]]
Write = Callable[[bytes], Awaitable[None]]
"""Sends one message of a stream; waits while the caller takes none."""
Stream = Callable[[Any, "Call", Write], Coroutine[Any, Any, None]]
Duplex = Callable[[AsyncIterator[Any], "Call", Write], Coroutine[Any, Any, None]]
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Unread(Protocol):
    """A request in another form than protobuf's bytes, which reads itself once it is known who calls."""

    def parse(self, kind: type[Message]) -> Message:
        """Return the request. Raises Refused."""
        ...


Raw = bytes | Unread


class Callers(Protocol):
    """Tells the caller of each call."""

    def of(self, shown: Credentials) -> Caller | Awaitable[Caller]:
        """Return who shows the credentials, or what tells it later. Raises Unauthenticated."""
        ...


class Call:
    """What a method may know of the call beside its request."""

    __slots__ = ("_context", "caller")

    def __init__(self, caller: Caller, context: Context) -> None:
        self.caller = caller
        self._context = context

    def seconds_left(self) -> float | None:
        """Return the time until the call's deadline, None without one."""
        return self._context.time_remaining()

    @property
    def is_private(self) -> bool:
        """Whether nobody between can read it: it came over TLS, a unix socket, or from this machine."""
        peer = self._context.peer() or ""
        if peer.startswith(("unix:", "ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D")):
            return True
        return b"ssl" in (self._context.auth_context().get("transport_security_type") or ())

    def header(self, name: str) -> str:
        """Return the first value of a text header, or an empty string."""
        for key, value in self._context.invocation_metadata() or ():
            if key == name:
                return str(value)
        return ""


class _Stream:
    """A stream that is open: what its caller showed and was, what it needs, the work; why it was ended, or None."""

    __slots__ = ("caller", "refused", "rule", "shown", "work")

    def __init__(self, shown: Credentials, caller: Caller, rule: Rule, work: asyncio.Future[None]) -> None:
        self.shown = shown
        self.caller = caller
        self.rule = rule
        self.work = work
        self.refused: Refused | None = None


class Calls:
    """Wraps the methods of services. `trailers` go with every answer; `limit`: how many unary calls may be at work.

    `ended` counts the calls that are over, by their name and their status code's.
    """

    def __init__(self, callers: Callers, limit: int, trailers: tuple[tuple[str, str], ...]) -> None:
        self._callers = callers
        self._limit = limit
        self._trailers = trailers
        self.at_work = 0
        self._streams: set[_Stream] = set()
        self.ended: Counter[tuple[str, str]] = Counter()

    def handler(self, call: MethodDescriptor, method: Any) -> Handler:
        """Return the handler of a call of whichever kind, which `method` does."""
        request_type = message_factory.GetMessageClass(call.input_type)
        strict = not changes_nothing(call)
        rule = rule_of(call.containing_service.full_name, call.name)
        if call.client_streaming:
            if not call.server_streaming:
                raise LookupError(f"{call.full_name}: calls with many requests and one answer are not offered")
            return self.duplex(call.name, request_type, method, rule, strict=strict)
        if call.server_streaming:
            return self.stream(call.name, request_type, method, rule, strict=strict)
        return self.unary(call.name, request_type, method, rule, strict=strict)

    def unary(
        self, name: str, request_type: type[Message], method: Unary, rule: Rule = LOOK, *, strict: bool = False
    ) -> Handler:
        """Return the handler of a method with one answer; `strict` refuses fields that this server does not know."""
        check = _check(request_type, unchecked_by(method), strict=strict)

        async def answer(raw: Raw, context: Context) -> bytes:
            """Answer one call."""
            self.at_work += 1
            try:
                if self.at_work > self._limit:
                    raise self._too_many()
                caller = self._callers.of(Showing(context))
                if not isinstance(caller, Caller):
                    caller = await caller
                rules.check(rule, caller)
                request = _parsed(request_type, raw)
                if caller.roles:
                    rules.check_role(rule, caller, request)
                check(request)
                response = await method(request, Call(caller, context))
                context.set_trailing_metadata(self._trailers)
                if log.isEnabledFor(logging.DEBUG):
                    _tell(name, caller, request, response)
                return response if isinstance(response, bytes) else response.SerializeToString()
            except Refused as refused:
                await self._refuse(name, context, refused)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the caller must not see it
                await self._fail(name, context, error)
            finally:
                self.at_work -= 1

        return grpc.unary_unary_rpc_method_handler(self._apart(name, answer))

    def stream(
        self, name: str, request_type: type[Message], method: Stream, rule: Rule = LOOK, *, strict: bool = False
    ) -> Handler:
        """Return the handler of a method that writes a stream of answers."""
        check = _check(request_type, strict=strict)

        async def answer(raw: Raw, context: Context) -> None:
            """Answer one call, message by message."""
            try:
                caller = self._callers.of(Showing(context))
                if not isinstance(caller, Caller):
                    caller = await caller
                rules.check(rule, caller)
                request = _parsed(request_type, raw)
                if caller.roles:
                    rules.check_role(rule, caller, request)
                check(request)
                work = method(request, Call(caller, context), context.write)
                # A stream may last for days: it is for the method whether the request does.
                del raw, request
                await self._while_known(_Stream(Showing(context), caller, rule, asyncio.ensure_future(work)))
                context.set_trailing_metadata(self._trailers)
            except Refused as refused:
                await self._refuse(name, context, refused)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the caller must not see it
                await self._fail(name, context, error)

        return grpc.unary_stream_rpc_method_handler(self._apart(name, answer))

    def duplex(
        self, name: str, request_type: type[Message], method: Duplex, rule: Rule = LOOK, *, strict: bool = False
    ) -> Handler:
        """Return the handler of a method that reads a stream of requests and writes a stream of answers."""
        check = _check(request_type, strict=strict)

        async def parsed(requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
            """Yield the requests as they come."""
            async for raw in requests:
                request = _parsed(request_type, raw)
                check(request)
                yield request

        async def answer(requests: AsyncIterator[bytes], context: Context) -> None:
            """Answer one call, message by message."""
            try:
                caller = self._callers.of(Showing(context))
                if not isinstance(caller, Caller):
                    caller = await caller
                rules.check(rule, caller)
                work = method(parsed(requests), Call(caller, context), context.write)
                await self._while_known(_Stream(Showing(context), caller, rule, asyncio.ensure_future(work)))
                context.set_trailing_metadata(self._trailers)
            except Refused as refused:
                await self._refuse(name, context, refused)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the caller must not see it
                await self._fail(name, context, error)

        return grpc.stream_stream_rpc_method_handler(self._apart(name, answer))

    def guarded(self, service: str, call: str, handler: Any) -> Any:
        """Return the handler of a call that is not ours, for callers that may make it."""
        rule, name = rule_of(service, call), f"/{service}/{call}"

        async def admit(context: Context) -> None:
            """Refuse whoever may not."""
            try:
                caller = self._callers.of(Showing(context))
                rules.check(rule, caller if isinstance(caller, Caller) else await caller)
            except Refused as refused:
                await self._refuse(name, context, refused)

        async def answer(request: Any, context: Context) -> Any:
            """Answer a caller that may make the call."""
            await admit(context)
            return await inner(request, context)

        async def stream(request: Any, context: Context) -> AsyncGenerator[Any, None]:
            """Answer a caller that may make the call, message by message."""
            await admit(context)
            async for message in inner(request, context):
                yield message

        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        fields = {"unary_unary": None, "unary_stream": None, "stream_unary": None, "stream_stream": None}
        kind = next(field for field in fields if getattr(handler, field))
        return handler._replace(**{kind: stream if handler.response_streaming else answer})

    async def check_beside(self, what: str, context: Context) -> None:
        """Refuse whoever may not have what the gateway tells beside. Raises Unauthenticated, PermissionDenied."""
        caller = self._callers.of(Showing(context))
        rules.check(rule_of("gateway", what), caller if isinstance(caller, Caller) else await caller)

    async def _while_known(self, stream: _Stream) -> None:
        """Wait for the work of a stream for as long as its caller may have it. Raises what `recheck` found."""
        self._streams.add(stream)
        try:
            await stream.work
        except asyncio.CancelledError:
            if stream.refused is not None:
                raise stream.refused from None
            raise
        finally:
            self._streams.discard(stream)

    def recheck(self) -> None:
        """End the streams whose callers may not have them any more: a token was revoked or expired, a role is another.

        Who is known by keys that have to be asked for is left until they are.
        """
        for stream in list(self._streams):
            try:
                caller = self._callers.of(stream.shown)
                if isinstance(caller, Caller):
                    rules.check(stream.rule, caller)
                    rules.check_not_less(stream.caller, caller)
                elif isinstance(caller, Coroutine):
                    caller.close()
            except Refused as refused:
                stream.refused = refused
                stream.work.cancel()

    def _too_many(self) -> ResourceExhausted:
        return ResourceExhausted(
            "CALL_LIMIT",
            f"the server is at work on {self._limit} calls, which is its limit; ask again",
            {"limit": str(self._limit)},
        )

    def _apart(
        self, name: str, answer: Callable[[Any, Context], Awaitable[T]]
    ) -> Callable[[Any, Context], Awaitable[T]]:
        """Return `answer` with a place, for the time of the call, for the secrets in its request; it is counted."""

        async def of_one_call(request: Any, context: Context) -> T:
            """Answer one call."""
            try:
                with of_call():
                    answered = await answer(request, context)
            except asyncio.CancelledError:
                self.ended[name, grpc.StatusCode.CANCELLED.name] += 1
                raise
            self.ended[name, grpc.StatusCode.OK.name] += 1
            return answered

        return of_one_call

    async def _refuse(self, name: str, context: Context, refused: Refused) -> NoReturn:
        """End the call with the refusal's status."""
        if isinstance(refused, Unauthenticated | PermissionDenied):
            log.warning("%s refused", name, extra={"reason": refused.reason, "peer": context.peer()})
        elif log.isEnabledFor(logging.DEBUG):
            log.debug("%s refused", name, extra={"reason": refused.reason, "peer": context.peer()})
        await self._end(name, context, code_of(refused), status_of(refused))

    async def _fail(self, name: str, context: Context, error: BaseException) -> NoReturn:
        """End the call with INTERNAL and an id under which the log tells more; or again, if it has ended already."""
        if isinstance(error, grpc.aio.AbortError | grpc.aio.UsageError):
            raise error
        if isinstance(error, grpc.aio.InternalError):
            # gRPC's own word that an answer could not be written: nobody is there to take it.
            log.debug("%s ended: the caller hung up", name, extra={"peer": context.peer()})
            raise asyncio.CancelledError from error
        incident = secrets.token_hex(6)
        log.error("%s failed", name, exc_info=error, extra={"incident": incident})
        refused = Refused(
            "INTERNAL", f"a fault of the server; its log tells more under {incident}", {"incident": incident}
        )
        status = status_of(refused)
        status.code = grpc.StatusCode.INTERNAL.value[0]
        await self._end(name, context, grpc.StatusCode.INTERNAL, status)

    async def _end(self, name: str, context: Context, code: grpc.StatusCode, status: status_pb2.Status) -> NoReturn:
        self.ended[name, code.name] += 1
        trailers: tuple[tuple[str, str | bytes], ...] = (*self._trailers, (STATUS_KEY, status.SerializeToString()))
        await context.abort(code, status.message, trailers)


def _check(request_type: type[Message], exempt: Collection[str] = (), *, strict: bool) -> Callable[[Message], None]:
    """Return what checks a request as a whole."""
    complete = checker(request_type, exempt)
    if not strict:
        return complete

    def check(request: Message) -> None:
        refuse_unknown(request)
        complete(request)

    return check


def _tell(name: str, caller: Caller, request: Message, response: Message | bytes) -> None:
    """Log a call that went well, with the name of what it was about."""
    about = getattr(response, "name", "") or getattr(request, "name", "") or getattr(request, "parent", "")
    log.debug("%s answered", name, extra={"about": about, "caller": caller.creator})


def _parsed(request_type: type[Message], raw: Raw) -> Message:
    if not isinstance(raw, bytes):
        return raw.parse(request_type)
    try:
        return request_type.FromString(raw)
    except (DecodeError, UnicodeDecodeError, ValueError):
        name = request_type.DESCRIPTOR.full_name
        said = f"the request can't be read as {name}, or its params are nested more than about 30 levels deep"
        raise InvalidArgument("INVALID_ARGUMENT", said) from None
