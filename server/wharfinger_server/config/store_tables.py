"""The tables `[stores.NAME]` and `[profiles.NAME]`: what of them is the server's own is checked with the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wharfinger.ledger import ids
from wharfinger.runtime import store_prices
from wharfinger.runtime.wrong_option import WrongOption
from wharfinger_prices.settings.gather import Gathered

_PROJECT = re.compile(ids.ID)
_Tables = Mapping[str, Mapping[str, Any]]


def check_tables(gathered: Gathered, stores: _Tables, profiles: _Tables) -> None:
    """Note what is wrong. The other options are told by the tasks that use the store or the account."""
    for name, table in stores.items():
        where = ("stores", name)
        try:
            store_prices.read(table.get("price"), "")
        except WrongOption as error:
            gathered.problem((*where, *error.option.split(".", 1)), error.why)
        apart = table.get("prefix_by_project", False)
        if not isinstance(apart, bool):
            gathered.problem((*where, "prefix_by_project"), "must be true or false")
        elif apart and str(table.get("url", "")).startswith("glance:"):
            gathered.problem((*where, "prefix_by_project"), "can't be: an image service has no folders")
    for section, tables in (("stores", stores), ("profiles", profiles)):
        for name, table in tables.items():
            if not _are_projects(table.get("projects", "*")):
                why = 'must list the projects that may use it, such as ["default"], or be "*"'
                gathered.problem((section, name, "projects"), why)


def _are_projects(value: object) -> bool:
    if value == "*" or (isinstance(value, str) and _PROJECT.fullmatch(value)):
        return True
    return isinstance(value, list) and all(isinstance(name, str) and _PROJECT.fullmatch(name) for name in value)
