"""The refusal of a name that is not installed, with the names that come close to it."""

from __future__ import annotations

from collections.abc import Collection

from wharfinger_server.domain.errors import Choices, NotFound
from wharfinger_server.domain.near_names import LONGEST, near

_MOST_SIMILAR = 3


def unknown_script(name: str, known: Collection[str], where: str = "") -> NotFound:
    """Return the refusal of a script that is not installed; `where` is what the message begins with."""
    what, similar = _close(name, known)
    hint = f"did you mean {similar[0]}?" if similar else "`wharfinger scripts` lists those that are installed"
    said = f"{where}no script {what!r} is installed; {hint}"
    return NotFound("UNKNOWN_SCRIPT", said, {"script": what}, choices=Choices("script", tuple(similar)))


def unknown_executor(name: str, known: Collection[str], where: str = "") -> NotFound:
    """Return the refusal of an executor that the server does not have."""
    what, similar = _close(name, known)
    choices = Choices("executor", tuple(similar))
    there = ", ".join(sorted(known))
    return NotFound(
        "UNKNOWN_EXECUTOR",
        f"{where}there is no executor {what!r}; there are {there}",
        {"executor": what},
        choices=choices,
    )


def _close(name: str, known: Collection[str]) -> tuple[str, list[str]]:
    return name[:LONGEST], near(name, known, _MOST_SIMILAR)
