"""The answers of an `undo` that is not sure that the thing is gone."""

from __future__ import annotations

from enum import Enum


class Unconfirmed(Enum):
    """An answer of the provider that does not yet mean that the thing is gone."""

    ACCEPTED = "the provider accepted the delete"
    NOT_FOUND = "the provider has no such thing"


ACCEPTED = Unconfirmed.ACCEPTED
"""Returned by `undo`: the provider took the order and will work on it. The server looks until it is gone."""
NOT_FOUND = Unconfirmed.NOT_FOUND
"""Returned by `undo`: the provider says that there is no such thing. The server looks until that is sure."""
