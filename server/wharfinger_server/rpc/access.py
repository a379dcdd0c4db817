"""Who may call what: one rule for each call of each service. A call without a rule is not served."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from wharfinger_server.domain.errors import PermissionDenied
from wharfinger_server.engine.interface.requests import Caller


class Rule(Enum):
    """What a caller needs. The project of a call is that of its parent, or of the name of what it is about."""

    PROJECT = "a credential that opens the project; what is another's looks like what does not exist"
    KNOWN = "any credential: what it tells is the same for all projects"
    WORKER = "a worker's credential; where callers need none, workers need none"
    OPERATOR = "a credential that opens all projects, as what it changes or tells is of all of them"


_RULES: Mapping[str, Mapping[str, Rule]] = {
    "wharfinger.v1.TaskService": {
        "CreateTask": Rule.PROJECT,
        "BatchCreateTasks": Rule.PROJECT,
        "GetTask": Rule.PROJECT,
        "ListTasks": Rule.PROJECT,
        "WatchTask": Rule.PROJECT,
        "WatchTasks": Rule.PROJECT,
        "WaitTask": Rule.PROJECT,
        "ListTaskEvents": Rule.PROJECT,
        "ListLedgerEntries": Rule.PROJECT,
        "SummarizeLeftovers": Rule.PROJECT,
        "CancelTask": Rule.PROJECT,
        "ResumeTask": Rule.PROJECT,
        "RollbackTask": Rule.PROJECT,
        "ResolveLedgerEntry": Rule.PROJECT,
        "DeleteTask": Rule.PROJECT,
    },
    "wharfinger.v1.ExecutorService": {
        "ListExecutors": Rule.KNOWN,
        "GetExecutor": Rule.KNOWN,
        "ListScripts": Rule.KNOWN,
        "GetScript": Rule.KNOWN,
        "Work": Rule.WORKER,
    },
    "wharfinger.v1.ScheduleService": {
        "CreateSchedule": Rule.PROJECT,
        "GetSchedule": Rule.PROJECT,
        "ListSchedules": Rule.PROJECT,
        "PauseSchedule": Rule.PROJECT,
        "ResumeSchedule": Rule.PROJECT,
        "RunSchedule": Rule.PROJECT,
        "DeleteSchedule": Rule.PROJECT,
    },
    "wharfinger.v1.PricingService": {
        "EstimateCost": Rule.PROJECT,
        "GetPrice": Rule.PROJECT,
        "ListPrices": Rule.PROJECT,
        "GetCatalog": Rule.KNOWN,
        "ListCatalogs": Rule.KNOWN,
        "ImportCatalog": Rule.OPERATOR,
        "ActivateCatalog": Rule.OPERATOR,
        "ListActivations": Rule.OPERATOR,
        "DiffCatalogs": Rule.KNOWN,
        "ListPriceHistory": Rule.PROJECT,
        "ListBudgets": Rule.PROJECT,
    },
    "google.longrunning.Operations": {
        "ListOperations": Rule.PROJECT,
        "GetOperation": Rule.PROJECT,
        "DeleteOperation": Rule.PROJECT,
        "CancelOperation": Rule.PROJECT,
        "WaitOperation": Rule.PROJECT,
    },
}


def rule_of(service: str, call: str) -> Rule:
    """Return the rule of a call. Raises LookupError for one that has none."""
    try:
        return _RULES[service][call]
    except KeyError:
        raise LookupError(f"{service}/{call} has no rule in rpc/access.py of who may call it") from None


def check(rule: Rule, caller: Caller) -> None:
    """Refuse a caller that may not make such a call at all. The project of its request is looked at by what it does."""
    if caller.is_worker and rule is not Rule.WORKER:
        why = "a worker's credential attaches workers, and opens nothing else"
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "tasks"})
    if rule is Rule.WORKER and caller.is_worker is False:
        why = 'this credential is no worker\'s; one is made by [[tokens]] with role = "worker"'
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "work"})
    if rule is Rule.OPERATOR and caller.projects is not None:
        why = "this is for all projects, and this credential does not open all of them"
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "catalogs"})
