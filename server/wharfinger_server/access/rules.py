"""Who may call what: one rule for each call of each service. A call without a rule is not served."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from wharfinger_server.domain.errors import PermissionDenied
from wharfinger_server.domain.roles import Role
from wharfinger_server.engine.interface.requests import Caller


class Scope(Enum):
    """What a credential has to open. A call's project is that of its parent, or of the name of what it is about."""

    PROJECT = "its project; what is another's looks like what does not exist"
    KNOWN = "anything: what it tells is the same for all projects"
    ALL = "all projects, as what it changes or tells is of all of them"
    WORKER = "the attaching of workers; where callers need no credential, workers need none"


class Rule(NamedTuple):
    """What a caller needs: what its credential has to open, and the role that it must have there at least."""

    scope: Scope
    least: Role


LOOK = Rule(Scope.PROJECT, Role.VIEWER)
ACT = Rule(Scope.PROJECT, Role.OPERATOR)
KNOWN = Rule(Scope.KNOWN, Role.VIEWER)
LOOK_AT_ALL = Rule(Scope.ALL, Role.VIEWER)
ACT_FOR_ALL = Rule(Scope.ALL, Role.OPERATOR)
WORK = Rule(Scope.WORKER, Role.VIEWER)

_RULES: Mapping[str, Mapping[str, Rule]] = {
    "wharfinger.v1.TaskService": {
        "CreateTask": ACT,
        "BatchCreateTasks": ACT,
        "GetTask": LOOK,
        "ListTasks": LOOK,
        "WatchTask": LOOK,
        "WatchTasks": LOOK,
        "WaitTask": LOOK,
        "ListTaskEvents": LOOK,
        "ListLedgerEntries": LOOK,
        "SummarizeLeftovers": LOOK,
        "CancelTask": ACT,
        "ResumeTask": ACT,
        "RollbackTask": ACT,
        "ResolveLedgerEntry": ACT,
        "DeleteTask": ACT,
    },
    "wharfinger.v1.ExecutorService": {
        "ListExecutors": KNOWN,
        "GetExecutor": KNOWN,
        "ListScripts": KNOWN,
        "GetScript": KNOWN,
        "Work": WORK,
    },
    "wharfinger.v1.ScheduleService": {
        "CreateSchedule": ACT,
        "GetSchedule": LOOK,
        "ListSchedules": LOOK,
        "PauseSchedule": ACT,
        "ResumeSchedule": ACT,
        "RunSchedule": ACT,
        "DeleteSchedule": ACT,
    },
    "wharfinger.v1.PricingService": {
        "EstimateCost": LOOK,
        "GetPrice": LOOK,
        "ListPrices": LOOK,
        "GetCatalog": KNOWN,
        "ListCatalogs": KNOWN,
        "ImportCatalog": ACT_FOR_ALL,
        "ActivateCatalog": ACT_FOR_ALL,
        "ListActivations": LOOK_AT_ALL,
        "DiffCatalogs": KNOWN,
        "ListPriceHistory": LOOK,
        "ListBudgets": LOOK,
    },
    "wharfinger.v1.AccessService": {"GetCaller": KNOWN},
    "google.longrunning.Operations": {
        "ListOperations": LOOK,
        "GetOperation": LOOK,
        "DeleteOperation": ACT,
        "CancelOperation": ACT,
        "WaitOperation": LOOK,
    },
    "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo": KNOWN},
    # It tells of all connections, whosoever they are.
    "grpc.channelz.v1.Channelz": {
        "GetTopChannels": LOOK_AT_ALL,
        "GetServers": LOOK_AT_ALL,
        "GetServer": LOOK_AT_ALL,
        "GetServerSockets": LOOK_AT_ALL,
        "GetChannel": LOOK_AT_ALL,
        "GetSubchannel": LOOK_AT_ALL,
        "GetSocket": LOOK_AT_ALL,
    },
    # Not a call of gRPC: what the gateway tells beside.
    "gateway": {"metrics": LOOK_AT_ALL},
}


def rule_of(service: str, call: str) -> Rule:
    """Return the rule of a call. Raises LookupError for one that has none."""
    try:
        return _RULES[service][call]
    except KeyError:
        raise LookupError(f"{service}/{call} has no rule in access/rules.py of who may call it") from None


def table() -> Iterator[tuple[str, str, Rule]]:
    """Tell each service and call with its rule, for the documentation."""
    for service, calls in _RULES.items():
        for call, rule in calls.items():
            yield service, call, rule


def check(rule: Rule, caller: Caller) -> None:
    """Refuse a caller that may not make such a call at all, before the request is looked at.

    The project of the request is looked at by `check_role`, and by what the call does.
    """
    scope, least = rule
    if scope is Scope.WORKER:
        if caller.is_worker is False:
            why = 'this credential is no worker\'s; one has the role "worker"'
            raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "work"})
        return
    if caller.is_worker:
        why = "a worker's credential attaches workers, and opens nothing else"
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "tasks"})
    if scope is Scope.ALL and caller.projects is not None:
        why = "this is for all projects, and this credential does not open all of them"
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "catalogs"})
    if caller.role < least and (scope is Scope.ALL or caller.most < least):
        raise _lacking(caller.role, least)


_PROJECT = re.compile(r"projects/([^/]+)")


def check_role(rule: Rule, caller: Caller, request: Any) -> None:
    """Refuse a caller whose role is another in the project that the request is about, and not enough there.

    A project that its credential does not open is left to what the call does: it answers as if it did not exist.
    """
    for name in (getattr(request, "parent", ""), getattr(request, "name", "")):
        found = _PROJECT.match(name) if isinstance(name, str) else None
        if found is not None and caller.may_see(found[1]) and caller.role_in(found[1]) < rule.least:
            raise _lacking(caller.role_in(found[1]), rule.least)


def check_not_less(before: Caller, now: Caller) -> None:
    """Refuse a caller whose credential opens fewer projects than when it was looked at before."""
    if now.projects is not None and (before.projects is None or not before.projects <= now.projects):
        why = "this credential opens less than when this began"
        raise PermissionDenied("PERMISSION_DENIED", why, {"permission": "projects"})


def _lacking(role: Role, least: Role) -> PermissionDenied:
    why = f"this needs the role {least.word}, and this credential has {role.word}"
    return PermissionDenied("PERMISSION_DENIED", why, {"permission": least.word})
