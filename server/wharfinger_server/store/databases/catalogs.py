"""The database's record of price catalogues: which there are, and which became active, when and by whom."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import orjson
import sqlalchemy as sa

from wharfinger_prices.catalog import Activation, Catalog, CatalogDiff
from wharfinger_prices.record import overtaken, quarantined, unknown_catalog
from wharfinger_server.store.databases.connection import Line
from wharfinger_server.store.tables.schema import BYTES, ID, NUMBER, SMALL, TEXT, metadata

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

# The newest row names the active catalogue.
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
_IN_DOC = ("format", "data_time", "price_count", "unknown_count", "signed_by", "diff", "sections", "skipped", "etag")
_COLUMNS = "digest, import_time, origin, check_time, quarantine_reason, doc"


# ---------------------------------------------------------------------- reading


def active(connection: sa.Connection) -> Catalog | None:
    """Return the active catalogue, None before the first."""
    digest = connection.execute(sa.select(_A.digest).order_by(_A.id.desc()).limit(1)).scalar()
    return None if digest is None else catalog(connection, digest)


def catalog(connection: sa.Connection, digest: str) -> Catalog | None:
    """Return one catalogue, None where there is none."""
    row = connection.execute(sa.select(catalogs).where(_C.digest == digest)).first()
    return None if row is None else _catalog(row, _active_digest(connection))


def page(connection: sa.Connection, after: str, limit: int) -> list[Catalog]:
    """Return up to `limit` catalogues, the newest import first, from behind the digest `after` on."""
    select = sa.select(catalogs).order_by(_C.import_time.desc(), _C.digest.desc()).limit(limit)
    if after:
        time = connection.execute(sa.select(_C.import_time).where(_C.digest == after)).scalar()
        if time is None:
            raise unknown_catalog(after)
        select = select.where(sa.or_(_C.import_time < time, sa.and_(_C.import_time == time, _C.digest < after)))
    now_active = _active_digest(connection)
    return [_catalog(row, now_active) for row in connection.execute(select)]


def latest_of(connection: sa.Connection, origin: str) -> Catalog | None:
    """Return the catalogue that was last fetched from, or found unchanged at, an origin."""
    row = connection.execute(
        sa.select(catalogs).where(_C.origin == origin).order_by(_C.check_time.desc(), _C.digest).limit(1)
    ).first()
    return None if row is None else _catalog(row, _active_digest(connection))


def history(connection: sa.Connection, limit: int, before: int) -> list[Activation]:
    """Return the last activations, the newest first; of those before the number `before`, if that is not 0."""
    select = sa.select(activations).order_by(_A.id.desc()).limit(limit)
    if before:
        select = select.where(_A.id < before)
    rows = connection.execute(select)
    return [Activation(row.digest, row.actor, row.reason, bool(row.overridden), row.time, row.id) for row in rows]


def _active_digest(connection: sa.Connection) -> str | None:
    return connection.execute(sa.select(_A.digest).order_by(_A.id.desc()).limit(1)).scalar()


def _catalog(row: Any, now_active: str | None) -> Catalog:
    digest, import_time, origin, check_time, quarantine_reason, doc = row
    said = orjson.loads(doc)
    diff = said["diff"]
    return Catalog(
        **said
        | {
            "diff": diff and CatalogDiff(**diff),
            "sections": tuple((name, count) for name, count in said["sections"]),
            "skipped": tuple((why, count) for why, count in said["skipped"]),
        },
        digest=digest,
        import_time=import_time,
        origin=origin,
        check_time=check_time,
        quarantine_reason=quarantine_reason,
        active=digest == now_active,
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

        `over` is the digest of the catalogue that it was compared with, None where there was none. Returns it as it
        stands. Raises Aborted PRICES_BUSY where another one has become active since then.
        """
        now_active = self._active()
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
            self._add(activation)
        return replace(kept, active=activation is not None or now_active == kept.digest)

    def activate(self, activation: Activation) -> Catalog:
        """Make a catalogue the active one, and return it; again the same: nothing changes.

        Raises NotFound UNKNOWN_CATALOG, and FailedPrecondition PRICES_QUARANTINED without an override.
        """
        known = self._known(activation.digest)
        if known is None:
            raise unknown_catalog(activation.digest)
        if known.active:
            return known
        if known.quarantine_reason and not activation.overridden:
            raise quarantined(known)
        self._add(activation)
        return replace(known, active=True)

    def checked(self, digest: str) -> Catalog | None:
        """Note that a catalogue's origin was asked and has nothing newer; return it."""
        self._run("UPDATE catalogs SET check_time = ? WHERE digest = ?", (self._now, digest))
        return self._known(digest)

    def _add(self, activation: Activation) -> None:
        values = (activation.digest, self._now, activation.actor, activation.reason, int(activation.overridden))
        self._run("INSERT INTO activations (digest, time, actor, reason, overridden) VALUES (?, ?, ?, ?, ?)", values)

    def _active(self) -> str | None:
        row = self._run("SELECT digest FROM activations ORDER BY id DESC LIMIT 1", ()).first()
        return None if row is None else row[0]

    def _known(self, digest: str) -> Catalog | None:
        row = self._run(f"SELECT {_COLUMNS} FROM catalogs WHERE digest = ?", (digest,)).first()  # noqa: S608  # our own names
        return None if row is None else _catalog(row, self._active())

    def _run(self, sql: str, values: tuple[object, ...]) -> Any:
        return self._line.exec_driver_sql(sql.replace("?", self._mark), values)
