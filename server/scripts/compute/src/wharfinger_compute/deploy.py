"""Deploy nodes at any cloud: with volumes, floating addresses, and a wait until they run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from libcloud.compute.types import NodeState

from wharfinger.script import AsyncIntent, AsyncTask, Failed
from wharfinger_compute import checks, making
from wharfinger_compute.account import Account, opened, told
from wharfinger_compute.params import DEPLOY_SCHEMA, RESULT_SCHEMA, names
from wharfinger_compute.providers import FLOATING
from wharfinger_compute.resources import (
    ADDRESS,
    ASSOCIATION,
    ATTACHMENT,
    NODE,
    RESOURCE_TYPES,
    VOLUME,
    find,
    type_of,
    undo,
)
from wharfinger_libcloud.keeping import checked

__all__ = ["PARAMS_SCHEMA", "RESOURCE_TYPES", "RESULT_SCHEMA", "RESUMABLE", "find", "main", "undo"]

RESUMABLE = True
PARAMS_SCHEMA = DEPLOY_SCHEMA
POLL = 2.0
"""Seconds between two looks at whether the nodes run."""


@dataclass
class _Deploy:
    """One run: what is asked for, and what there is of each node."""

    task: AsyncTask
    account: Account
    plan: checks.Plan
    volumes: list[int]
    addresses: bool
    gate: asyncio.Semaphore
    nodes: dict[str, str] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    disks: dict[str, list[str]] = field(default_factory=dict)
    floating: dict[str, str] = field(default_factory=dict)

    async def each(self, word: str, items: Iterable[str], work: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        """Do `work` for each node, so many at once; after a failure none is begun, and the first one is raised."""
        items, failed = list(items), asyncio.Event()

        with self.task.step(word, total=len(items), unit="nodes") as step:

            async def one(name: str) -> None:
                async with self.gate:
                    if failed.is_set():
                        return
                    try:
                        await work(name)
                    except BaseException:
                        failed.set()
                        raise
                    step.advance(message=name)

            answers = await asyncio.gather(*map(one, items), return_exceptions=True)
            errors = [answer for answer in answers if isinstance(answer, BaseException)]
            if errors:
                raise errors[0]

    async def node(self, name: str) -> None:
        """Make one node."""
        account, plan = self.account, self.plan
        options: dict[str, Any] = {"name": name, "size": plan.size, "image": plan.image}
        if plan.location is not None:
            options["location"] = plan.location

        async def call(intent: AsyncIntent) -> str | None:
            options.update(account.marks.options(intent.token))
            return await making.make(intent, NODE, lambda: account.driver.run(made))

        def made(driver: Any) -> str:
            """Make it; what runs at once need not be waited for."""
            node = checked(driver, "create_node", **options)
            if node.state == NodeState.RUNNING:
                self.running.add(str(node.id))
            return str(node.id)

        self.nodes[name] = await self._create(NODE, f"node/{name}", call, name)

    async def extras(self, name: str) -> None:
        """Give one node its volumes and its address."""
        for number, size in enumerate(self.volumes):
            await self._volume(name, number, size)
        if self.addresses:
            await self._address(name)

    async def _volume(self, name: str, number: int, size: int) -> None:
        account, node, label = self.account, self.nodes[name], f"{name}-{number + 1}"

        async def call(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent,
                VOLUME,
                lambda: making.create_volume(account, label, size, self.plan.location, intent.token),
            )

        volume = await self._create(VOLUME, f"volume/{label}", call, label)

        async def attach(intent: AsyncIntent) -> str | None:
            return await making.make(intent, ATTACHMENT, lambda: making.attach_volume(account, node, volume, number))

        pair = (volume, node)
        after = (f"volume/{label}", f"node/{name}")
        await self._create(ATTACHMENT, f"attachment/{label}", attach, label, after, pair)
        self.disks.setdefault(name, []).append(volume)

    async def _address(self, name: str) -> None:
        run, floating, pool = self.account.driver.run, FLOATING[self.account.provider], self.plan.pool

        async def call(intent: AsyncIntent) -> str | None:
            token = intent.token
            return await making.make(
                intent, ADDRESS, lambda: run(lambda driver: floating.allocate_address(driver, name, token, pool))
            )

        address = await self._create(ADDRESS, f"address/{name}", call, name)
        holder = self.nodes[name]

        async def associate(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent,
                ASSOCIATION,
                lambda: run(lambda driver: floating.associate_address(driver, making.as_node(holder), address)),
            )

        after = (f"address/{name}", f"node/{name}")
        await self._create(ASSOCIATION, f"association/{name}", associate, name, after, (address, holder))
        self.floating[name] = address

    async def _create(
        self,
        kind: str,
        key: str,
        call: Callable[[AsyncIntent], Coroutine[Any, Any, str | None]],
        name: str,
        after: tuple[str, ...] = (),
        pair: tuple[str, str] | None = None,
    ) -> str:
        location = self.plan.location
        return await self.task.create(
            type_of(self.account.provider, kind),
            key,
            call,
            profile=self.account.profile,
            region=str(location.name or "") if location is not None else "",
            attributes={"name": name},
            after=after,
            undo_data={"one": pair[0], "node": pair[1]} if pair else None,
        )

    async def until_running(self, limit: float) -> None:
        """Wait until all nodes run. Raises Failed: NODE_FAILED, NOT_READY."""
        until, wanted = time.monotonic() + limit, set(self.nodes.values())
        with self.task.step("wait until they run", total=len(wanted), unit="nodes") as step:
            while True:
                running = self.running & wanted
                states = await self._states(wanted - running)
                running |= {one for one, state in states.items() if state == NodeState.RUNNING}
                step.progress(len(running))
                if running == wanted:
                    return
                broken = [one for one, state in states.items() if state in (NodeState.ERROR, NodeState.TERMINATED)]
                if broken:
                    raise Failed(
                        f"{len(broken)} nodes failed at the provider: {', '.join(broken[:5])}",
                        reason="NODE_FAILED",
                        metadata={"id": broken[0]},
                    )
                if time.monotonic() + POLL > until:
                    raise Failed(
                        f"{len(wanted) - len(running)} of {len(wanted)} nodes do not run after {limit:g} s",
                        reason="NOT_READY",
                        code=4,
                        retryable=True,
                    )
                await asyncio.sleep(POLL)

    async def _states(self, wanted: set[str]) -> dict[str, Any]:
        if not wanted:
            return {}
        try:
            listed = await self.account.driver.list_nodes()
        except Exception as error:  # noqa: BLE001 - the next look may do
            self.task.notify(told(self.account.profile, error).message, "warning")
            return {}
        return {str(node.id): node.state for node in listed if str(node.id) in wanted}


async def main(task: AsyncTask) -> dict[str, Any]:
    """Deploy the nodes. Returns name, id, volumes and address of each."""
    asked = dict(task.params)
    wanted = names(asked["name"], asked.get("count", 1))
    volumes, addresses, width = asked.get("volumes", []), asked.get("addresses", False), asked.get("concurrency", 16)
    await task.plan(_keys(wanted, len(volumes), addresses))
    async with opened(task, asked["profile"], workers=width) as account:
        plan: checks.Plan | None = None

        async def look() -> bool:
            """Choose, and check that there is room."""
            nonlocal plan
            plan, _ = await checks.all_of(checks.choose(account, asked), checks.room(task, account, wanted))
            return True

        # Once only: when the task resumes, names are taken by its own nodes.
        roomy: bool = await task.once("room", look)
        assert roomy, "`look` raises where there is no room"
        plan = plan or await checks.choose(account, asked)
        deploy = _Deploy(task, account, plan, volumes, addresses, asyncio.Semaphore(width))
        await deploy.each("create nodes", wanted, deploy.node)
        limit = asked.get("ready_timeout", 600)
        if limit:
            await deploy.until_running(limit)
        if volumes or addresses:
            await deploy.each("volumes and addresses", wanted, deploy.extras)
    return {
        "nodes": [
            {
                "name": name,
                "id": deploy.nodes[name],
                "volumes": deploy.disks.get(name, []),
                "address": deploy.floating.get(name, ""),
            }
            for name in wanted
        ]
    }


def _keys(wanted: list[str], volumes: int, addresses: bool) -> list[str]:
    keys = [f"node/{name}" for name in wanted]
    for name in wanted:
        for number in range(1, volumes + 1):
            keys += [f"volume/{name}-{number}", f"attachment/{name}-{number}"]
        if addresses:
            keys += [f"address/{name}", f"association/{name}"]
    return keys
