"""The `task` that a script's `main` is given, in its two colours over the same verbs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from wharfinger.runtime import profiles, stores
from wharfinger.runtime.calls import Awaited, Direct, drive
from wharfinger.runtime.endings import Stop
from wharfinger.runtime.making import AsyncMaking, PlainMaking
from wharfinger.runtime.protocol import Assignment, Session
from wharfinger.runtime.script_module import ScriptModule
from wharfinger.runtime.steps import Step
from wharfinger.runtime.text import clean
from wharfinger.runtime.verbs import Verbs
from wharfinger.script import facade as contract
from wharfinger.script.context import Context
from wharfinger.script.errors import Failed
from wharfinger.script.schema import unquoted

P = ParamSpec("P")
T = TypeVar("T")

_LEVELS = {"debug": 1, "info": 2, "warning": 3, "warn": 3, "error": 4}


class Facts:
    """What a task is and may read; see `wharfinger.script.AsyncTask` for each."""

    def __init__(
        self, script: ScriptModule, assignment: Assignment, session: Session, stop: Stop, verbs: Verbs
    ) -> None:
        self.script = script
        self._assignment = assignment
        self._session = session
        self._stop = stop
        self._verbs = verbs
        self._params: Any = None
        verbs.owner = self

    def __repr__(self) -> str:
        return f"<task {self.name}, attempt {self.attempt}>"

    @property
    def name(self) -> str:
        """The task's resource name."""
        return self._assignment.task

    @property
    def params(self) -> Any:
        """An instance of the module's `Params`, or a dict. Raises Failed PARAMS_INVALID if `Params` refuses them."""
        if self._params is None:
            try:
                self._params = self.script.params(self._assignment.params)
            except Exception as error:  # noqa: BLE001 - a Params class raises what it likes
                # Not chained: what such errors quote may be a part of a sealed value.
                raise Failed(self._misfit(error), reason="PARAMS_INVALID") from None
        return self._params

    def _misfit(self, error: Exception) -> str:
        erased = self._assignment.erased
        if erased:
            gone = f"{len(erased)} sealed params were erased when the task ended, {erased[0]} among them"
            return f"without them the params do not make a {self.script.name}.Params: {gone}; use resource.undo_data"
        return f"the params do not make a {self.script.name}.Params: {unquoted(error)}"

    @property
    def context(self) -> Context:
        """Project, creator, deadline, labels and trace of the request."""
        return self._assignment.context

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._assignment.attempt

    @property
    def cancelled(self) -> bool:
        """Whether the task was asked to stop."""
        return self._stop.requested

    @property
    def settings(self) -> Mapping[str, Any]:
        """The operator's table for this script package, by its short name: the script's up to the first dot."""
        return MappingProxyType(
            dict(self._assignment.environment.settings.get(self._assignment.script.partition(".")[0], {}))
        )

    def step(self, name: str, *, total: int | None = None, unit: str = "", message: str = "", done: int = 0) -> Step:
        """Begin a step."""
        return Step(self, self._session.progress, name, total=total, unit=unit, message=message, done=done)

    def notify(self, text: str, level: str | int = "info") -> None:
        """Add a line to the task's log. Raises ValueError for a level that there is none of."""
        number = _level(level)
        for line in str(text).splitlines() or [""]:
            self._session.log(number, clean(line, 8192))

    def hide(self, secret: str) -> None:
        """Keep `secret` out of all that is told of the task from now on."""
        self._assignment.redactor.add(secret)

    def store(self, name: str) -> stores.Store:
        """Open the object store `[stores.NAME]`."""
        return stores.open_store(name, self._assignment.environment.stores)

    def cloud(self, profile: str) -> Mapping[str, Any]:
        """Return the cloud account `[profiles.NAME]`."""
        return profiles.profile(profile, self._assignment.environment.profiles)


def _level(level: str | int) -> int:
    if isinstance(level, int):
        return 4 if level >= logging.ERROR else 3 if level >= logging.WARNING else 2 if level >= logging.INFO else 1
    found = _LEVELS.get(str(level).lower())
    if found is None:
        raise ValueError(f"there is no log level {level!r}; use debug, info, warning or error")
    return found


class AsyncTask(Facts):
    """The `task` of an `async def main(task)`."""

    def __init__(self, script: ScriptModule, assignment: Assignment, session: Session, stop: Stop) -> None:
        verbs = Verbs(script, assignment, session, stop, Awaited(), AsyncMaking)
        super().__init__(script, assignment, session, stop, verbs)
        self.plan = verbs.plan
        self.create = verbs.create
        self.create_many = verbs.create_many
        self.adopt = verbs.adopt
        self.remove = verbs.remove
        self.once = verbs.once


def _blocking(verb: Callable[Concatenate[Verbs, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[PlainTask, P], T]:
    @functools.wraps(verb)
    def method(self: PlainTask, /, *arguments: P.args, **options: P.kwargs) -> T:
        return drive(verb(self._verbs, *arguments, **options))

    return method


class PlainTask(Facts):
    """The `task` of a plain `def main(task)`; its session is a blocking one."""

    def __init__(self, script: ScriptModule, assignment: Assignment, session: Session, stop: Stop) -> None:
        super().__init__(
            script, assignment, session, stop, Verbs(script, assignment, session, stop, Direct(), PlainMaking)
        )

    plan = _blocking(Verbs.plan)
    create = _blocking(Verbs.create)
    create_many = _blocking(Verbs.create_many)
    adopt = _blocking(Verbs.adopt)
    remove = _blocking(Verbs.remove)
    once = _blocking(Verbs.once)


if TYPE_CHECKING:
    # What scripts are promised is what they get: mypy holds the two against each other.
    def _promised_async(task: AsyncTask) -> contract.AsyncTask:
        return task

    def _promised_plain(task: PlainTask) -> contract.Task:
        return task
