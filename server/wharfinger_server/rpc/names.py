"""Resource names: of projects, of their tasks and schedules, of executors, of scripts and of catalogues."""

from __future__ import annotations

import re
from functools import lru_cache

from wharfinger.ledger.ids import ID, ID_RULE
from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.requests import Caller

_ALL = "projects/-"
_PROJECT = re.compile(rf"projects/({ID})")
_TASK = re.compile(rf"projects/({ID})/tasks/({ID})")
_SCHEDULE = re.compile(rf"projects/({ID})/schedules/({ID})")
_CATALOG = re.compile(r"catalogs/([0-9a-f]{64}|active)")
_PLUGIN = re.compile(r"[a-z][a-z0-9_.-]{0,126}", re.IGNORECASE)


def _refusal(field: str, name: str, form: str) -> InvalidArgument:
    shown = name if len(name) <= 200 else f"{name[:200]}…"
    what = f'"{shown}" is not of the form {form}'
    return InvalidArgument(
        "INVALID_NAME", f"{field}: {what}", {"field": field, "name": shown}, [Violation(field, what)]
    )


@lru_cache(maxsize=1024)
def _project(name: str) -> str:
    found = _PROJECT.fullmatch(name)
    return found[1] if found else ""


def project_of(name: str, field: str = "parent") -> str:
    """Return the project of `projects/{project}`; raise InvalidArgument INVALID_NAME, naming `field`."""
    project = _project(name) if len(name) < 128 else ""
    if not project:
        raise _refusal(field, name, f"projects/{{project}}, the project being {ID_RULE}")
    return project


def check_optional_project(name: str, caller: Caller, field: str = "parent") -> None:
    """Refuse a `projects/{project}` that is none, or that the caller may not see; an empty one stands for all."""
    if name:
        check_project(caller, project_of(name, field))


def project_or_all(name: str, field: str = "parent") -> str | None:
    """Return the project of `projects/{project}`, None for `projects/-`, which means all; raise as `project_of`."""
    return None if name == _ALL else project_of(name, field)


def task_of(name: str, field: str = "name") -> tuple[str, str]:
    """Return the parts of `projects/{project}/tasks/{task}`; raise InvalidArgument INVALID_NAME, naming `field`."""
    found = _TASK.fullmatch(name)
    if not found:
        raise _refusal(field, name, f"projects/{{project}}/tasks/{{task}}, both being {ID_RULE}")
    return found[1], found[2]


def schedule_of(name: str, field: str = "name") -> tuple[str, str]:
    """Return the parts of `projects/{project}/schedules/{schedule}`; raise as `task_of`."""
    found = _SCHEDULE.fullmatch(name)
    if not found:
        raise _refusal(field, name, f"projects/{{project}}/schedules/{{schedule}}, both being {ID_RULE}")
    return found[1], found[2]


def plugin_of(name: str, collection: str, field: str = "name") -> str:
    """Return the plain name in `executors/{executor}` or `scripts/{script}`; raise InvalidArgument INVALID_NAME."""
    prefix = f"{collection}/"
    plain = name.removeprefix(prefix)
    if not name.startswith(prefix) or not _PLUGIN.fullmatch(plain):
        raise _refusal(field, name, f"{prefix}{{name}}")
    return plain


def catalog_of(name: str, field: str = "name") -> str:
    """Return the digest, or `active`, of `catalogs/{catalog}`; raise InvalidArgument INVALID_NAME, naming `field`."""
    found = _CATALOG.fullmatch(name)
    if not found:
        raise _refusal(field, name, "catalogs/{catalog}, which is the 64 hexadecimal digits of its digest, or active")
    return found[1]
