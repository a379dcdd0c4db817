"""Fail, with a reason of its own."""

from wharfinger.script import Failed

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    """Fail as a broken crane does."""
    raise Failed("the crane is broken", reason="CRANE_BROKEN", metadata={"crane": "3"})
