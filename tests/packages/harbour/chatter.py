"""Write far more log than anyone will read."""

PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    line = "x" * 100
    for _ in range(task.params.get("lines", 100_000)):
        print(line)
