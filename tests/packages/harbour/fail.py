"""Fail, in the way that is asked for."""

from wharfinger.script import Failed

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {"how": {"enum": ["raise", "failed", "retry", "not json", "huge", "exit"]}},
}


async def main(task):
    how = task.params.get("how", "raise")
    if how == "failed":
        raise Failed("the crane is broken", reason="CRANE_BROKEN", metadata={"crane": "3"})
    if how == "retry":
        raise Failed("the tide is out", reason="TIDE_OUT", retryable=True)
    if how == "not json":
        return {"when": object()}
    if how == "huge":
        return {"text": "x" * 100_000}
    if how == "exit":
        raise SystemExit(3)
    raise RuntimeError("the rope broke")
