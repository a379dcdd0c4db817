"""Named cloud accounts, as the operator configured them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wharfinger.script.errors import Failed


def profile(name: str, configured: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the table `[profiles.NAME]`. Raises Failed UNKNOWN_PROFILE, listing the names there are."""
    table = configured.get(name)
    if table is None:
        names = ", ".join(sorted(configured)) or "none"
        raise Failed(
            f"there is no cloud profile {name!r}; configured for this project: {names}",
            reason="UNKNOWN_PROFILE",
            metadata={"profile": name},
        )
    return MappingProxyType(dict(table))
