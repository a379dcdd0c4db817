"""OpenCost's custom prices: a CSV of what nodes, volumes and GPUs of one's own cost an hour, in dollars.

`node`, `gpu` and `pv` are the providers `opencost_node`, `opencost_gpu` and `opencost_pv` (a volume's price is for a
GB and hour); the sku is the InstanceID, or where there is none the InstanceType. OpenCost uses neither EndTimestamp nor
Version, and so do we. The columns may stand in any order, as they may there. Zeros are unknown, and empty prices too;
lines that begin with `#` are remarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wharfinger_prices.price import Price
from wharfinger_prices.reading.amounts import amount
from wharfinger_prices.reading.table import COMMENT, Rows, header_of
from wharfinger_prices.reading.texts import text
from wharfinger_prices.sdk.price_source import Notes, PriceSource

HEADER = (
    "EndTimestamp", "InstanceID", "Region", "AssetClass", "InstanceIDField", "InstanceType", "MarketPriceHourly",
    "Version",
)  # fmt: skip
_CLASSES = {"node": "Hours", "gpu": "Hours", "pv": "GB-Hours"}


class OpenCostPrices(PriceSource):
    """The file that OpenCost's CSV provider reads."""

    summary = "OpenCost custom prices, CSV"

    @classmethod
    def recognises(cls, name: str, head: bytes) -> bool:
        """Whether its first line is the header."""
        return _is_header(header_of(head).split(","))

    def read(self, path: Path, notes: Notes) -> Iterator[Price]:
        """Yield a price for each row."""
        rows = Rows(path, COMMENT)
        given = iter(rows)
        header = next(given, [])
        if not _is_header(header):
            rows.refuse(f"this is not OpenCost's header; it must have {','.join(HEADER)}, in any order")
        plain = [name.strip().lower() for name in header]
        places = [plain.index(name.lower()) for name in HEADER]
        for row in rows.under(header, given):
            try:
                price = _price([row[at].strip() for at in places])
            except ValueError as error:
                notes.leave_out(rows.place(str(error)))
                continue
            notes.sections[price.provider] += 1
            yield price


def _is_header(names: list[str]) -> bool:
    return sorted(name.strip().lower() for name in names) == sorted(name.lower() for name in HEADER)


def _price(row: list[str]) -> Price:
    _, instance, region, asset, _, kind, cost, _ = row
    if asset.lower() not in _CLASSES:
        raise ValueError(f"AssetClass is {asset!r}; it must be node, gpu or pv")
    sku = text(instance or kind, "InstanceID")
    text(region, "Region", needed=False)
    return Price(f"opencost_{asset.lower()}", region, sku, _CLASSES[asset.lower()], "USD", amount(cost or "0"))
