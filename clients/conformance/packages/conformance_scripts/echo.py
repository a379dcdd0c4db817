"""Return the params as they came, and say one of them aloud."""

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    """Log the param `say`; return all params, or nothing where they are asked to stay `quiet`."""
    if "say" in task.params:
        task.notify(task.params["say"])
    return {} if task.params.get("quiet") else {"echo": dict(task.params)}
