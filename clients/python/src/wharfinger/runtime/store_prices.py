"""The price names of a `[stores.NAME]` table: what keeping an object there costs is looked up by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from wharfinger.runtime.wrong_option import WrongOption

FREE, LISTED, UNKNOWN = "free", "listed", "unknown"

_KEYS = ("provider", "region", "sku")
_EXAMPLE = 'price = { provider = "s3", region = "eu-west-1", sku = "TimedStorage-ByteHrs" }'
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class StorePrice:
    """How a store is billed.

    `price` is FREE, LISTED (in price catalogues, by `provider`, `region` and `sku`) or UNKNOWN: something, but nobody
    said what.
    """

    price: str = UNKNOWN
    provider: str = ""
    region: str = ""
    sku: str = ""


def read(told: object, scheme: str) -> StorePrice:
    """Return what the option `price` says; `told` is None where it is left out. Raises WrongOption.

    Then stores of this machine, of the schemes file and memory, are free: nobody sends a bill for them.
    """
    if told is None:
        return StorePrice(FREE if scheme in ("file", "memory") else UNKNOWN)
    if told == FREE:
        return StorePrice(FREE)
    if not isinstance(told, Mapping):
        raise WrongOption("price", f'must be "{FREE}", or name a price of the catalogue, such as {_EXAMPLE}')
    for name in told:
        if name not in _KEYS:
            close = get_close_matches(str(name), _KEYS, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_KEYS)}"
            raise WrongOption(f"price.{name}", f"there is no such key; {hint}")
    return StorePrice(LISTED, _text(told, "provider"), _text(told, "region", needed=False), _text(told, "sku"))


def _text(told: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise WrongOption(f"price.{name}", f"must be a string of at most {_LONGEST} characters")
    if needed and not value:
        raise WrongOption(f"price.{name}", f"is missing; name a price of the catalogue, such as {_EXAMPLE}")
    return value
