"""A catalogue of prices as one POST: the file is the body, and what ImportCatalog's header says is in the query."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf import json_format

from wharfinger.v1 import pricing_service_pb2
from wharfinger_server.domain.errors import InvalidArgument
from wharfinger_server.gateway import body
from wharfinger_server.gateway.body import Receive
from wharfinger_server.gateway.codecs import as_json
from wharfinger_server.gateway.codes import Metadata, refusal
from wharfinger_server.gateway.context import WebContext

PATH = "/v1/catalogs:upload"
_CHUNK = 1 << 19
_WORDS = {"true": True, "false": False}


async def take(handler: Any, query: str, headers: Metadata, receive: Receive, peer: str) -> bytes:
    """Import the body by ImportCatalog's own handler, and return the catalogue as JSON. Raises Ended and HungUp."""
    header = _header(query)
    answers: list[bytes] = []

    async def keep(message: bytes) -> None:
        """Keep the last message; what comes before it is progress."""
        answers.append(message)
        del answers[:-1]

    async def requests() -> AsyncIterator[bytes]:
        """Yield the messages that a caller of ImportCatalog would send."""
        yield pricing_service_pb2.ImportCatalogRequest(header=header).SerializeToString()
        async for piece in body.pieces(receive):
            for at in range(0, len(piece), _CHUNK):
                chunk = piece[at : at + _CHUNK]
                yield pricing_service_pb2.ImportCatalogRequest(chunk=chunk).SerializeToString()

    await handler.stream_stream(requests(), WebContext(headers, peer, None, keep))
    response = pricing_service_pb2.ImportCatalogResponse.FromString(answers[-1])
    return as_json(response.catalog)


def _header(query: str) -> pricing_service_pb2.ImportCatalogHeader:
    members: dict[str, Any] = {key: _WORDS.get(value, value) for key, value in parse_qsl(query, keep_blank_values=True)}
    members["upload"] = {"file_name": members.pop("file_name", "")}
    try:
        return json_format.ParseDict(members, pricing_service_pb2.ImportCatalogHeader())
    except json_format.ParseError as error:
        said = f"the query can't be read as ImportCatalogHeader: {error}"
        raise refusal(InvalidArgument("INVALID_ARGUMENT", said)) from None
