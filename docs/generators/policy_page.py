"""What a policy decides, from the fields that the client declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from generators.rendering import Rendered, table
from wharfinger.requests import Policy


class PolicyFields(Rendered):
    """`{policy-fields}`: every field of a policy, its option of the command line, and what it says."""

    sources = ("clients/python/src/wharfinger/requests.py",)

    def markdown(self) -> Iterator[str]:
        """Yield the table."""
        rows = []
        for field in dataclasses.fields(Policy):
            said, _, default = field.metadata["about"].partition(" [default: ")
            option = f"--{field.name.replace('_', '-')}"
            rows.append((f"`{field.name}`", f"`{option}`", said, default.removesuffix("]") or "none"))
        yield from table(("Field", "Option", "What it says", "Default"), rows)
