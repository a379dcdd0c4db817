"""Stow crates, and stop half-way: the answers about some are lost, some are never begun, or the first attempt fails."""

from wharfinger.script import Failed, ResourceType

RESUMABLE = True
RESOURCE_TYPES = {"crate": ResourceType(send_window=0.5, call_timeout=0.5, settling=0.0)}
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {
        "created": {"type": "integer", "minimum": 0},
        "uncertain": {"type": "integer", "minimum": 0},
        "planned": {"type": "integer", "minimum": 0},
        "sku": {"type": "string"},
        "then": {"enum": ["succeed", "fail", "fail once"]},
    },
    "required": ["created"],
    "additionalProperties": False,
}


def keys_of(params, what):
    """Return the keys of the crates that are to be `created`, `uncertain` or only `planned`."""
    return [f"{what}/{number:03}" for number in range(params.get(what, 0))]


async def main(task):
    """Make the crates, all but the first upon the first; lose some, and end as it is asked for."""
    created, uncertain, planned = (keys_of(task.params, what) for what in ("created", "uncertain", "planned"))
    await task.plan([*created, *uncertain, *planned])
    with task.step("stow"):
        await task.create_many("crate", created[:1], make)
        if created[1:]:
            await task.create_many("crate", created[1:], make, after=created[:1])
        for key in uncertain:
            await task.create("crate", key, lose)
        then = task.params.get("then", "succeed")
        if then == "fail" or (then == "fail once" and task.attempt == 1):
            raise Failed("the tide is out", reason="TIDE_OUT")
    return {"stowed": len(created)}


def make(intents):
    """Return an id for each crate; the same crate has another one each time it is made."""
    return {intent.key: f"{intent.key}-{intent.token[-8:]}" for intent in intents}


async def lose(intent):
    """Lose the answer."""
    raise ConnectionResetError("the crane does not answer")


async def find(task, resource):
    """Fail to look."""
    raise ConnectionResetError("the yard's list can't be read")


async def undo(task, resource):
    """Take a crate away, which always works."""


def estimate(params, prices):
    """Tell what the crates will cost for an hour."""
    return [
        prices.item(key, provider="quay", sku=params.get("sku", "berth"))
        for what in ("created", "uncertain")
        for key in keys_of(params, what)
    ]
