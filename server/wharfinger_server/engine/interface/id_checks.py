"""Checks of the names and labels a caller chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wharfinger.ledger import ids
from wharfinger_server.domain.errors import InvalidArgument, PermissionDenied, Violation, invalid
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.params.canonical_json import shown_path

_ID = re.compile(ids.ID)
_LABEL_KEY = re.compile(r"[a-z]([a-z0-9_.-]{0,62})")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")
MOST_LABELS = 64
LONGEST_LABEL = 63
LONGEST_REQUEST_ID = 128


def check_id(field: str, value: str) -> None:
    """Refuse a project or task id that is not 1 to 63 of a-z, 0-9 and hyphens, beginning with a letter."""
    if not _ID.fullmatch(value):
        raise invalid(
            field,
            f"{value[:80]!r} is not 1 to 63 lower-case letters, digits and hyphens"
            " that begin with a letter and do not end with a hyphen",
            "INVALID_NAME",
        )


def check_project(caller: Caller, project: str) -> None:
    """Refuse a project id that is none, and one that the credential does not open: whether it exists or not."""
    check_id("parent", project)
    if not caller.may_see(project):
        raise PermissionDenied(
            "PERMISSION_DENIED",
            f"this credential does not open the project {project}",
            {"permission": f"projects/{project}"},
        )


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels that are too many, too long or of strange characters."""
    wrong = []
    if len(labels) > MOST_LABELS:
        wrong.append(Violation("task.labels", f"{len(labels)} labels; at most {MOST_LABELS} are kept"))
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key):
            what = "is no label key: 1 to 63 lower-case letters, digits, '_', '-' and '.', beginning with a letter"
            wrong.append(Violation(shown_path("task.labels", (key,)), what))
        elif len(value) > LONGEST_LABEL or not _PRINTABLE.fullmatch(value):
            wrong.append(
                Violation(shown_path("task.labels", (key,)), f"a value is at most {LONGEST_LABEL} printable characters")
            )
    if wrong:
        raise InvalidArgument("INVALID_ARGUMENT", f"{wrong[0].field}: {wrong[0].description}", violations=wrong)


def check_request_id(value: str) -> None:
    """Refuse a request id that is too long or not printable."""
    check_text("request_id", value, LONGEST_REQUEST_ID, "a request id", ", such as a UUID")


def check_text(field: str, value: str, most: int, what: str, hint: str = "") -> None:
    """Refuse a text that is longer than `most` characters or not printable."""
    if len(value) > most or not _PRINTABLE.fullmatch(value):
        raise invalid(field, f"{what} is at most {most} printable characters{hint}")
