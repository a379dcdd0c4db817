"""Kinds of values that options take: moments and amounts of money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wharfinger import Money


class MomentType(click.ParamType[datetime]):
    """A moment, as an aware datetime; one that names no zone is by this machine's."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment."""
        try:
            return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time such as 2026-11-01T00:00:00Z", param, ctx)


class MoneyType(click.ParamType["Money"]):
    """An amount of money with its currency."""

    name = "money"

    def convert(self, value: str | Money, param: click.Parameter | None, ctx: click.Context | None) -> Money:
        """Return the amount."""
        from wharfinger import Money

        if isinstance(value, Money):
            return value
        amount, _, currency = value.strip().partition(" ")
        try:
            known = Decimal(amount)
        except InvalidOperation:
            known = Decimal(-1)
        code = currency.strip().upper()
        if not known.is_finite() or known < 0 or len(code) != 3 or not code.isalpha():
            self.fail(f"{value!r} is no amount of money; give it with its currency, such as 2.50 USD", param, ctx)
        return Money(known, code)


MOMENT = MomentType()
MONEY = MoneyType()
