"""The rules of price books: what was agreed on with a provider, beside what it lists.

A file of rules is TOML, with a table for each:

    [[rule]]
    name = "EC2 contract of 2026"
    provider = "ec2_*"
    percent = -12
    from = 2026-01-01

Of the rules that fit a price the first one holds, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wharfinger_prices.currency import CURRENCIES
from wharfinger_prices.price import CATEGORIES, Contract, Price, Tier, parse_amount, part_of, plain

SUFFIX = ".toml"
_PATTERNS = ("source", "provider", "region", "sku", "category", "project")
_TIMES = ("from", "to")
_KNOWN = {"name", "percent", "amount", "currency", *_PATTERNS, *_TIMES}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `source`, `provider`, `region`, `sku` and `category` are patterns (`*`, `?`, `[…]`), "" fits all.

    `percent` is what is added to the listed amount (`-12`), or `amount` takes its place for prices in `currency`; both
    are plain decimal numbers, and one of them is "". It holds in `project` ("": in all), from `begins` to `ends` (not
    included), in microseconds; 0: without an end.
    """

    name: str
    percent: str = ""
    amount: str = ""
    currency: str = ""
    source: str = ""
    provider: str = ""
    region: str = ""
    sku: str = ""
    category: str = ""
    project: str = ""
    begins: int = 0
    ends: int = 0

    def fits(self, price: Price, at: int) -> bool:
        """Whether it holds for a price at a moment (microseconds). What is free or unknown has no rule."""
        return (
            bool(price.amount)
            and self.begins <= at
            and (not self.ends or at < self.ends)
            and self.currency in {"", price.currency}
            and all(
                not pattern or fnmatchcase(getattr(price, name), pattern)
                for name in ("source", "provider", "region", "sku", "category")
                if (pattern := getattr(self, name)) is not None
            )
        )

    def applied(self, price: Price) -> Price:
        """Return the price as it was agreed on, with what is listed beside it."""
        assert price.amount is not None
        contract = Contract(price.amount, self.name)
        if self.amount:
            return price._replace(amount=Decimal(self.amount), tiers=(), contract=contract)
        share = Decimal(100) + Decimal(self.percent)
        tiers = tuple(Tier(step.from_quantity, part_of(step.amount, share)) for step in price.tiers)
        return price._replace(amount=part_of(price.amount, share), tiers=tiers, contract=contract)

    def told(self) -> dict[str, Any]:
        """Return it in plain JSON values, without what is not said."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


def contracted(price: Price, rules: Iterable[Rule], at: int) -> Price:
    """Return a price by the first rule that fits it at a moment, or as it is listed."""
    rule = next((rule for rule in rules if rule.fits(price, at)), None)
    return price if rule is None else rule.applied(price)


def read_rules(path: Path, project: str) -> tuple[list[Rule], list[str]]:
    """Return a file's rules, and what is wrong with those that are left out. In a `project`'s file all are for it.

    Raises ValueError for a file that is no file of rules, and OSError.
    """
    import tomllib  # where there are no rules, nobody needs it

    told = tomllib.loads(path.read_text("utf-8"), parse_float=str)
    tables = told.get("rule")
    if not isinstance(tables, list) or set(told) != {"rule"}:
        raise ValueError("it must have a table [[rule]] for each rule, and nothing else")
    rules, wrong = [], []
    for number, table in enumerate(tables, 1):
        try:
            rules.append(_rule(table, project))
        except ValueError as error:
            wrong.append(f"rule {number}: {error}")
    return rules, wrong


def _rule(told: Mapping[str, Any], project: str) -> Rule:
    """Return a rule, checked. Raises ValueError."""
    if unknown := sorted(set(told) - _KNOWN):
        raise ValueError(f"{', '.join(unknown)!r} is none of {', '.join(sorted(_KNOWN))}")
    name = _text(told, "name")
    if not name:
        raise ValueError("it has no name")
    patterns = {key: _text(told, key) for key in _PATTERNS}
    if project:
        if patterns["project"] not in {"", project}:
            raise ValueError(f"it is for the project {patterns['project']!r}, in the folder of {project!r}")
        patterns["project"] = project
    if patterns["category"] and not any(fnmatchcase(one, patterns["category"]) for one in CATEGORIES):
        raise ValueError(f"category {patterns['category']!r} fits none of {', '.join(CATEGORIES)}")
    percent, amount, currency = _terms(told)
    begins, ends = (_moment(told[key], key) if key in told else 0 for key in _TIMES)
    if ends and ends <= begins:
        raise ValueError("it ends before it begins")
    return Rule(name, percent, amount, currency, **patterns, begins=begins, ends=ends)


def _terms(told: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return percent, amount and currency. Raises ValueError."""
    if ("percent" in told) == ("amount" in told):
        raise ValueError("give either percent or amount")
    currency = _text(told, "currency")
    if currency and currency not in CURRENCIES:
        raise ValueError(f"currency {currency!r} is none of ISO 4217")
    if "percent" in told:
        percent = _number(told["percent"], "percent")
        if not Decimal(-100) < Decimal(percent) <= Decimal(1000):
            raise ValueError(f"percent is {percent}; it must be above -100, and 1000 at most")
        return percent, "", currency
    amount = _number(told["amount"], "amount")
    if Decimal(amount) <= 0:
        raise ValueError(f"amount is {amount}; it must be above 0")
    if not currency:
        raise ValueError("an amount needs its currency")
    return "", amount, currency


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST or not (value == "" or value.isprintable()):
        raise ValueError(f"{key} must be text of {_LONGEST} characters at most")
    return value


def _number(value: object, what: str) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else repr(value)
    try:
        return plain(parse_amount(text))
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def _moment(value: object, what: str) -> int:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise ValueError(f"{what} must be a date, such as 2026-01-01, or a date and time")  # noqa: TRY004 - of the file
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return max(0, round(moment.timestamp() * 1_000_000))
