"""Run for a while and ignore being asked to stop."""

import time

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


def main(task):
    time.sleep(task.params.get("seconds", 3))
