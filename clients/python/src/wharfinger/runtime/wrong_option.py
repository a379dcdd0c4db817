"""The error about an option of a `[stores.NAME]` table."""

from __future__ import annotations


class WrongOption(ValueError):
    """An option that can't be used, and `why`. `option` is its name in the table; before a key inside is a point."""

    def __init__(self, option: str, why: str) -> None:
        super().__init__(f"{option}: {why}")
        self.option = option
        self.why = why
