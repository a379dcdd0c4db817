"""The nodes of one deployment, each with its volumes and its address, made side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wharfinger.script import AsyncIntent, AsyncTask, Failed
from wharfinger_compute import azure, checks, making, replacing
from wharfinger_compute.account import Account
from wharfinger_compute.gate import Gate, Shut
from wharfinger_compute.providers import FLOATING, INTERFACES
from wharfinger_compute.readiness import Readiness, volume_available
from wharfinger_compute.resources import ADDRESS, ASSOCIATION, ATTACHMENT, INTERFACE, NODE, VOLUME, type_of
from wharfinger_compute.shaping import merged

Call = Callable[[AsyncIntent], Awaitable[str | None]]


@dataclass
class Built:
    """One node as it was made: the ids of it, of its volumes in order, and of its address."""

    place: int
    name: str
    node: str = ""
    volumes: list[str] = field(default_factory=list)
    address: str = ""
    interface: str = ""
    fresh: bool = False
    """Whether this attempt made it."""


class Fleet:
    """One run: `volumes` are the sizes in GB that each node gets, `width` is how many calls are made at once."""

    def __init__(
        self,
        task: AsyncTask,
        account: Account,
        plan: checks.Plan,
        volumes: Sequence[int],
        *,
        addresses: bool,
        width: int,
        ready_timeout: float,
    ) -> None:
        self._task = task
        self._account = account
        self._plan = plan
        self._volumes = volumes
        self._addresses = addresses
        self._gate = Gate(width)
        self._limit = ready_timeout
        self._ready = Readiness(task, account, ready_timeout)

    async def build(self, names: Sequence[str]) -> list[Built]:
        """Make all nodes with what belongs to them. After a failure no call is begun, and the first one is raised."""
        with self._task.step("deploy", total=len(names), unit="nodes") as step:

            async def one(built: Built) -> None:
                """Make one, and shut the gate for all where that fails."""
                try:
                    await self._one(built)
                except Exception as error:  # noqa: BLE001 - raised when the others have ended
                    if not isinstance(error, Shut):
                        errors.append(error)
                    self._gate.shut()
                    await self._ready.close()
                else:
                    step.advance(message=built.name)

            errors: list[Exception] = []
            fleet = [Built(place, name) for place, name in enumerate(names)]
            try:
                await asyncio.gather(*map(one, fleet))
            finally:
                await self._ready.close()
            if errors:
                raise errors[0]
            return fleet

    async def _one(self, built: Built) -> None:
        """A node, then its volumes while it boots, then what needs it to run."""
        if self._account.provider in INTERFACES:
            await self._interface(built)
        await self._node(built)
        for number, size in enumerate(self._volumes, 1):
            built.volumes.append(await self._volume(built, number, size))
        await self._runs(built)
        for number, volume in enumerate(built.volumes, 1):
            await self._available(volume)
            await self._attach(built, number, volume)
        if self._addresses:
            await self._address(built)

    async def _interface(self, built: Built) -> None:
        """The network interface, which the node is then given."""
        run, given, name = self._account.driver.run, self._plan.given, built.name
        path: str = await run(lambda driver: azure.interface_id(driver, name, given["ex_resource_group"]))

        async def call(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent, INTERFACE, lambda: run(lambda driver: azure.create_interface(driver, name, given))
            )

        key = f"interface/{name}"
        built.interface = await self._create(built, INTERFACE, key, call, undo_data={"path": path})

    async def _runs(self, built: Built) -> None:
        """Wait until the node runs; one that an earlier attempt made, and that failed at the provider, is replaced."""
        try:
            await self._ready.wait(built.node)
        except Failed as error:
            if error.reason != "NODE_FAILED" or built.fresh:
                raise
            self._task.notify(f"{built.name} ({built.node}) failed at the provider; it is replaced", "warning")
            async with self._gate.passed(built.place):
                await replacing.take_away(self._task, self._account, f"node/{built.name}")
            await self._node(built)
            await self._ready.wait(built.node)

    async def _available(self, volume: str) -> None:
        await volume_available(self._account, volume, self._limit)

    async def _node(self, built: Built) -> None:
        account, plan = self._account, self._plan
        given = azure.with_interface(plan.given, built.interface) if built.interface else plan.given
        options: dict[str, Any] = {"name": built.name, **given}
        after = (f"interface/{built.name}",) if built.interface else ()

        async def call(intent: AsyncIntent) -> str | None:
            built.fresh = True
            options.update(merged(options, account.marks.options(intent.token)))
            return await making.make(intent, NODE, lambda: account.driver.run(made))

        def made(driver: Any) -> str:
            """Make it; what runs at once need not be waited for."""
            from libcloud.compute.types import NodeState

            from wharfinger_libcloud.lossless import checked

            node = checked(driver, "create_node", **options)
            if node.state == NodeState.RUNNING:
                self._ready.runs(str(node.id))
            return str(node.id)

        built.node = await self._create(built, NODE, f"node/{built.name}", call, after=after)

    async def _volume(self, built: Built, number: int, size: int) -> str:
        account, location, label = self._account, self._plan.location, f"{built.name}-{number}"

        async def call(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent, VOLUME, lambda: making.create_volume(account, label, size, location, intent.token)
            )

        return await self._create(built, VOLUME, f"volume/{label}", call, name=label)

    async def _attach(self, built: Built, number: int, volume: str) -> None:
        account, node, label = self._account, built.node, f"{built.name}-{number}"

        async def call(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent, ATTACHMENT, lambda: making.attach_volume(account, node, volume, number - 1)
            )

        after = (f"volume/{label}", f"node/{built.name}")
        await self._create(built, ATTACHMENT, f"attachment/{label}", call, name=label, after=after, pair=(volume, node))

    async def _address(self, built: Built) -> None:
        run, floating, pool = self._account.driver.run, FLOATING[self._account.provider], self._plan.pool
        name, node = built.name, built.node

        async def allocate(intent: AsyncIntent) -> str | None:
            token = intent.token
            return await making.make(
                intent, ADDRESS, lambda: run(lambda driver: floating.allocate_address(driver, name, token, pool))
            )

        address = built.address = await self._create(built, ADDRESS, f"address/{name}", allocate)

        async def associate(intent: AsyncIntent) -> str | None:
            return await making.make(
                intent,
                ASSOCIATION,
                lambda: run(lambda driver: floating.associate_address(driver, making.as_node(node), address)),
            )

        after = (f"address/{name}", f"node/{name}")
        await self._create(built, ASSOCIATION, f"association/{name}", associate, after=after, pair=(address, node))

    async def _create(
        self,
        built: Built,
        kind: str,
        key: str,
        call: Call,
        *,
        name: str = "",
        after: tuple[str, ...] = (),
        pair: tuple[str, str] | None = None,
        undo_data: Any = None,
    ) -> str:
        location = self._plan.location
        async with self._gate.passed(built.place):
            return await self._task.create(
                type_of(self._account.provider, kind),
                key,
                call,
                profile=self._account.profile,
                region=str(location.name or "") if location is not None else "",
                attributes={"name": name or built.name},
                after=after,
                undo_data={"one": pair[0], "node": pair[1]} if pair else undo_data,
            )
