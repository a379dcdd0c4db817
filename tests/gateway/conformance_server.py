"""Connect's ConformanceService on our gateway: what the conformance runner starts, once for each kind of server.

It reads what is wanted from standard input, writes where it listens to standard output, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, empty_pb2, message_factory
from google.rpc import status_pb2
from tests.gateway.connect_runner import IMAGE

from wharfinger_server.config import Address, Settings, Tls
from wharfinger_server.gateway.application import Application
from wharfinger_server.gateway.context import WebContext
from wharfinger_server.gateway.listening import Gateway
from wharfinger_server.gateway.origins import Origins
from wharfinger_server.gateway.routes import Routes
from wharfinger_server.gateway.wire import Limits

PACKAGE = "connectrpc.conformance.v1."
MOST = 4 << 20
CODES = {code.value[0]: code for code in grpc.StatusCode}

pool = descriptor_pool.Default()
assert empty_pb2.DESCRIPTOR is not None  # what the definitions below import must be known
for _file in descriptor_pb2.FileDescriptorSet.FromString(IMAGE.read_bytes()).file:
    if _file.name.startswith("connectrpc/"):
        pool.Add(_file)  # type: ignore[no-untyped-call]


def message(name: str) -> Any:
    """Return the class of a message."""
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(PACKAGE + name))


def read(kind: str, raw: Any) -> Any:
    """Return a request, from whichever form."""
    return message(kind).FromString(raw) if isinstance(raw, bytes) else raw.parse(message(kind))


def info(context: WebContext, request: Any) -> Any:
    """Return what the service tells of a request."""
    told = message("ConformancePayload").RequestInfo()
    for name, value in context.invocation_metadata():
        told.request_headers.add(name=name, value=str(value).split(", "))
    left = context.time_remaining()
    if left is not None:
        told.timeout_ms = int(left * 1000)
    packed = any_pb2.Any()
    packed.Pack(request)
    told.requests.append(packed)
    return told


def pairs(headers: Any) -> tuple[tuple[str, str], ...]:
    """Return headers as metadata."""
    return tuple((header.name, value) for header in headers for value in header.value)


async def fail(context: WebContext, error: Any, trailers: Any, told: Any = None) -> NoReturn:
    """End a call as the request says."""
    status = status_pb2.Status(code=error.code, message=error.message, details=error.details)
    if told is not None:
        status.details.add().Pack(told)
    more = (*pairs(trailers), ("grpc-status-details-bin", status.SerializeToString()))
    await context.abort(CODES[error.code], error.message, more)


def unary(name: str) -> Any:
    """Return the handler of a call with one answer."""

    async def answer(raw: Any, context: WebContext) -> bytes:
        request = read(f"{name}Request", raw)
        wanted = request.response_definition
        await context.send_initial_metadata(pairs(wanted.response_headers))
        await asyncio.sleep(wanted.response_delay_ms / 1000)
        told = info(context, request)
        if wanted.HasField("error"):
            await fail(context, wanted.error, wanted.response_trailers, told)
        context.set_trailing_metadata(pairs(wanted.response_trailers))
        response = message(f"{name}Response")()
        response.payload.data = wanted.response_data
        response.payload.request_info.CopyFrom(told)
        return bytes(response.SerializeToString())

    return grpc.unary_unary_rpc_method_handler(answer)


async def server_stream(raw: Any, context: WebContext) -> None:
    """Answer with a stream."""
    request = read("ServerStreamRequest", raw)
    wanted = request.response_definition
    await context.send_initial_metadata(pairs(wanted.response_headers))
    told: Any = info(context, request)
    for data in wanted.response_data:
        await asyncio.sleep(wanted.response_delay_ms / 1000)
        response = message("ServerStreamResponse")()
        response.payload.data = data
        if told is not None:
            response.payload.request_info.CopyFrom(told)
            told = None
        await context.write(response.SerializeToString())
    if wanted.HasField("error"):
        await fail(context, wanted.error, wanted.response_trailers, told)
    context.set_trailing_metadata(pairs(wanted.response_trailers))


async def unimplemented(_raw: Any, context: WebContext) -> NoReturn:
    """Answer that it can't be done."""
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "it is not implemented")


HANDLERS = {
    "Unary": unary("Unary"),
    "IdempotentUnary": unary("IdempotentUnary"),
    "Unimplemented": grpc.unary_unary_rpc_method_handler(unimplemented),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
}


async def serve(wanted: Any, folder: Path) -> None:
    """Serve until the end of the process."""
    tls = Tls()
    if wanted.use_tls:
        cert, key = folder / "cert.pem", folder / "key.pem"
        cert.write_bytes(wanted.server_creds.cert)
        key.write_bytes(wanted.server_creds.key)
        tls = Tls(cert=str(cert), key=str(key))
    routes = Routes([(pool.FindServiceByName(PACKAGE + "ConformanceService"), HANDLERS)])
    limit = wanted.message_receive_limit or MOST
    application = Application(routes, Origins((), open_to_all=False), Limits(limit, MOST))
    gateway = Gateway(application, Address("127.0.0.1", 0), Settings(tls=tls), grace=1.0)
    gateway.start()
    answer = message("ServerCompatResponse")(
        host=gateway.address.host, port=gateway.address.port, pem_cert=wanted.server_creds.cert
    ).SerializeToString()
    sys.stdout.buffer.write(len(answer).to_bytes(4, "big") + answer)
    sys.stdout.buffer.flush()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    await gateway.stop()


if __name__ == "__main__":
    size = int.from_bytes(sys.stdin.buffer.read(4), "big")
    asked = message("ServerCompatRequest").FromString(sys.stdin.buffer.read(size))
    with tempfile.TemporaryDirectory() as _folder:
        asyncio.run(serve(asked, Path(_folder)))
