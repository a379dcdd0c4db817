"""Make things at a dock of files, whose crane takes them away in its own ways: late, never, unheard, not at all.

`ways` says for each key how the deletes of it go, one after the other (the last one for all that follow):
"done", "accepted" (at once), "late N" (accepted, gone N seconds later), "never" (accepted, and it shows an error),
"unheard" (done, the answer is lost), "dropped" (nothing is done, and the answer is lost), "refused", "denied" (it says
that there is none).
`blind`: it cannot be told by its id whether a thing is there. `hidden`: so many looks deny a thing that is there.
"""

import json
import time

from harbour.yard import Yard
from wharfinger.script import ACCEPTED, NOT_FOUND, Refused, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"dock.thing": ResourceType(idempotent=True, send_window=0.3, call_timeout=0.5, settling=0.2)}


async def main(task):
    yard = Yard(task.params["yard"])
    made = []
    for key in task.params["keys"]:

        async def call(intent, key=key):
            return yard.make(intent.token, key)

        after = task.params.get("after", {}).get(key, ())
        made.append(await task.create("dock.thing", key, call, attributes={"name": key}, after=after))
    return {"made": made}


async def find(task, resource):
    return Yard(task.params["yard"]).find(resource.token)


async def undo(task, resource):
    yard, key = Yard(task.params["yard"]), resource.key
    ways = task.params.get("ways", {}).get(key, ["done"])
    begun = yard.noted(f"undo {key}")
    yard.note(f"undo {key} {time.monotonic():.3f}")
    way, _, seconds = ways[min(begun, len(ways) - 1)].partition(" ")
    if way == "refused":
        raise Refused(f"{key} is in use", reason="IN_USE")
    if way == "dropped":
        raise ConnectionResetError("the connection broke")
    if way == "denied":
        return NOT_FOUND
    if way in ("late", "never"):
        (yard.folder / f"going-{resource.external_id}").write_text(
            json.dumps(time.monotonic() + float(seconds) if way == "late" else None)
        )
        return ACCEPTED
    yard.take_away(resource.token, resource.external_id)
    if way == "unheard":
        raise ConnectionResetError("the connection broke")
    return ACCEPTED if way == "accepted" else None


async def exists(task, resource):
    yard = Yard(task.params["yard"])
    yard.note(f"look {resource.key} {time.monotonic():.3f}")
    if task.params.get("blind"):
        raise ConnectionError("the crane does not answer")
    going = yard.folder / f"going-{resource.external_id}"
    when = json.loads(going.read_text()) if going.exists() else 0
    if when and time.monotonic() >= when:
        yard.take_away(resource.token, resource.external_id)
    if yard.noted(f"look {resource.key}") <= task.params.get("hidden", 0):
        return False
    if not yard.find(resource.token):
        return False
    return "error_deleting" if when is None else True
