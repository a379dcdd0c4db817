"""Leave, when it is looked at."""

import sys

PARAMS_SCHEMA = {"type": "object"}


def __getattr__(name):
    sys.exit(f"nobody may look at {name}")


async def main(task):
    pass
