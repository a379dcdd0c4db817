"""SETTLE: looking for what may have been made, by its token, and at what is known, by its id."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from wharfinger.runtime import reasons
from wharfinger.runtime.calls import Calls
from wharfinger.runtime.endings import Stop, failure_of
from wharfinger.runtime.limits import check_whole, fault_of_id
from wharfinger.runtime.making import as_resource
from wharfinger.runtime.protocol import Assignment, Entry, Failure, LeaseLost, Outcome, Session, Stopped, Succeeded
from wharfinger.runtime.script_module import ScriptModule
from wharfinger.runtime.text import clean
from wharfinger.script.errors import Cancelled, Failed
from wharfinger.script.resource import ResourceType

_TRIES = 3
_PAUSE = 0.5
_WIDTH = 8
_STATE_LENGTH = 200
_BY_TOKEN = frozenset({"INTENDED", "UNCERTAIN"})
"""States of what is looked for by its token; everything else is looked at by its id."""


class Attempt(Protocol):
    """What looking needs of the attempt that it is."""

    script: ScriptModule
    assignment: Assignment
    session: Session
    stop: Stop
    task: Any
    calls: Calls


async def look_at_all(attempt: Attempt) -> Outcome:
    """SETTLE: look for, or at, every target, and report what was seen."""
    look = _Looks(attempt)
    ledger = {entry.key: entry for entry in attempt.assignment.ledger}
    await attempt.calls.each(look.one, [ledger[key] for key in attempt.assignment.targets if key in ledger], _WIDTH)
    return Stopped() if attempt.stop.requested else Succeeded(b"{}")


class _Looks:
    """The looks of one attempt."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._script = attempt.script
        self._session = attempt.session
        self._told: set[str] = set()

    async def one(self, entry: Entry) -> None:
        """Look for, or at, one thing, and report it."""
        if self._attempt.stop.requested:
            return
        await (self._for(entry) if entry.state in _BY_TOKEN else self._at(entry))

    async def _for(self, entry: Entry) -> None:
        find = self._script.find
        if find is None:
            why = f"{self._script.name} has no `find`: a person must look whether {entry.key} exists"
            unknown = Failure(reasons.UNKNOWN, "RESOURCE_UNCERTAIN", why, metadata={"key": entry.key})
            await self._session.found(entry.key, entry.version, None, unknown)
            return
        ids, failure = await self._tried("find", lambda: self._ids(find, entry))
        await self._session.found(entry.key, entry.version, ids, failure)

    async def _at(self, entry: Entry) -> None:
        exists = self._script.exists
        if exists is None:
            why = f"{self._script.name} has no `exists`: it cannot look at {entry.key} by its id"
            unknown = Failure(reasons.UNIMPLEMENTED, "NOT_SUPPORTED", why, metadata={"feature": "exists"})
            await self._session.looked(entry.key, entry.version, None, failure=unknown)
            return
        said, failure = await self._tried("exists", lambda: self._said(exists, entry))
        shown, state = said if said is not None else (None, "")
        await self._session.looked(entry.key, entry.version, shown, state, failure)

    async def _tried(self, what: str, ask: Callable[[], Awaitable[Any]]) -> tuple[Any, Failure | None]:
        """Return the answer or, where there is none, why."""
        failure: Failure | None = None
        for tried in range(_TRIES):
            if tried:
                await self._attempt.calls.pause(_PAUSE * tried)
            try:
                return await ask(), None
            except (LeaseLost, Cancelled, asyncio.CancelledError):
                raise
            # Whatever else it raises means "can't tell"; SystemExit would leave its task and end the loop.
            except BaseException as error:  # noqa: BLE001
                failure = failure_of(error, self._script.module)
                self._log_once(what, failure.message)
        return None, failure

    async def _ask(self, function: Callable[..., Any], entry: Entry) -> Any:
        rules = self._script.resource_types.get(entry.type, ResourceType())
        task = self._attempt.task
        return await self._attempt.calls.call(function, task, as_resource(entry), timeout=rules.call_timeout)

    async def _ids(self, find: Callable[..., Any], entry: Entry) -> list[str]:
        answer = await self._ask(find, entry)
        if isinstance(answer, str) or not isinstance(answer, (list, tuple, set, frozenset)):
            kind = type(answer).__qualname__
            raise Failed(
                f"find returned {kind}, not a list of ids ([] when there is none)", reason="SCRIPT_RESULT_INVALID"
            )
        for one in answer:
            if not isinstance(one, str) or not one.strip():
                raise Failed(
                    f"find returned {one!r} among the ids; each must be a non-empty str", reason="SCRIPT_RESULT_INVALID"
                )
            if fault := fault_of_id(one):
                raise Failed(f"find returned {fault}", reason="SCRIPT_RESULT_INVALID")
        return list(answer)

    async def _said(self, exists: Callable[..., Any], entry: Entry) -> tuple[bool, str]:
        """Return whether it is there, and the provider's word for its state."""
        check_whole(entry.key, entry.external_id)
        answer = await self._ask(exists, entry)
        if isinstance(answer, bool):
            return answer, ""
        if isinstance(answer, str) and answer.strip():
            return True, clean(answer.strip(), _STATE_LENGTH)
        raise Failed(
            f"exists returned {answer!r}; it must return True or the provider's word for the state where the thing is "
            "there, False where the provider says that there is none, and raise where it can't tell",
            reason="SCRIPT_RESULT_INVALID",
        )

    def _log_once(self, what: str, why: str) -> None:
        """Log why a look could not tell: many ask the same cloud, and all fail for one cause."""
        if why not in self._told:
            self._told.add(why)
            self._session.log(1, f"{what}: {why}")
