"""The client's errors. All derive from `WharfingerError`, pickle, and print for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from wharfinger.models import Failure, LedgerEntry, LeftoverCost, Task


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field: `field` is its path in the request, such as `task.params.stores[0]`."""

    field: str
    description: str


class WharfingerError(Exception):
    """The base of all errors of this client."""


class Unreachable(WharfingerError):
    """The server can't be reached, or did not answer in time.

    `server` is the address. `request_id` is set for what was being submitted, resumed or rolled back: it may have been
    accepted, and asking again under that id does it no second time. `hint` is what to do about it, "" where nothing is
    known to help.
    """

    def __init__(
        self, server: str, detail: str, code: str = "UNAVAILABLE", request_id: str = "", hint: str = ""
    ) -> None:
        super().__init__(f"no answer from the server at {server}: {detail}{f'; {hint}' if hint else ''}")
        self.hint = hint
        self.server = server
        self.detail = detail
        self.code = code
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.server, self.detail, self.code, self.request_id, self.hint))


class TimedOut(WharfingerError, TimeoutError):
    """The time given by the caller is over. The task is not affected and goes on."""


class Refused(WharfingerError):
    """The server refused a request.

    `code` is the canonical status ("NOT_FOUND"), `reason` a word of the API's ErrorReason ("TASK_NOT_FOUND"; empty when
    something between here and the server answered), `metadata` the facts documented with the reason, `violations` the
    fields at fault, `retry_after` how many seconds the server asks to wait, None if it does not say. `choices` are what
    a field might be instead, the likeliest first, and `allowed_states` the states of a task that would have allowed it.
    `retryable`: the same request may be asked again, after `retry_after` where that is told.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # as many as there are details
        self,
        code: str,
        reason: str,
        message: str,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        choices: Sequence[str] = (),
        allowed_states: Sequence[str] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.choices = tuple(choices)
        self.allowed_states = tuple(allowed_states)
        self.retryable = retryable

    def __str__(self) -> str:
        # A violation that the sentence tells already is not told twice.
        told = (f"{v.field}: {v.description}" for v in self.violations)
        more = [line for line in told if line not in self.message]
        return "\n  ".join([f"{self.message or self.code} [{self.reason or self.code}]", *more])

    def __reduce__(self) -> tuple[Any, ...]:
        facts = (self.metadata, self.violations, self.retry_after, self.choices, self.allowed_states, self.retryable)
        return (type(self), (self.code, self.reason, self.message, *facts))


class InvalidArgument(Refused):
    """The request is wrong whatever the state of the server; `violations` name the fields."""


class NotFound(Refused):
    """There is no such thing, or the caller may not see it."""


class AlreadyExists(Refused):
    """A task of that name exists, or the request id was used for another request."""


class FailedPrecondition(Refused):
    """The state of the thing forbids it now."""


class Aborted(Refused):
    """What the caller saw is outdated (etag): read again, then decide."""


class OutOfRange(Refused):
    """A position that the server no longer holds."""


class ResourceExhausted(Refused):
    """A limit is reached."""


class Unavailable(Refused):
    """Not now: the same request may go through later."""


class Unimplemented(Refused):
    """This server does not offer it."""


class Unauthenticated(Refused):
    """No valid token came with the request."""


class PermissionDenied(Refused):
    """The token does not allow it."""


class InternalError(Refused):
    """A fault of the server, or of something between; the server's log tells more."""


