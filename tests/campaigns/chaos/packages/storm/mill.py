"""The same as build, in a thread."""

import time

from storm.calls import RESOURCE_TYPES, ask_blocking, making, removed  # noqa: F401 - the contract's name

RESUMABLE = True
PARAMS_SCHEMA = {"type": "object"}


def main(task):
    port, kind, keys = task.params["port"], task.params["kind"], task.params["keys"]
    task.plan(keys)
    before = ()
    for key in keys:
        time.sleep(task.params.get("pause", 0))
        task.create(kind, key, lambda intent: ask_blocking(port, **making(task, kind, intent))["id"], after=before)
        before = (key,) if task.params.get("chained") else ()
    return {"made": len(keys)}


def find(task, resource):
    return ask_blocking(task.params["port"], do="find", token=resource.token)["ids"]


def exists(task, resource):
    return ask_blocking(task.params["port"], do="exists", id=resource.external_id)["exists"]


def undo(task, resource):
    return removed(ask_blocking(task.params["port"], do="remove", id=resource.external_id))
