"""Do nothing."""

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    return {"attempt": task.attempt}
