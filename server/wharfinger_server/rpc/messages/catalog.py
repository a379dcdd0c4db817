"""Catalogues, their activations, and how far the import of one is."""

from __future__ import annotations

import re

from wharfinger.v1 import catalog_pb2, pricing_service_pb2
from wharfinger_server.domain.errors import Unimplemented, invalid
from wharfinger_server.pricing import Activation, Catalog, CatalogDiff, ImportProgress, ImportRequest
from wharfinger_server.rpc.messages.price import DIGEST
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_time

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
LONGEST_REASON = 1024
_LONGEST_NAME = 255


def catalog_message(catalog: Catalog) -> catalog_pb2.Catalog:
    """Return a catalogue as it is shown."""
    message = catalog_pb2.Catalog(
        name=f"catalogs/{catalog.digest}",
        digest=DIGEST + catalog.digest,
        origin=clean(catalog.whence),
        source=clean(catalog.source),
        precedence=catalog.precedence,
        price_count=catalog.price_count,
        unknown_count=catalog.unknown_count,
        state=_state(catalog),
        quarantine_reason=clean(catalog.quarantine_reason),
        signed_by=clean(catalog.signed_by),
        stale=catalog.stale,
        fault_count=catalog.fault_count,
        faults=[clean(fault) for fault in catalog.faults],
    )
    if catalog.data_time:
        fill_time(message.data_time, catalog.data_time)
    if catalog.import_time:
        fill_time(message.import_time, catalog.import_time)
    if catalog.diff is not None:
        _fill_diff(message.diff, catalog.diff)
    for section, count in catalog.sections:
        message.sections.add(section=clean(section), price_count=count)
    for why, count in catalog.skipped:
        message.skipped.add(reason=clean(why), row_count=count)
    return message


def _state(catalog: Catalog) -> catalog_pb2.CatalogState.ValueType:
    if catalog.active:
        return catalog_pb2.CATALOG_STATE_ACTIVE
    return catalog_pb2.CATALOG_STATE_QUARANTINED if catalog.quarantine_reason else catalog_pb2.CATALOG_STATE_IMPORTED


def _fill_diff(message: catalog_pb2.CatalogDiff, diff: CatalogDiff) -> None:
    message.SetInParent()
    message.added = diff.added
    message.removed = diff.removed
    message.raised = diff.raised
    message.lowered = diff.lowered
    message.became_zero = diff.became_zero


def activation_message(activation: Activation) -> catalog_pb2.Activation:
    """Return that a catalogue became active, as it is shown."""
    message = catalog_pb2.Activation(
        catalog=f"catalogs/{activation.digest}",
        actor=clean(activation.actor),
        reason=clean(activation.reason),
        overridden=activation.overridden,
        source=clean(activation.source),
    )
    fill_time(message.activate_time, activation.time)
    return message


def import_request(header: pricing_service_pb2.ImportCatalogHeader) -> ImportRequest:
    """Return how a catalogue is to be imported. Raises InvalidArgument, naming the field that is wrong."""
    if header.parent:
        raise Unimplemented(
            "NOT_SUPPORTED", "header.parent: catalogues are for all projects", {"feature": "catalogues of a project"}
        )
    if header.WhichOneof("origin") == "fetch" and not header.fetch.url:
        raise invalid("header.fetch.url", "is required", "MISSING_FIELD")
    if header.sha256 and not _SHA256.fullmatch(header.sha256):
        raise invalid("header.sha256", "is not 64 hexadecimal digits")
    texts = (("reason", header.reason, LONGEST_REASON), ("upload.file_name", header.upload.file_name, _LONGEST_NAME))
    for field, text, most in texts:
        if len(text) > most:
            raise invalid(f"header.{field}", f"is longer than {most} characters")
    return ImportRequest(
        format=header.format,
        source=header.source,
        url=header.fetch.url,
        sha256=header.sha256.lower(),
        signature=header.signature,
        file_name=header.upload.file_name,
        activate=header.activate,
        override_checks=header.override_checks,
        reason=header.reason,
        force=header.configured.force,
    )


def progress_message(progress: ImportProgress) -> pricing_service_pb2.ImportCatalogResponse:
    """Return how far an import is; what it goes to is left out where nobody knows."""
    message = pricing_service_pb2.ImportCatalogResponse()
    message.progress.step = progress.step
    message.progress.done = progress.done
    message.progress.unit = progress.unit
    if progress.total:
        message.progress.total = progress.total
    return message
