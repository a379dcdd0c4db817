"""Make things, one after the other; each comes after the one before where `chained`."""

import asyncio

from storm.calls import RESOURCE_TYPES, ask, making, removed  # noqa: F401 - the contract's name

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    await work(task)
    return {"made": len(task.params["keys"])}


async def work(task):
    port, kind, keys = task.params["port"], task.params["kind"], task.params["keys"]
    await task.plan(keys)
    before = ()
    with task.step("build", total=len(keys), unit="things") as step:
        for key in keys:
            await asyncio.sleep(task.params.get("pause", 0))
            await task.create(kind, key, lambda intent: made(task, port, kind, intent), after=before)
            before = (key,) if task.params.get("chained") else ()
            step.advance()


async def made(task, port, kind, intent):
    return (await ask(port, **making(task, kind, intent)))["id"]


async def find(task, resource):
    return (await ask(task.params["port"], do="find", token=resource.token))["ids"]


async def exists(task, resource):
    return (await ask(task.params["port"], do="exists", id=resource.external_id))["exists"]


async def undo(task, resource):
    return removed(await ask(task.params["port"], do="remove", id=resource.external_id))
