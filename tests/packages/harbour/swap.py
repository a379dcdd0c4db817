"""Make things in a yard of files, and replace some of them in the same run; looks at them by their ids.

`folder`/room: until it is there, the run fails when all is made. `folder`/fog: looks can't tell.
"""

from harbour.yard import Yard
from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"yard.thing": ResourceType(idempotent=True, send_window=0.5, call_timeout=0.6, settling=0.2)}


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
    for key in task.params.get("swap", ()):
        await task.remove(f"thing/{key}")
        await make(key)
    if task.params.get("fail") and not (yard.folder / "room").exists():
        raise Failed("there is no room for more", reason="QUOTA_EXCEEDED")
    return {"first": first, "last": made}


async def find(task, resource):
    return Yard(task.params["yard"]).find(resource.token)


async def exists(task, resource):
    yard = Yard(task.params["yard"])
    yard.note(f"look {resource.key} {resource.external_id}")
    if (yard.folder / "fog").exists():
        raise ConnectionError("nothing can be seen")
    return yard.has(resource.external_id)


async def undo(task, resource):
    yard = Yard(task.params["yard"])
    if (yard.folder / "stuck").exists():
        raise ConnectionError("the crane does not answer")
    yard.take_away(resource.token, resource.external_id)
