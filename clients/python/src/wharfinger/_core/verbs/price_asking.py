"""Requests about prices, as messages, and the upload of a file to import."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from wharfinger import errors, models, prices
from wharfinger._core.connection.transport import Silence, Transport
from wharfinger._core.messages import convert, fields
from wharfinger._core.messages.jsonvalues import to_struct
from wharfinger.errors import InvalidArgument, Violation
from wharfinger.v1 import pricing_service_pb2, task_pb2

OnProgress = Callable[[models.Progress], None]
CHUNK = 1 << 20
# A server at work says so far more often.
_SILENCE = 600.0
_CATALOG = re.compile(r"(?:catalogs/|sha256:)?([0-9a-f]{64}|active)")


def catalog_name(name: str) -> str:
    """Return the full name of a catalogue for that, its digest with or without `sha256:`, or `active`.

    Raises:
        InvalidArgument: it is none of them.
    """
    found = _CATALOG.fullmatch(fields.text("name", name))
    if not found:
        why = f"{name[:80]!r} is no catalogue; give the 64 hexadecimal digits of its digest, or active"
        raise InvalidArgument("INVALID_ARGUMENT", "INVALID_NAME", f"name: {why}", {}, (Violation("name", why),))
    return f"catalogs/{found[1]}"


def estimate_request(
    project: str, script: str, params: Mapping[str, Any], catalog: str, basis: str, at: datetime | None
) -> pricing_service_pb2.EstimateCostRequest:
    """Return the question for what a task costs. Raises InvalidArgument for params that the API can't hold."""
    request = fields.message(
        pricing_service_pb2.EstimateCostRequest,
        parent=f"projects/{project}",
        catalog_digest=catalog,
        price_basis=basis,
    )
    request.task.CopyFrom(fields.message(task_pb2.Task, "task.", script=script))
    request.task.params.CopyFrom(to_struct(params, "task.params"))
    set_moment(request, at)
    return request


def set_moment(
    request: pricing_service_pb2.GetPriceRequest | pricing_service_pb2.EstimateCostRequest, at: datetime | None
) -> None:
    """Ask for that moment. Raises InvalidArgument for one without a time zone."""
    if at is None:
        return
    if not isinstance(at, datetime):
        fields.refuse("at", f"is {fields.given(at)}; give a datetime with a time zone")
    if at.tzinfo is None:
        why = "needs a time zone, such as datetime.now(UTC)"
        raise InvalidArgument("INVALID_ARGUMENT", "INVALID_ARGUMENT", f"at: {why}", {}, (Violation("at", why),))
    request.at_time.FromDatetime(at)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to import: what to call it, its size in bytes (0: not known), and where it is read."""

    name: str
    size: int
    file: BinaryIO | None


def upload(source: str | Path | bytes | BinaryIO | None) -> Upload:
    """Return what is to be imported, open. Raises OSError where a file can't be read."""
    if source is None:
        return Upload("", 0, None)
    if isinstance(source, bytes):
        return Upload("", len(source), io.BytesIO(source))
    if isinstance(source, str | Path):
        path = Path(source)
        return Upload(path.name, path.stat().st_size, path.open("rb"))
    return Upload(Path(str(getattr(source, "name", ""))).name, 0, source)


def _messages(
    header: pricing_service_pb2.ImportCatalogHeader, file: BinaryIO | None
) -> Iterator[pricing_service_pb2.ImportCatalogRequest]:
    """Tell the header, then the file's pieces as the connection takes them; of an empty file an empty one."""
    yield pricing_service_pb2.ImportCatalogRequest(header=header)
    if file is None:
        return
    yield pricing_service_pb2.ImportCatalogRequest(chunk=file.read(CHUNK))
    while piece := file.read(CHUNK):
        yield pricing_service_pb2.ImportCatalogRequest(chunk=piece)


async def import_catalog(
    transport: Transport,
    header: pricing_service_pb2.ImportCatalogHeader,
    source: str | Path | bytes | BinaryIO | None,
    on_progress: OnProgress | None,
) -> prices.Catalog:
    """Import a catalogue and return it."""
    given = upload(source)
    if given.file is not None:
        header.upload.file_name = header.upload.file_name or given.name
    try:
        return await _exchange(transport, header, given, on_progress)
    finally:
        # What the caller opened stays open.
        if given.file is not None and given.file is not source:
            given.file.close()


async def _exchange(
    transport: Transport,
    header: pricing_service_pb2.ImportCatalogHeader,
    given: Upload,
    on_progress: OnProgress | None,
) -> prices.Catalog:
    stream = transport.exchange(
        pricing_service_pb2.ImportCatalogRequest,
        _messages(header, given.file),
        pricing_service_pb2.ImportCatalogResponse,
    )
    try:
        while True:
            try:
                answer = await stream.read(_SILENCE)
            except Silence:
                raise errors.Unreachable(transport.server, f"it said nothing for {_SILENCE:.0f} s") from None
            if answer is None:
                raise errors.InternalError("INTERNAL", "", "the import ended without a catalogue")
            if answer.WhichOneof("kind") == "catalog":
                return convert.catalog(answer.catalog)
            if on_progress is not None and answer.WhichOneof("kind") == "progress":
                if answer.progress.step == "fetch" and given.size:
                    answer.progress.total = given.size
                on_progress(convert.progress(answer.progress))
    finally:
        stream.cancel()
