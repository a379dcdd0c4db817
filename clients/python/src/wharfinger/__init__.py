"""Wharfinger: cloud work as durable tasks.

```python
import wharfinger

with wharfinger.Client() as client:
    handle = client.submit("image.import", {"source": url, "stores": ["main"], "name": "debian"})
    for event in handle.watch():
        print(event)
    print(handle.result())
```

`wharfinger.aio` has the same verbs for asyncio. Importing this package alone loads neither gRPC nor protobuf: each name
is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wharfinger._version import __version__

if TYPE_CHECKING:
    from wharfinger.blocking import Client, Handle
    from wharfinger.errors import (
        Aborted,
        AlreadyExists,
        FailedPrecondition,
        InternalError,
        InvalidArgument,
        NotFound,
        OutOfRange,
        PartialFailure,
        PermissionDenied,
        Refused,
        ResourceExhausted,
        RolledBack,
        TaskCancelled,
        TaskFailed,
        TimedOut,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        Unreachable,
        Violation,
        WharfingerError,
    )
    from wharfinger.events import (
        EntryChanged,
        ErrorEvent,
        Event,
        LogLine,
        ProgressUpdate,
        Snapshot,
        StateChanged,
        UnknownEvent,
    )
    from wharfinger.models import (
        Attempt,
        Caller,
        Executor,
        Failure,
        LedgerEntry,
        LedgerEntryState,
        LedgerSummary,
        LeftoverCost,
        LeftoverGroup,
        Leftovers,
        Progress,
        Role,
        RollbackPlan,
        Schedule,
        ScheduleFiring,
        Script,
        ServerInfo,
        Task,
        TaskState,
        Verdict,
        Worker,
    )
    from wharfinger.prices import (
        Activation,
        Budget,
        Catalog,
        CatalogDiff,
        CatalogState,
        CostItem,
        Estimate,
        Money,
        Price,
        PriceChange,
        PricePoint,
        PriceTier,
    )
    from wharfinger.requests import LeftoverPolicy, NewSchedule, NewTask, OverlapPolicy, Policy

__all__ = [
    "Aborted",
    "Activation",
    "AlreadyExists",
    "Attempt",
    "Budget",
    "Caller",
    "Catalog",
    "CatalogDiff",
    "CatalogState",
    "Client",
    "CostItem",
    "EntryChanged",
    "ErrorEvent",
    "Estimate",
    "Event",
    "Executor",
    "FailedPrecondition",
    "Failure",
    "Handle",
    "InternalError",
    "InvalidArgument",
    "LedgerEntry",
    "LedgerEntryState",
    "LedgerSummary",
    "LeftoverCost",
    "LeftoverGroup",
    "LeftoverPolicy",
    "Leftovers",
    "LogLine",
    "Money",
    "NewSchedule",
    "NewTask",
    "NotFound",
    "OutOfRange",
    "OverlapPolicy",
    "PartialFailure",
    "PermissionDenied",
    "Policy",
    "Price",
    "PriceChange",
    "PricePoint",
    "PriceTier",
    "Progress",
    "ProgressUpdate",
    "Refused",
    "ResourceExhausted",
    "Role",
    "RollbackPlan",
    "RolledBack",
    "Schedule",
    "ScheduleFiring",
    "Script",
    "ServerInfo",
    "Snapshot",
    "StateChanged",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "TaskState",
    "TimedOut",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnknownEvent",
    "Unreachable",
    "Verdict",
    "Violation",
    "WharfingerError",
    "Worker",
    "__version__",
]

_HOMES = {
    "blocking": ("Client", "Handle"),
    "events": (
        "ErrorEvent",
        "Event",
        "LogLine",
        "ProgressUpdate",
        "EntryChanged",
        "Snapshot",
        "StateChanged",
        "UnknownEvent",
    ),
    "models": (
        "Attempt",
        "Caller",
        "Executor",
        "Failure",
        "LeftoverCost",
        "LeftoverGroup",
        "Leftovers",
        "Progress",
        "LedgerEntry",
        "LedgerEntryState",
        "LedgerSummary",
        "Role",
        "RollbackPlan",
        "Schedule",
        "ScheduleFiring",
        "Script",
        "ServerInfo",
        "Task",
        "TaskState",
        "Verdict",
        "Worker",
    ),
    "prices": (
        "Activation",
        "Budget",
        "Catalog",
        "CatalogDiff",
        "CatalogState",
        "CostItem",
        "Estimate",
        "Money",
        "Price",
        "PriceChange",
        "PricePoint",
        "PriceTier",
    ),
    "requests": ("NewSchedule", "NewTask", "LeftoverPolicy", "OverlapPolicy", "Policy"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    # Whatever is no client, event, model or request is an error.
    home = next((module for module, names in _HOMES.items() if name in names), "errors")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
