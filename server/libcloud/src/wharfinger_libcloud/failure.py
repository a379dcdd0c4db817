"""The error that says what exists, what may exist, and what was never tried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from libcloud.common.types import LibcloudError

from wharfinger_libcloud.journal import Journal
from wharfinger_libcloud.removal import PATIENCE, take_away
from wharfinger_libcloud.wording import said

Undo = Mapping[str, Callable[[Any, "Created"], object]]


@dataclass(frozen=True)
class Created:
    """A thing that exists: its kind ("node", "volume", "address", or the service's own word), id and name if known.

    `within` is the id of what it is part of, as a record's zone, or the place it is in. `thing` is libcloud's object
    where it is known, `of` the one that it belongs to, and `driver` the driver that made it; a pickle holds none of the
    three, which know the account's secret.
    """

    kind: str
    id: str
    name: str = ""
    within: str = field(default="", compare=False)
    thing: Any = field(default=None, compare=False, repr=False)
    driver: Any = field(default=None, compare=False, repr=False)
    of: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" + (f" ({self.name})" if self.name else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return Created, (self.kind, self.id, self.name, self.within)


@dataclass(frozen=True, slots=True)
class Changed:
    """A request that changed what was there before, or may have: nobody's to delete."""

    kind: str
    request: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        named = f" for {', '.join(self.names)}" if self.names else ""
        return f"{self.kind}: {self.request}{named}"


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


class PartialFailureError(LibcloudError):
    """A call stopped half-way: things exist, or may exist. The error that stopped it is its `__cause__`.

    It is of the cause's class as well, so that who waits for a DeploymentError gets it. `created` lists what exists,
    oldest first; `uncertain` the requests that may have made something unknown; `changed` those that changed what was
    there; `not_attempted` the names of `planned` that no request asked for; `journal` has every change sent, redacted.
    """

    def __init__(
        self,
        cause: BaseException | str,
        *,
        created: Iterable[Created] = (),
        uncertain: Iterable[Uncertain] = (),
        changed: Iterable[Changed] = (),
        not_attempted: Iterable[str] = (),
        driver: Any = None,
        journal: Journal | None = None,
    ) -> None:
        Exception.__init__(self)
        self._fill(cause, created, uncertain, changed, not_attempted)
        self.driver = driver
        self.journal = journal

    def _fill(self, cause: BaseException | str, *lists: Iterable[Any]) -> None:
        self.created: tuple[Created, ...] = tuple(lists[0])
        self.uncertain: tuple[Uncertain, ...] = tuple(lists[1])
        self.changed: tuple[Changed, ...] = tuple(lists[2])
        self.not_attempted: tuple[str, ...] = tuple(lists[3])
        self.reason = cause if isinstance(cause, str) else f"{type(cause).__name__}: {said(cause)}"
        self.value = self.reason
        self.args = (self.reason,)

    def __str__(self) -> str:
        parts = [self.reason]
        parts += [f"created: {one}" for one in self.created]
        parts += [f"uncertain: {one}" for one in self.uncertain]
        parts += [f"changed: {one}" for one in self.changed]
        if self.not_attempted:
            parts.append(f"not attempted: {', '.join(self.not_attempted)}")
        return "\n  ".join(parts)

    def __repr__(self) -> str:
        return f"<PartialFailureError in {self.driver!r} {self.reason!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        lists = (self.created, self.uncertain, self.changed, self.not_attempted)
        return _again, (self.reason, *lists)

    def rollback(self, driver: Any = None, *, undo: Undo | None = None, patience: float = PATIENCE) -> list[Leftover]:
        """Remove what was created, newest first, past failures; return what could not be removed, [] if all is gone.

        Each thing is removed by the driver that made it, by `driver` where that is not known. What is gone already
        counts as removed. What the cloud has taken the order to remove is looked at until it is gone, for `patience`
        seconds in all. `undo` maps a kind to `function(driver, created)` for kinds that this package can't remove, or
        shall not. Afterwards `created` holds only what is left, so that it may be called again. What is uncertain is
        not touched: nobody guesses. Raises ValueError where there is no driver.
        """
        driver = driver if driver is not None else self.driver
        if driver is None and any(one.driver is None for one in self.created):
            raise ValueError("rollback needs a driver: give it the one that the things were made with")
        left: list[Leftover] = []
        for one in reversed(self.created):
            try:
                own = one.driver if one.driver is not None else driver
                take_away(own, one, (undo or {}).get(one.kind), patience=patience)
            except Exception as error:  # noqa: BLE001 - the others must be removed all the same
                left.append(Leftover(one, f"{type(error).__name__}: {said(error)}"))
        self.created = tuple(leftover.created for leftover in reversed(left))
        return left


def _again(reason: str, *lists: Any) -> PartialFailureError:
    created, uncertain, changed, not_attempted = lists
    return PartialFailureError(
        reason, created=created, uncertain=uncertain, changed=changed, not_attempted=not_attempted
    )


def failure_of(
    journal: Journal, cause: BaseException | str, driver: Any, planned: Iterable[str] = ()
) -> PartialFailureError | None:
    """Return what the journal says is half-way, or None where nothing is."""
    created = [
        Created(made.kind, made.id, made.name, made.within, made.thing, made.driver, made.of) for made in journal.made
    ]
    uncertain = [
        Uncertain(one.kind, one.asked.verb, one.why, one.sent, one.names, one.asked.token) for one in journal.in_doubt
    ]
    if not created and not uncertain:
        return None
    changed = [Changed(one.kind, one.asked.verb, one.names) for one in journal.changed]
    names = journal.names
    lists = {
        "created": created,
        "uncertain": uncertain,
        "changed": changed,
        "not_attempted": [name for name in planned if name not in names],
    }
    failure = _of_its_class(cause)
    PartialFailureError.__init__(failure, cause, **lists, driver=driver, journal=journal)  # type: ignore[arg-type]
    return failure


def _of_its_class(cause: BaseException | str) -> PartialFailureError:
    """Return an error that still reaches the `except` of its cause, with the cause's own attributes."""
    if not isinstance(cause, Exception):
        return PartialFailureError.__new__(PartialFailureError)
    own = type(cause)
    try:
        if own in (Exception, LibcloudError):
            raise TypeError
        mixed = type("PartialFailureError", (PartialFailureError, own), {"__module__": __name__})
        failure: PartialFailureError = mixed.__new__(mixed, *cause.args)
    except Exception:  # noqa: BLE001 - classes that can't be joined, or made so: the cause is told all the same
        return PartialFailureError.__new__(PartialFailureError)
    for name, value in vars(cause).items():
        if name not in ("created", "uncertain", "changed", "journal"):
            setattr(failure, name, value)
    return failure
