"""Deploy nodes at any cloud: with volumes, floating addresses, and a wait until they run."""

from __future__ import annotations

from typing import Any

from wharfinger.script import AsyncTask
from wharfinger_compute import checks
from wharfinger_compute.account import opened
from wharfinger_compute.estimating import estimate
from wharfinger_compute.fleet import Fleet
from wharfinger_compute.params import DEPLOY_SCHEMA, RESULT_SCHEMA, names
from wharfinger_compute.providers import INTERFACES
from wharfinger_compute.resources import RESOURCE_TYPES, exists, find, undo
from wharfinger_compute.results import result

__all__ = [
    "PARAMS_SCHEMA",
    "RESOURCE_TYPES",
    "RESULT_SCHEMA",
    "RESUMABLE",
    "estimate",
    "exists",
    "find",
    "main",
    "undo",
]

RESUMABLE = True
PARAMS_SCHEMA = DEPLOY_SCHEMA


async def main(task: AsyncTask) -> dict[str, Any]:
    """Deploy the nodes. Returns name, id, volumes and address of each."""
    asked = dict(task.params)
    wanted = names(asked["name"], asked.get("count", 1))
    volumes, addresses, width = asked.get("volumes", []), asked.get("addresses", False), asked.get("concurrency", 16)
    async with opened(task, asked["profile"], workers=width) as account:
        keys = _keys(wanted, len(volumes), addresses)
        await task.plan([*(f"interface/{name}" for name in wanted if account.provider in INTERFACES), *keys])
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
        fleet = Fleet(
            task,
            account,
            plan,
            volumes,
            addresses=addresses,
            width=width,
            ready_timeout=asked.get("ready_timeout", 600),
        )
        built = await fleet.build(wanted)
    return result([{"name": one.name, "id": one.node, "volumes": one.volumes, "address": one.address} for one in built])


def _keys(wanted: list[str], volumes: int, addresses: bool) -> list[str]:
    keys = [f"node/{name}" for name in wanted]
    for name in wanted:
        for number in range(1, volumes + 1):
            keys += [f"volume/{name}-{number}", f"attachment/{name}-{number}"]
        if addresses:
            keys += [f"address/{name}", f"association/{name}"]
    return keys
