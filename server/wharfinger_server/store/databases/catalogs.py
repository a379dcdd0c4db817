"""The database's record of price catalogues: which there are, and which became active, when and by whom.

A row of `meta` for each source names its active catalogue: `active_catalog/SOURCE` has the number of the source's first
activation and the digest. A database of before there were sources has none; what became active last is active there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from wharfinger_prices.catalog import Activation, Catalog, CatalogDiff
from wharfinger_prices.record import overtaken, quarantined, unknown_catalog
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables.schema import BYTES, ID, NUMBER, SMALL, TEXT, meta, metadata

catalogs = sa.Table(
    "catalogs",
    metadata,
    sa.Column("digest", TEXT, primary_key=True),
    sa.Column("import_time", NUMBER, nullable=False),
    sa.Column("origin", TEXT, nullable=False),
    # When the origin was last asked for something newer.
    sa.Column("check_time", NUMBER, nullable=False),
    sa.Column("quarantine_reason", TEXT, nullable=False),
    sa.Column("doc", BYTES, nullable=False),
    sa.Index("ix_catalogs_import_time", "import_time", "digest"),
)

activations = sa.Table(
    "activations",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("time", NUMBER, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("overridden", SMALL, nullable=False),
)

_C = catalogs.c
_A = activations.c
_IN_DOC = (
    "format", "data_time", "price_count", "unknown_count", "signed_by", "diff", "sections", "skipped", "etag", "source",
    "sha256", "fault_count", "faults",
)  # fmt: skip
_ACTIVE, _AFTER_ACTIVE = "active_catalog/", "active_catalog0"
_NAMED = sa.select(meta.c.name, meta.c.value).where(meta.c.name >= _ACTIVE, meta.c.name < _AFTER_ACTIVE)
_LAST = sa.select(_A.digest).order_by(_A.id.desc()).limit(1)
_COLUMNS = "digest, import_time, origin, check_time, quarantine_reason, doc"


# ---------------------------------------------------------------------- reading


def all_active(connection: sa.Connection) -> list[Catalog]:
    """Return the active catalogue of each source, in the order in which the sources had their first."""
    digests = _active(connection)
    found = {row.digest: row for row in connection.execute(sa.select(catalogs).where(_C.digest.in_(digests)))}
    return [_catalog(found[digest], digests) for digest in digests]


def active(connection: sa.Connection, source: str = "") -> Catalog | None:
    """Return a source's active catalogue, of "" the one that became active last; None before the first."""
    if source:
        return next((one for one in all_active(connection) if one.source == source), None)
    last = connection.execute(_LAST).scalar()
    return None if last is None else catalog(connection, last)


def catalog(connection: sa.Connection, digest: str) -> Catalog | None:
    """Return one catalogue, None where there is none."""
    row = connection.execute(sa.select(catalogs).where(_C.digest == digest)).first()
    return None if row is None else _catalog(row, _active(connection))


def page(connection: sa.Connection, after: str, limit: int, source: str = "") -> list[Catalog]:
    """Return up to `limit` catalogues of a source or of all, the newest import first, from behind `after` on."""
    select = sa.select(catalogs).order_by(_C.import_time.desc(), _C.digest.desc())
    if after:
        time = connection.execute(sa.select(_C.import_time).where(_C.digest == after)).scalar()
        if time is None:
            raise unknown_catalog(after)
        select = select.where(sa.or_(_C.import_time < time, sa.and_(_C.import_time == time, _C.digest < after)))
    now_active = _active(connection)
    found = (_catalog(row, now_active) for row in connection.execute(select if source else select.limit(limit)))
    return list(islice((one for one in found if source in {"", one.source}), limit))


def latest_of(connection: sa.Connection, origin: str) -> Catalog | None:
    """Return the catalogue that was last fetched from, or found unchanged at, an origin."""
    row = connection.execute(
        sa.select(catalogs).where(_C.origin == origin).order_by(_C.check_time.desc(), _C.digest).limit(1)
    ).first()
    return None if row is None else _catalog(row, _active(connection))


def history(connection: sa.Connection, limit: int, before: int, source: str = "") -> list[Activation]:
    """Return the last activations, the newest first; of those before the number `before`, if that is not 0."""
    both = activations.join(catalogs, _A.digest == _C.digest)
    select = sa.select(activations, _C.doc).select_from(both).order_by(_A.id.desc())
    if before:
        select = select.where(_A.id < before)
    found = (
        Activation(row.digest, row.actor, row.reason, bool(row.overridden), row.time, row.id, _source(row.doc))
        for row in connection.execute(select if source else select.limit(limit))
    )
    return list(islice((one for one in found if source in {"", one.source}), limit))


def _active(connection: sa.Connection) -> list[str]:
    """Return the active digests, in the order of their sources' first activations."""
    named = _in_order((row.name, row.value) for row in connection.execute(_NAMED))
    if named:
        return list(named.values())
    last = connection.execute(_LAST).scalar()
    return [] if last is None else [last]


