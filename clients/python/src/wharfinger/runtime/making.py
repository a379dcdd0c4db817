"""The arguments of a `create` call, and the report made of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wharfinger.runtime.calls import drive
from wharfinger.runtime.limits import fault_of_id
from wharfinger.runtime.protocol import Entry, Session
from wharfinger.script.resource import Resource


class Making:
    """One thing being made: its ledger entry, and the id once the call or the script has told it.

    `begun`: its call was begun, so that whatever it ends in is reported from there.
    """

    def __init__(self, entry: Entry, session: Session, timeout: float) -> None:
        self.key = entry.key
        self.token = entry.token
        self.generation = entry.generation
        self.number = entry.number
        self.attributes: Mapping[str, str] = MappingProxyType(dict(entry.attributes))
        self.timeout = timeout
        self.external_id = ""
        self.begun = False
        self._session = session

    async def report(self, external_id: str) -> None:
        """Write what was made. The first id is the entry's own; the ledger keeps others as evidence of more."""
        if not isinstance(external_id, str) or not external_id.strip():
            raise TypeError(f"{self.key}: the id of what was made must be a non-empty str, not {external_id!r}")
        if fault := fault_of_id(external_id):
            raise ValueError(f"{self.key}: what was made was reported as {fault}")
        # Noted first: whatever becomes of the report, the thing is there.
        self.external_id = self.external_id or external_id
        await self._session.created(self.key, self.generation, external_id)


class AsyncMaking(Making):
    """What the call of an async script gets."""

    async def created(self, external_id: str) -> None:
        """Report the id at once."""
        await self.report(external_id)


class PlainMaking(Making):
    """What the call of a plain script gets."""

    def created(self, external_id: str) -> None:
        """Report the id at once."""
        drive(self.report(external_id))


def id_in(answer: Any) -> str:
    """Return the id in what a `create` call answered: a non-empty str, or one as its `id`. Empty if there is none."""
    found = answer if isinstance(answer, str) else getattr(answer, "id", None)
    return found if isinstance(found, str) and found.strip() else ""


def as_resource(entry: Entry) -> Resource:
    """Return `entry` as scripts see it, its undo data as the JSON value that it is."""
    return Resource(
        key=entry.key,
        type=entry.type,
        state=entry.state,
        token=entry.token,
        generation=entry.generation,
        external_id=entry.external_id,
        owned=entry.owned,
        step=entry.step,
        group=entry.group,
        profile=entry.profile,
        region=entry.region,
        attributes=MappingProxyType(dict(entry.attributes)),
        after=entry.depends_on,
        undo_data=json.loads(entry.undo_data) if entry.undo_data else None,
    )
