"""The heartbeat: renews the leases of the attempts that run here, and stops those that turn out to be fenced."""

from __future__ import annotations

import logging

from wharfinger_server.domain.timing import Clock
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)


class LeaseHeartbeat:
    """Renews leases for `ttl` microseconds, three times in that time."""

    def __init__(self, store: Store, dispatcher: Dispatcher, clock: Clock, ttl: int) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._ttl = ttl

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await self._clock.sleep(self._ttl // 3)
            try:
                await self.beat()
            except Exception as error:  # noqa: BLE001 - it must go on
                log.warning("leases could not be renewed: %s", error)

    async def beat(self) -> None:
        """Renew what is held here; stop the attempts whose leases are another's now."""
        held = self._dispatcher.held()
        kept = await self._store.renew(held, self._ttl) if held else set()
        for task_id, epoch in held:
            if task_id not in kept:
                self._dispatcher.stop(task_id, "its lease is lost", epoch)
