"""Reads the `[[tokens]]` tables."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from wharfinger.ledger import ids
from wharfinger_prices.settings.gather import Gathered
from wharfinger_server.config.settings import Token

_PROJECT = re.compile(ids.ID)
_ROLES = ("caller", "worker")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_tokens(gathered: Gathered) -> tuple[Token, ...]:
    """Return the tokens, noting what is wrong with each."""
    tables = gathered.tree.get("tokens", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        gathered.problem(("tokens",), "must be tables; write [[tokens]] above each")
        return ()
    tokens = [_token(gathered, ("tokens", str(index)), table) for index, table in enumerate(tables)]
    return tuple(token for token in tokens if token is not None)


def _token(gathered: Gathered, path: tuple[str, ...], table: dict[str, Any]) -> Token | None:
    before = len(gathered.problems)
    known = [field.name for field in dataclasses.fields(Token)]
    for key in table:
        if key not in known:
            gathered.unknown((*path, key), known)
    digest, creator, projects = (table.get(key) for key in ("sha256", "creator", "projects"))
    role = table.get("role", "caller")
    if role not in _ROLES:
        gathered.problem((*path, "role"), 'must be "caller" or "worker"')
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest.lower()):
        hint = "`wharfinger config token` makes a token and its hash"
        gathered.problem((*path, "sha256"), f"must be 64 hexadecimal digits; {hint}")
    if not isinstance(creator, str) or not creator.strip():
        gathered.problem((*path, "creator"), "must say who the caller is")
    if projects != "*" and not _are_projects(projects):
        gathered.problem(
            (*path, "projects"), 'must list the projects that the token opens, such as ["default"], or be "*"'
        )
    if len(gathered.problems) > before:
        return None
    return Token(str(digest).lower(), str(creator), None if projects == "*" else frozenset(projects or ()), str(role))


def _are_projects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and _PROJECT.fullmatch(name) for name in value)
