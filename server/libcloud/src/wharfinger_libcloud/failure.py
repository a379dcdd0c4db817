"""The error that says what exists, what may exist, and what was never tried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wharfinger_libcloud.journal import Journal
from wharfinger_libcloud.removal import remove
from wharfinger_libcloud.wording import said

Undo = Mapping[str, Callable[[Any, "Created"], object]]


@dataclass(frozen=True, slots=True)
class Created:
    """A thing that exists: its kind ("node", "volume", "address", or the service's own word), id and name if known."""

    kind: str
    id: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A request that may have made something: nobody knows the id.

    `names` and `token` are what it asked for and went with, to look for it by; `sent` is seconds since the epoch.
    """

    kind: str
    request: str
    why: str
    sent: float
    names: tuple[str, ...] = ()
    token: str = ""

    def __str__(self) -> str:
        named = f" for {', '.join(self.names)}" if self.names else ""
        at = dt.datetime.fromtimestamp(self.sent, dt.UTC).strftime("%H:%M:%S")
        return f"{self.kind}: {self.request}{named} at {at} UTC: {self.why}"


@dataclass(frozen=True, slots=True)
class Leftover:
    """What `rollback` could not remove, and why."""

    created: Created
    why: str


class PartialFailureError(Exception):
    """A call stopped half-way: things exist, or may exist. The error that stopped it is its `__cause__`.

    `created` lists what exists, oldest first; `uncertain` the requests that may have made something unknown;
    `not_attempted` the names of `planned` that no request asked for; `journal` has every change sent, redacted.
    """

    def __init__(
        self,
        cause: BaseException | str,
        *,
        created: Iterable[Created] = (),
        uncertain: Iterable[Uncertain] = (),
        not_attempted: Iterable[str] = (),
        driver: Any = None,
        journal: Journal | None = None,
    ) -> None:
        self.created = tuple(created)
        self.uncertain = tuple(uncertain)
        self.not_attempted = tuple(not_attempted)
        self.driver = driver
        self.journal = journal
        self.reason = cause if isinstance(cause, str) else f"{type(cause).__name__}: {said(cause)}"
        super().__init__(self.reason)

    def __str__(self) -> str:
        parts = [self.reason]
        parts += [f"created: {one}" for one in self.created]
        parts += [f"uncertain: {one}" for one in self.uncertain]
        if self.not_attempted:
            parts.append(f"not attempted: {', '.join(self.not_attempted)}")
        return "\n  ".join(parts)

    def rollback(self, driver: Any = None, *, undo: Undo | None = None) -> list[Leftover]:
        """Remove what was created, newest first, past failures; return what could not be removed, [] if all is gone.

        What is gone already counts as removed. `undo` maps a kind to `function(driver, created)` for kinds that this
        package can't remove, or shall not. Afterwards `created` holds only what is left, so that it may be called
        again. What is uncertain is not touched: nobody guesses. Raises ValueError where there is no driver.
        """
        driver = driver if driver is not None else self.driver
        if driver is None:
            raise ValueError("rollback needs a driver: give it the one that the things were made with")
        left: list[Leftover] = []
        for one in reversed(self.created):
            try:
                remove(driver, one, (undo or {}).get(one.kind))
            except Exception as error:  # noqa: BLE001 - the others must be removed all the same
                left.append(Leftover(one, f"{type(error).__name__}: {said(error)}"))
        self.created = tuple(leftover.created for leftover in reversed(left))
        return left


def failure_of(
    journal: Journal, cause: BaseException | str, driver: Any, planned: Iterable[str] = ()
) -> PartialFailureError | None:
    """Return what the journal says is half-way, or None where nothing is."""
    created = [Created(made.kind, made.id, made.name) for made in journal.made]
    uncertain = [
        Uncertain(one.asked.kind, one.asked.verb, one.why, one.sent, one.asked.names, one.asked.token)
        for one in journal.in_doubt
    ]
    if not created and not uncertain:
        return None
    names = journal.names
    missing = [name for name in planned if name not in names]
    return PartialFailureError(
        cause, created=created, uncertain=uncertain, not_attempted=missing, driver=driver, journal=journal
    )