def _in_order(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the digests by their sources, of rows of `meta`."""
    told = [(name.removeprefix(_ACTIVE), *value.split(" ")) for name, value in rows]
    return {source: digest for source, _, digest in sorted(told, key=lambda one: int(one[1]))}


def _source(doc: bytes) -> str:
    """Return the source of a catalogue by its document; those of before there were sources tell their format."""
    said = orjson.loads(doc)
    return str(said.get("source") or said["format"])


def _catalog(row: Any, now_active: Collection[str]) -> Catalog:
    digest, import_time, origin, check_time, quarantine_reason, doc = row
    said = orjson.loads(doc)
    diff = said["diff"]
    return Catalog(
        **said
        | {
            "diff": diff and CatalogDiff(**diff),
            "sections": tuple((name, count) for name, count in said["sections"]),
            "skipped": tuple((why, count) for why, count in said["skipped"]),
            "faults": tuple(said.get("faults", ())),
        },
        digest=digest,
        import_time=import_time,
        origin=origin,
        check_time=check_time,
        quarantine_reason=quarantine_reason,
        active=digest in now_active,
    )


# ---------------------------------------------------------------------- writing


class CatalogWrites:
    """The writes, in the transaction of the writer's `line`; `mark` is its placeholder, `now` the database's time."""

    def __init__(self, line: Line, mark: str, now: int) -> None:
        self._line = line
        self._mark = mark
        self._now = now

    def keep(self, told: Catalog, activation: Activation | None, over: str | None) -> Catalog:
        """Write a catalogue down, or what is new about one that is known; make it active if that is asked.

        `over` is the digest of the catalogue of its source that it was compared with, None where there was none.
        Returns it as it stands. Raises Aborted PRICES_BUSY where another one has become active since then.
        """
        now_active = self._active().get(told.source)
        if now_active != over:
            raise overtaken()
        known = self._known(told.digest)
        kept = replace(told, import_time=known.import_time if known else self._now, check_time=self._now)
        doc = orjson.dumps({name: value for name, value in asdict(kept).items() if name in _IN_DOC})
        self._run(
            "INSERT INTO catalogs (digest, import_time, origin, check_time, quarantine_reason, doc) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET origin = excluded.origin, "
            "check_time = excluded.check_time, quarantine_reason = excluded.quarantine_reason, doc = excluded.doc",
            (kept.digest, kept.import_time, kept.origin, kept.check_time, kept.quarantine_reason, doc),
        )
        if activation is not None and now_active != kept.digest:
            self._add(activation, kept.source)
        return replace(kept, active=activation is not None or now_active == kept.digest)

    def activate(self, activation: Activation) -> Catalog:
        """Make a catalogue the active one of its source, and return it; again the same: nothing changes.

        Raises NotFound UNKNOWN_CATALOG, and FailedPrecondition PRICES_QUARANTINED without an override.
        """
        known = self._known(activation.digest)
        if known is None:
            raise unknown_catalog(activation.digest)
        if known.active:
            return known
        if known.quarantine_reason and not activation.overridden:
            raise quarantined(known)
        self._add(activation, known.source)
        return replace(known, active=True)

    def checked(self, digest: str) -> Catalog | None:
        """Note that a catalogue's origin was asked and has nothing newer; return it."""
        self._run("UPDATE catalogs SET check_time = ? WHERE digest = ?", (self._now, digest))
        return self._known(digest)

    def _add(self, activation: Activation, source: str) -> None:
        before = self._active()
        values = (activation.digest, self._now, activation.actor, activation.reason, int(activation.overridden))
        self._run("INSERT INTO activations (digest, time, actor, reason, overridden) VALUES (?, ?, ?, ?, ?)", values)
        (number,) = self._run("SELECT max(id) FROM activations", ()).first()
        # What was active before sources were named must stay so beside them, and comes first.
        named = {other: (0, digest) for other, digest in before.items()} | {source: (number, activation.digest)}
        for name, (place, digest) in named.items():
            self._run(
                "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
                "substr(meta.value, 1, length(meta.value) - 64) || substr(excluded.value, "
                "length(excluded.value) - 63)",
                (_ACTIVE + name, f"{place} {digest}"),
            )

    def _active(self) -> dict[str, str]:
        """Return the active digest of each source, in the order of their first activations."""
        rows = self._run("SELECT name, value FROM meta WHERE name >= ? AND name < ?", (_ACTIVE, _AFTER_ACTIVE))
        if named := _in_order((name, value) for name, value in rows):
            return named
        last = (
            "SELECT a.digest, c.doc FROM activations a JOIN catalogs c ON c.digest = a.digest "
            "ORDER BY a.id DESC LIMIT 1"
        )
        row = self._run(last, ()).first()
        return {} if row is None else {_source(row[1]): row[0]}

    def _known(self, digest: str) -> Catalog | None:
        row = self._run(f"SELECT {_COLUMNS} FROM catalogs WHERE digest = ?", (digest,)).first()  # noqa: S608  # our own names
        return None if row is None else _catalog(row, self._active().values())

    def _run(self, sql: str, values: tuple[object, ...]) -> Any:
        return self._line.exec_driver_sql(sql.replace("?", self._mark), values)
