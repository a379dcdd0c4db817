"""Do nothing, without an event loop."""

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


def main(task):
    print("a plain script prints")
    return {"name": task.name}
