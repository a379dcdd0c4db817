"""Make things that cost something, some of them in vain, and tell beforehand what they will cost."""

import time

from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"priced.thing": ResourceType(send_window=0.5, call_timeout=0.5, settling=0.0)}
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "skus": {"type": "object", "additionalProperties": {"type": "string"}},
        "quantity": {"type": "string"},
        "lose": {"type": "array", "items": {"type": "string"}},
        "fail": {"type": "boolean"},
        "estimate": {"enum": ["raise", "hang", "twice", "nothing", "exit", "leak", "profile"]},
        "secret": {"type": "string", "writeOnly": True},
    },
    "additionalProperties": False,
}


async def main(task):
    async def call(intent):
        if intent.key in task.params.get("lose", ()):
            raise ConnectionResetError("the answer was lost")
        return f"i-{intent.key}"

    lost = None
    for key in task.params.get("skus", {}):
        try:
            await task.create("priced.thing", key, call)
        except Failed as failed:
            lost = failed
    if lost or task.params.get("fail"):
        raise lost or Failed("it fails at its end")


async def find(task, resource):
    raise ConnectionResetError("the yard's list can't be read")


async def undo(task, resource):
    if "stuck" in resource.key:
        raise ConnectionResetError("the crane does not answer")


def estimate(params, prices):
    how = params.get("estimate")
    if how == "raise":
        raise LookupError("the estimate is broken")
    if how == "hang":
        time.sleep(0.5)
    if how == "exit":
        raise SystemExit(1)
    if how == "nothing":
        return None
    if how == "profile":
        prices.profile("nobody")
    keys = [*params.get("skus", {}).items()]
    return [
        prices.free(key)
        if sku == "tie"
        else prices.item(
            params["secret"] if how == "leak" else key, provider="quay", sku=sku, quantity=params.get("quantity", "1")
        )
        for key, sku in (keys * 2 if how == "twice" else keys)
    ]
