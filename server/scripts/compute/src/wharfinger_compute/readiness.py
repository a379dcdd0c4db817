"""Waiting until nodes run: one look at the list for all that wait."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from wharfinger.script import AsyncTask, Failed
from wharfinger_compute.account import Account, told
from wharfinger_compute.gate import Shut
from wharfinger_compute.providers import LISTED
from wharfinger_compute.sights import can_see, state_of

POLL = 2.0
"""Seconds between two looks."""
GONE_AFTER = 30.0
"""For how many seconds a provider has to deny a node by its id until that is believed: new ones are shown late."""

_COMING = frozenset({"creating", "downloading", "pending"})
_FAILED = frozenset({"error", "error_restoring"})
"""What clouds call a volume that can't be attached yet, and one that never will be."""


async def volume_available(account: Account, volume: str, limit: float) -> None:
    """Wait until a volume can be attached, `limit` seconds at most, where it can be looked at by its id.

    Raises Failed: VOLUME_FAILED, NOT_READY; and what a request fails with.
    """
    if not limit or not can_see(account.provider, "volume"):
        return
    until, pause = time.monotonic() + limit, 0.1
    while True:
        try:
            state = await state_of(account, "volume", volume)
        except Exception as error:
            raise told(account.profile, error) from error
        word = str(state).lower()
        if word in _FAILED:
            why = f"the volume {volume} failed at the provider: it is {state}"
            raise Failed(why, reason="VOLUME_FAILED", metadata={"id": volume})
        if state is not None and word not in _COMING:
            return
        if time.monotonic() + pause > until:
            why = f"the volume {volume} can't be attached after {limit:g} s: it is {state or 'not there'}"
            raise Failed(why, reason="NOT_READY", code=4, retryable=True, metadata={"id": volume})
        await asyncio.sleep(pause)
        pause = min(pause * 2, POLL)


class Readiness:
    """Knows which nodes run. `limit` is how many seconds each may take, from when it is first waited for."""

    def __init__(self, task: AsyncTask, account: Account, limit: float) -> None:
        self._task = task
        self._account = account
        self._limit = limit
        self._running: set[str] = set()
        self._waiting: dict[str, tuple[float, asyncio.Future[None]]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        self._denied: dict[str, float] = {}

    def runs(self, node: str) -> None:
        """Note that a node runs already."""
        self._running.add(node)

    async def wait(self, node: str) -> None:
        """Wait until the node runs. Raises Failed: NODE_FAILED, NODE_GONE, NOT_READY; Shut once nobody looks."""
        if node in self._running or not self._limit:
            return
        if self._closed:
            raise Shut
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[node] = (time.monotonic() + self._limit, ready)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await ready
        finally:
            self._waiting.pop(node, None)

    async def close(self) -> None:
        """Look no more: who still waits gets Shut."""
        self._closed = True
        for _, ready in self._waiting.values():
            if not ready.done():
                ready.set_exception(Shut())
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while self._waiting:
            states = await self._states()
            await asyncio.gather(*(self._seek(node) for node in list(self._waiting) if node not in states))
            for node, (until, ready) in list(self._waiting.items()):
                if node in states:
                    self._denied.pop(node, None)
                self._tell(node, states.get(node), until, ready)
            await asyncio.sleep(POLL if self._waiting else 0)

    def _tell(self, node: str, state: Any, until: float, ready: asyncio.Future[None]) -> None:
        from libcloud.compute.types import NodeState

        if ready.done():
            return
        if state == NodeState.RUNNING:
            self._running.add(node)
            ready.set_result(None)
        elif state in (NodeState.ERROR, NodeState.TERMINATED):
            ready.set_exception(
                Failed(f"the node {node} failed at the provider", reason="NODE_FAILED", metadata={"id": node})
            )
        elif node in self._denied and time.monotonic() >= self._denied[node] + GONE_AFTER:
            why = f"the node {node} was made, and is gone: the provider has none of that id; resume makes it anew"
            ready.set_exception(Failed(why, reason="NODE_GONE", metadata={"id": node}))
        elif time.monotonic() + POLL > until:
            ready.set_exception(
                Failed(
                    f"the node {node} does not run after {self._limit:g} s",
                    reason="NOT_READY",
                    code=4,
                    retryable=True,
                    metadata={"id": node},
                )
            )

    async def _seek(self, node: str) -> None:
        """Look by its id at a node that is in no list, whose first page may lack it; where that can't tell, wait on."""
        if not can_see(self._account.provider, "node"):
            return
        try:
            there = await state_of(self._account, "node", node)
        except Exception as error:  # noqa: BLE001 - the next look may do
            self._task.notify(told(self._account.profile, error).message, "warning")
            there = "unknown"
        if there is None:
            self._denied.setdefault(node, time.monotonic())
        else:
            self._denied.pop(node, None)

    async def _states(self) -> dict[str, Any]:
        try:
            listed = await self._account.driver.list_nodes(**LISTED.get(self._account.provider, {}))
        except Exception as error:  # noqa: BLE001 - the next look may do
            self._task.notify(told(self._account.profile, error).message, "warning")
            return {}
        return {str(node.id): node.state for node in listed}
