"""What projects may spend an hour, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from wharfinger_prices.price import Money
from wharfinger_server.domain.leftover import listed
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.store.databases.spending import Budgets as Limits
from wharfinger_server.store.store import Store


class Budget(NamedTuple):
    """What a project may spend an hour by currency, and what is alive or on its way."""

    project: str
    limit: tuple[Money, ...]
    use: tuple[Money, ...]


class Budgets:
    """Tells the projects that have a budget what they use of it."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    async def all(self, caller: Caller, project: str | None) -> list[Budget]:
        """Return the budgets that the caller may see, or that of a project; a project without one is left out."""
        if project is not None:
            check_project(caller, project)
        return [
            await self._budget(name, self._limits[name])
            for name in sorted(self._limits)
            if project in {None, name} and (caller.projects is None or name in caller.projects)
        ]

    async def _budget(self, project: str, limit: Mapping[str, Decimal]) -> Budget:
        return Budget(project, listed(limit), listed(await self._store.spending(project)))
