"""Reads the `[[tokens]]` and `[[certificates]]` tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from wharfinger_prices.settings.gather import Gathered
from wharfinger_server.config.granted import Granted, granted
from wharfinger_server.config.settings import Certificate, Token

_SHA256 = re.compile(r"[0-9a-f]{64}")
_OPENED = ("projects", "role", "roles")
_MICROS = 1_000_000
LONGEST_CREATOR = 128


def read_tokens(gathered: Gathered) -> tuple[Token, ...]:
    """Return the tokens, noting what is wrong with each."""
    tokens = []
    for path, table in _tables(gathered, "tokens", ("sha256", "creator", "expires", *_OPENED)):
        before = len(gathered.problems)
        digest, creator = table.get("sha256"), _creator(gathered, path, table)
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest.lower()):
            hint = "`wharfinger config token` makes a token and its hash"
            gathered.problem((*path, "sha256"), f"must be 64 hexadecimal digits; {hint}")
        opened, expire = _granted(gathered, path, table), _moment(gathered, (*path, "expires"), table.get("expires"))
        if len(gathered.problems) == before and opened is not None:
            tokens.append(Token(str(digest).lower(), creator, opened, expire))
    return tuple(tokens)


def read_certificates(gathered: Gathered) -> tuple[Certificate, ...]:
    """Return the certificates, noting what is wrong with each."""
    certificates = []
    for path, table in _tables(gathered, "certificates", ("subject", "san", "creator", *_OPENED)):
        before = len(gathered.problems)
        subject, san = (str(table.get(key, "")).strip() for key in ("subject", "san"))
        if bool(subject) == bool(san):
            gathered.problem(path, "needs either a subject (its common name) or a san (a name that it holds beside)")
        creator = _creator(gathered, path, {"creator": subject or san} | table)
        opened = _granted(gathered, path, table)
        if len(gathered.problems) == before and opened is not None:
            certificates.append(Certificate(subject, san, creator, opened))
    return tuple(certificates)


def _tables(gathered: Gathered, name: str, known: Collection[str]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    tables = gathered.tree.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        gathered.problem((name,), f"must be tables; write [[{name}]] above each")
        return
    for index, table in enumerate(tables):
        path = (name, str(index))
        for key in table:
            if key not in known:
                gathered.unknown((*path, key), known)
        yield path, table


def _creator(gathered: Gathered, path: tuple[str, ...], table: dict[str, Any]) -> str:
    creator = table.get("creator")
    if not isinstance(creator, str) or not creator.strip():
        gathered.problem((*path, "creator"), "must say who the caller is")
    elif not creator.isprintable() or len(creator) > LONGEST_CREATOR:
        gathered.problem((*path, "creator"), f"must be at most {LONGEST_CREATOR} printable characters")
    return str(creator)


def _granted(gathered: Gathered, path: tuple[str, ...], table: dict[str, Any]) -> Granted | None:
    try:
        projects = table.get("projects", None if table.get("roles") else "")
        return granted(projects, table.get("role", "operator"), table.get("roles"))
    except ValueError as error:
        place, _, what = str(error).partition(": ")
        gathered.problem((*path, *place.split(".")), what)
        return None


def _moment(gathered: Gathered, path: tuple[str, ...], value: object) -> int:
    """Return a moment in microseconds, 0 where none is said."""
    if value is None:
        return 0
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * _MICROS)
    except (ValueError, OverflowError):
        gathered.problem(path, "must be a moment such as 2027-01-31T00:00:00Z")
        return 0
