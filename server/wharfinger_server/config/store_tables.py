"""The tables `[stores.NAME]`: of their options only `price` is the server's own, and is checked with the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wharfinger.runtime import store_prices
from wharfinger.runtime.wrong_option import WrongOption
from wharfinger_prices.settings.gather import Gathered


def check_prices(gathered: Gathered, stores: Mapping[str, Mapping[str, Any]]) -> None:
    """Note each `price` that names none. The other options are told by the tasks that use the store."""
    for name, table in stores.items():
        try:
            store_prices.read(table.get("price"), "")
        except WrongOption as error:
            gathered.problem(("stores", name, *error.option.split(".", 1)), error.why)
