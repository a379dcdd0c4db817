"""Report what is too much for everybody who reads, then make things as if nothing had been."""

from storm.build import PARAMS_SCHEMA, RESOURCE_TYPES, RESUMABLE, exists, find, undo, work  # noqa: F401 - the contract
from wharfinger.script import Failed


async def main(task):
    async def never(intent):
        raise AssertionError("it was to be refused")

    step = task.step("shout", total=12.5)
    step.progress(2.5)
    try:
        await task.create("storm.token", "loud", never, attributes={"all": "x" * 8_000_000})
    except Exception as error:  # noqa: BLE001 - by whatever name: it is refused
        task.notify(f"as it should be: {type(error).__name__}")
    await work(task)
    if task.params.get("fail"):
        raise Failed("it was to fail", reason="AS_ASKED", metadata={str(n): "x" * 400 for n in range(20_000)})
    return {"made": len(task.params["keys"])}
