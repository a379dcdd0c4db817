"""The protocol between a running script and the keeper of its ledger: values, and the `Session` they meet in.

Nothing here knows where the script runs. In the server's own executors a session writes to the database directly; a
worker elsewhere has one that sends the same reports over a stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import Phase
from wharfinger.runtime.redaction import Redactor
from wharfinger.script.context import Context

__all__ = [
    "Assignment",
    "Context",
    "Entry",
    "Environment",
    "Failure",
    "Intent",
    "LeaseLost",
    "Outcome",
    "Phase",
    "Progress",
    "Rejected",
    "Removal",
    "Session",
    "Stopped",
    "Succeeded",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present step is. `total` None: unknown. `eta` is seconds, None: unknown."""

    step: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    message: str = ""
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be made or changed, with all that finding and undoing it will need.

    `send_window`, `call_timeout` and `settling` are seconds: the call is never sent later than `send_window` after this
    is reported, takes at most `call_timeout`, and what it made can be listed `settling` later. `group` is the shared
    name of the parts of one call that makes several. `undo_data` is JSON text. `idempotent`: the cloud honours the
    token, so that a repeated call cannot make a second thing. `request_digest` tells whether a later attempt asks for
    the same thing. `temporary`: undone when the task is cancelled, whatever its policy.
    """

    key: str
    type: str
    request_digest: str = ""
    step: str = ""
    group: str = ""
    profile: str = ""
    region: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    undo_data: str = ""
    idempotent: bool = False
    send_window: float = 10.0
    call_timeout: float = 120.0
    settling: float = 30.0
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry as a script sees it. `state` is the API's word without its prefix: "INTENDED", "CREATED" ….

    `version` is opaque: what a finding or a look was asked about, to be given back with the answer. `number` counts
    the key's intents: what `not_sent` names the call by. `undo` is the number of its last undo, to be given back with
    what came of it.
    """

    key: str
    type: str
    state: str
    generation: int
    token: str
    external_id: str = ""
    owned: bool = True
    step: str = ""
    group: str = ""
    profile: str = ""
    region: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    undo_data: str = ""
    version: tuple[Any, ...] = ()
    number: int = 0
    undo: int = 0


@dataclass(frozen=True, slots=True)
class Environment:
    """The operator's configuration as far as scripts may use it.

    `stores` and `profiles` hold the `[stores.NAME]` and `[profiles.NAME]` tables by name, `settings` every script
    package's own table (`[image]` …) by the package's short name.
    """

    stores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt at a task. `attempt` counts RUN attempts from 1; `epoch` fences its reports.

    `ledger` holds the whole ledger as the attempt begins and `memos` the saved answers (JSON bytes by key). In phase
    SETTLE or UNDO, `targets` are the keys to look for or to undo: what is INTENDED or UNCERTAIN is looked for by its
    token, everything else looked at by its id. `redactor` knows what must never be told.
    `erased` are the places (JSON pointers) of sealed params that `params` lacks, because they were erased.
    """

    task: str
    uid: str
    epoch: int
    phase: Phase
    script: str
    attempt: int
    params: Mapping[str, Any] = field(repr=False)
    context: Context
    ledger: Sequence[Entry] = ()
    memos: Mapping[str, bytes] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    environment: Environment = field(default_factory=Environment, repr=False)
    redactor: Redactor = field(default_factory=Redactor)
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Succeeded:
    """`main` returned: `result` is a JSON object as bytes, 64 KiB at most."""

    result: bytes


@dataclass(frozen=True, slots=True)
class Stopped:
    """The attempt stopped because it was asked to."""


Outcome = Succeeded | Failure | Stopped


class LeaseLost(Exception):
    """This attempt may write nothing more: its lease ended. Stop at once; do not call out again."""


class Rejected(Exception):
    """The ledger refused a report; `failure` says why (KEY_REUSED, REQUEST_CHANGED …). It is the script's error."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Session(Protocol):
    """Where one attempt's reports become ledger entries, events and states.

    Each `async` method returns when what it reports is durable, and raises LeaseLost once the attempt is fenced. All
    are safe to call concurrently. `progress` and `log` never wait and never raise: progress is merged, log lines are
    kept in order and written before anything reported after them.
    """

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Write the intents in one commit and return their entries.

        An entry back in state CREATED was made by an earlier attempt: do not call out.

        Raises Rejected: the key was used in this attempt already, is in a state that forbids it, or asks for something
        else.
        """
        ...

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Report what the call made. From a fenced attempt it is kept as late evidence; then LeaseLost is raised."""
        ...

    async def refused(self, key: str, failure: Failure) -> None:
        """Report the provider's definite answer that it made nothing."""
        ...

    async def not_sent(self, keys: Sequence[str], number: int, failure: Failure) -> None:
        """Report that the call of the intent `number` of `keys` was not sent, and never will be; `failure` says why.

        Only the one that would have sent it may say so, once it has given up for good. Nothing was made then, and the
        same attempt may intend the keys again. It may be repeated and may come late, and counts from a fenced attempt
        too; then LeaseLost is raised. Of a group it is said of the whole call.

        Raises Rejected: it is said of a part of a group.
        """
        ...

    async def in_doubt(self, key: str, failure: Failure, *, unnamed: bool = False) -> None:
        """Report that a call's answer is not known; `unnamed`: the answer of a group call did not name this part."""
        ...

    async def adopt(self, intent: Intent, external_id: str) -> Entry:
        """Write what existed before the task: listed, not owned, never undone."""
        ...

    async def removing(self, key: str, window: float) -> Entry:
        """Write that the script is about to take `key` away in a call of `window` seconds at most; return the entry.

        Raises Rejected: it is not ours or not alive, or an earlier undo of it may still take effect.
        """
        ...

    async def removed(self, key: str, undo: int, how: Removal, failure: Failure | None = None) -> None:
        """Report what came of the undo of `key` that has the number `undo`; REFUSED and LOST with why."""
        ...

    async def found(
        self,
        key: str,
        version: tuple[Any, ...],
        ids: Sequence[str] | None,
        failure: Failure | None = None,
    ) -> None:
        """SETTLE: report all ids that carry the entry's token; None, with the failure, where `find` cannot tell.

        It counts as asked when the order to look was given, which the other side knows: an answer that came too early
        does not count, and no clock of this side says when it was (rule 34).
        """
        ...

    async def looked(
        self,
        key: str,
        version: tuple[Any, ...],
        shown: bool | None,
        state: str = "",
        failure: Failure | None = None,
    ) -> None:
        """SETTLE: report what a look at the entry's thing by its id said: shown, denied, or None: it cannot tell.

        `state` is the provider's own word for the state of what is shown, "" if it gave none; the failure says why it
        cannot be told. It counts as asked when the server gave the order for it.
        """
        ...

    async def memo(self, key: str, value: bytes) -> None:
        """Save a step's answer (JSON), given back when the task resumes."""
        ...

    async def plan(self, keys: Sequence[str]) -> None:
        """Tell all keys the script means to make, so that a partial failure can list those never begun."""
        ...

    def progress(self, progress: Progress) -> None:
        """Report progress; only the latest counts."""
        ...

    def log(self, level: int, text: str) -> None:
        """Add a line to the task's log: level 1 debug, 2 info, 3 warning, 4 error."""
        ...

    async def finish(self, outcome: Outcome) -> None:
        """End the attempt. Nothing may be reported after it but late evidence."""
        ...

    def blocking(self) -> Session:
        """Return the same session for a thread of its own: its coroutines never suspend, they block until done."""
        ...
