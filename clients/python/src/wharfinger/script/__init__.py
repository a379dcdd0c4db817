"""The contract of scripts: errors, declarations, and the types of the `task` that `main` is given.

A script is a module with `async def main(task)` or `def main(task)`, registered under the entry-point group
`wharfinger.scripts`. It may have `undo(task, resource)`, `find(task, resource)`, `exists(task, resource)` and
`estimate(params, prices)`, and declare `Params` or `PARAMS_SCHEMA`, `RESULT_SCHEMA`, `RESUMABLE`, `RESOURCE_TYPES`,
`EXECUTOR`, `RUN_COMPATIBLE_SINCE` and `UNDO_COMPATIBLE_SINCE`. This package needs the standard library only.

To read in this order: `facade` (the `task` and all its verbs), `resource` (what a script makes, and declares of it),
`errors` and `removal` (how it fails, and what an undo may answer), `context` and `stores` (what it can ask for),
`prices` (what it will cost), `schema` and `inspection` (how a module is read, and what is wrong with it).
"""

from wharfinger.script.context import Context
from wharfinger.script.errors import BrokenScript, Cancelled, Failed, NotSent, Refused
from wharfinger.script.facade import AsyncIntent, AsyncTask, Intent, Made, Step, Task
from wharfinger.script.inspection import ScriptInfo, inspect
from wharfinger.script.prices import Item, Prices
from wharfinger.script.removal import ACCEPTED, NOT_FOUND, Unconfirmed
from wharfinger.script.resource import Resource, ResourceType
from wharfinger.script.stores import Store

__all__ = [
    "ACCEPTED",
    "NOT_FOUND",
    "AsyncIntent",
    "AsyncTask",
    "BrokenScript",
    "Cancelled",
    "Context",
    "Failed",
    "Intent",
    "Item",
    "Made",
    "NotSent",
    "Prices",
    "Refused",
    "Resource",
    "ResourceType",
    "ScriptInfo",
    "Step",
    "Store",
    "Task",
    "Unconfirmed",
    "inspect",
]