class Remedies(Protocol):
    """What a half-done task is gone on with, in a thread that may block: `wharfinger.Client` is it."""

    def rollback(self, name: str, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> Task:
        """Undo what the task made, and return it as it then is."""
        ...

    def resume(self, name: str, *, script_version: str = "") -> Task:
        """Let the task run again, and return it as it then is."""
        ...


class TaskFailed(WharfingerError):
    """The task ended without success; `task` is the task, `failure` why, None if the server did not say."""

    def __init__(self, task: Task, failure: Failure | None = None) -> None:
        super().__init__(task, failure)
        self.task = task
        self.failure = failure

    def __str__(self) -> str:
        return f"{self.task.name} ({self.task.script}) is {self.task.state}: {self.failure or 'no reason was given'}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.task, self.failure))


class TaskCancelled(TaskFailed):
    """The task was cancelled, and nothing is left over."""


class RolledBack(TaskFailed):
    """What the task had made was undone on somebody's request; nothing is left over but what they retained.

    `failure` is why the task had failed before that, None if it had not.
    """

    def __str__(self) -> str:
        before = f"; before that it failed: {self.failure}" if self.failure else ""
        return f"{self.task.name} ({self.task.script}) is {self.task.state}{before}"


class PartialFailure(TaskFailed):
    """The task stopped half-way and something may be alive.

    `left_over` is every such entry of the ledger, in the order of intent: `created` those that exist (also where
    undoing failed), `uncertain` those of which nobody can tell. `not_attempted` are planned keys that were never begun
    (the first 100). `total_left_over` counts the leftovers, `cost` says what they cost (None: nobody knows),
    `allowed_actions` what can be done now: "RESUME", "ROLL_BACK", "RESOLVE", and `resume_version` the
    script's version that RESUME has to name, "" for none. `rollback_failure` is why its latest
    rollback stopped, None unless the task is ROLLBACK_FAILED. `server` is the address of the server that told it.

    `rollback` and `resume` do what they say by the client that is given, which blocks; else by the one that raised this
    error, while it is open and blocks; else by a new connection to the same `server`, with what else it needs (token,
    authorities) from the environment. The error pickles without its client. In asyncio use
    `await client.rollback(error.task.name)`.
    """

    def __init__(  # noqa: PLR0913
        self,
        task: Task,
        failure: Failure | None = None,
        left_over: Sequence[LedgerEntry] = (),
        not_attempted: Sequence[str] = (),
        *,
        cost: LeftoverCost | None = None,
        allowed_actions: Sequence[str] = (),
        failed_step: str = "",
        retryable: bool = False,
        server: str = "",
        resume_version: str = "",
        remedies: Remedies | None = None,
    ) -> None:
        super().__init__(task, failure)
        self.resume_version = resume_version
        self.left_over = tuple(left_over)
        self.not_attempted = tuple(not_attempted)
        self.cost = cost
        self.allowed_actions = tuple(allowed_actions)
        self.failed_step = failed_step
        self.retryable = retryable
        self.server = server
        self._remedies = remedies

    @property
    def created(self) -> tuple[LedgerEntry, ...]:
        """The leftovers that exist."""
        return tuple(resource for resource in self.left_over if not resource.state.uncertain)

    @property
    def uncertain(self) -> tuple[LedgerEntry, ...]:
        """The leftovers of which nobody can tell whether they exist."""
        return tuple(resource for resource in self.left_over if resource.state.uncertain)

    @property
    def total_left_over(self) -> int:
        """How many things may be alive."""
        return len(self.left_over)

    @property
    def rollback_failure(self) -> Failure | None:
        """Why the latest rollback stopped, None if there was none that did."""
        return self.task.rollback_failure

    def to_dict(self) -> dict[str, Any]:
        """Return what is left over as what JSON has: the attributes of this error, but for the task."""
        from wharfinger._model import plain

        told = ("failure", "rollback_failure", "failed_step", "retryable", "created", "uncertain", "not_attempted",
                "total_left_over", "cost", "allowed_actions", "resume_version")  # fmt: skip
        return {name: plain(getattr(self, name)) for name in told}

    def rollback(self, client: Remedies | None = None, *, only: Iterable[str] = (), retain: Iterable[str] = ()) -> Task:
        """Undo what the task made: as `Client.rollback`, which says what it raises.

        It returns at once, and the task is then ROLLING_BACK; `Client.wait` waits for the end.
        """
        return self._by(client).rollback(self.task.name, only=only, retain=retain)

    def resume(self, client: Remedies | None = None, *, script_version: str = "") -> Task:
        """Let the task run again with what it made: as `Client.resume`, which says what it raises.

        It returns at once, and the task is then QUEUED; `Client.wait` waits for the end.
        """
        return self._by(client).resume(self.task.name, script_version=script_version)

    def _by(self, client: Remedies | None) -> Remedies:
        chosen = client or self._remedies
        if chosen is None:
            raise WharfingerError("this error was not raised by a client; say by which to do it: `client=`")
        return chosen

    def __str__(self) -> str:
        from wharfinger.report import partial_failure_report

        return partial_failure_report(self)

    def __reduce__(self) -> tuple[Any, ...]:
        named = {
            "cost": self.cost,
            "allowed_actions": self.allowed_actions,
            "failed_step": self.failed_step,
            "retryable": self.retryable,
            "server": self.server,
            "resume_version": self.resume_version,
            "remedies": self._remedies,
        }
        return (_partial_failure, (self.task, self.failure, self.left_over, self.not_attempted, named))


def _partial_failure(*parts: Any) -> PartialFailure:
    *positional, named = parts
    return PartialFailure(*positional, **named)
