"""The tables of `[prices]`: trusted keys and budgets, checked when the settings are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from wharfinger_prices.settings.gather import Gathered

_CURRENCY = re.compile(r"[A-Z]{3}")
_SOURCE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]+):[0-9]{1,5}")
_KEY_BYTES = 42


def check_trusted_keys(gathered: Gathered, keys: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the keys that are minisign public keys; note the others."""
    import base64
    import binascii

    good: dict[str, str] = {}
    for name, written in keys.items():
        where = ("prices", "trusted_keys", name)
        # The last line is the key; the one above it, which minisign writes, is a comment.
        lines = str(written).strip().splitlines()
        text = lines[-1].strip() if lines else ""
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) == _KEY_BYTES and key[:2] == b"Ed":
            good[name] = text
        else:
            gathered.problem(where, "is no minisign public key; copy the second line of its .pub file (RW…)")
    return MappingProxyType(good)


def check_budgets(gathered: Gathered, budgets: Mapping[str, Any]) -> Mapping[str, Mapping[str, Decimal]]:
    """Return the budgets as exact numbers, by project and currency; note what is none."""
    good: dict[str, Mapping[str, Decimal]] = {}
    for project, amounts in budgets.items():
        if not isinstance(amounts, Mapping):
            gathered.problem(("prices", "budgets", project), 'must be a table of amounts, such as { USD = "12.50" }')
            continue
        limits: dict[str, Decimal] = {}
        for currency, written in amounts.items():
            where = ("prices", "budgets", project, currency)
            amount = _amount(written)
            if not _CURRENCY.fullmatch(currency.upper()):
                gathered.problem(where, "is no currency; write its three-letter ISO 4217 code, such as USD")
            elif amount is None:
                gathered.problem(where, f'must be an amount of 0 or more such as "12.50", not {written!r}')
            else:
                limits[currency.upper()] = amount
        good[project] = MappingProxyType(limits)
    return MappingProxyType(good)


def check_sources(gathered: Gathered, sources: tuple[str, ...]) -> None:
    """Note what is not written as HOST:PORT."""
    for source in sources:
        if not _SOURCE.fullmatch(source):
            gathered.problem(
                ("prices", "allow_sources"), f'must hold HOST:PORT, such as "127.0.0.1:8000", not {source!r}'
            )


def _amount(written: object) -> Decimal | None:
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return None
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
