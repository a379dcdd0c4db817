"""Make things in a yard of files, and replace some of them in the same run."""

from harbour.yard import Yard
from wharfinger.script import ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"yard.thing": ResourceType(idempotent=True, send_window=2.0, call_timeout=3.0, settling=0.2)}


async def main(task):
    yard = Yard(task.params["yard"])
    made = {}

    async def make(key):
        async def call(intent):
            return yard.make(intent.token, key)

        after = [f"thing/{parent}" for parent in task.params.get("after", {}).get(key, ())]
        made[key] = await task.create("yard.thing", f"thing/{key}", call, attributes={"name": key}, after=after)

    for key in task.params["keys"]:
        await make(key)
    first = dict(made)
    for key in task.params["swap"]:
        await task.remove(f"thing/{key}")
        await make(key)
    return {"first": first, "last": made}


async def find(task, resource):
    return Yard(task.params["yard"]).find(resource.token)


async def undo(task, resource):
    yard = Yard(task.params["yard"])
    if (yard.folder / "stuck").exists():
        raise ConnectionError("the crane does not answer")
    yard.take_away(resource.token, resource.external_id)
