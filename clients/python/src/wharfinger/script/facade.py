"""The `task` that a script is given, as types: `AsyncTask` for an `async def main`, `Task` for a plain one.

The verbs are the same. In an async script those that report something durable are awaited; `step`, `notify` and all
that only reads are plain in both, because they never wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from wharfinger.script.context import Context
from wharfinger.script.resource import Resource
from wharfinger.script.stores import Store

T = TypeVar("T")
Attributes = Mapping[str, str]


class HasId(Protocol):
    """Something made, that carries its id, such as a libcloud Node."""

    @property
    def id(self) -> str:
        """The provider's id."""
        ...


Made = str | HasId | None
"""What a `create` call returns: the id, or an object with one; None after `intent.created(id)`."""


class _Intent(Protocol):
    """What a `create` call is given: the thing is in the ledger as INTENDED, and this names it."""

    @property
    def key(self) -> str:
        """The script's name for the thing."""
        ...

    @property
    def token(self) -> str:
        """Send this as the idempotency token, or put it on the thing as a tag: 42 lower-case letters and digits."""
        ...

    @property
    def generation(self) -> int:
        """Rises by one when what was made before under the key was undone or definitely refused."""
        ...

    @property
    def attributes(self) -> Attributes:
        """As given to `create`."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds that the call may take: an async one is cancelled then, a plain one gives this to its client."""
        ...


class Intent(_Intent, Protocol):
    """What the call of a plain `create` is given."""

    def created(self, external_id: str) -> None:
        """Report the id at once, before waiting until the thing is ready: whatever fails then, it exists."""
        ...


class AsyncIntent(_Intent, Protocol):
    """What the call of an async `create` is given."""

    async def created(self, external_id: str) -> None:
        """Report the id at once, before waiting until the thing is ready: whatever fails then, it exists."""
        ...


class Step(Protocol):
    """One step of the work, with its progress. Reporting costs next to nothing: call it as often as you like.

    Use it as `with task.step("copy", total=size, unit="bytes") as step:`. What is created inside carries the step's
    name, and so does an error that leaves the block. Without `with` the step lasts until the next one.
    """

    @property
    def name(self) -> str:
        """The step's name."""
        ...

    @property
    def done(self) -> int:
        """How much is done."""
        ...

    @property
    def total(self) -> int | None:
        """How much there is to do; None: not known."""
        ...

    def advance(self, by: int = 1, message: str | None = None) -> None:
        """Report that `by` more is done; `message` replaces the step's message."""
        ...

    def progress(self, done: int | None = None, *, total: int | None = None, message: str | None = None) -> None:
        """Report how much is done in all. What is left out stays as it is."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class _Facts(Protocol):
    """What both colours of task have."""

    @property
    def name(self) -> str:
        """The task's resource name, `projects/{project}/tasks/{task}`."""
        ...

    @property
    def params(self) -> Any:
        """The params: an instance of the module's `Params`, where one can be made of them; otherwise a dict."""
        ...

    @property
    def context(self) -> Context:
        """Project, creator, deadline, labels and trace of the request."""
        ...

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether the task was asked to stop. A script that works long on its own looks here and raises Cancelled."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """The operator's table for this script package (`[image]` for `image.import`); empty where there is none."""
        ...

    def step(self, name: str, *, total: int | None = None, unit: str = "", message: str = "", done: int = 0) -> Step:
        """Begin a step. `total` None: not known. `done`: what an earlier attempt has done of it."""
        ...

    def notify(self, text: str, level: str | int = "info") -> None:
        """Add to the task's log; `level` is "debug", "info", "warning" or "error", or a number of `logging`."""
        ...

    def hide(self, secret: str) -> None:
        """Keep `secret` out of all that is told of the task from now on: log, errors, result, ledger.

        Sealed params and the credentials of profiles and stores are hidden already; this is for what the script gets
        elsewhere, such as a token. Less than 6 characters can't be hidden.
        """
        ...

    def store(self, name: str) -> Store:
        """Open the object store configured as `[stores.NAME]`. Raises Failed: UNKNOWN_STORE, STORE_MISCONFIGURED."""
        ...

    def cloud(self, profile: str) -> Mapping[str, Any]:
        """Return the configured cloud account `[profiles.NAME]`. Raises Failed: UNKNOWN_PROFILE."""
        ...


class AsyncTask(_Facts, Protocol):
    """What an `async def main(task)` is given. Calls passed in may be async or plain; plain ones block the loop."""

    async def plan(self, keys: Iterable[str]) -> None:
        """Tell all keys that will be made, so that a partial failure can list those never begun."""
        ...

    async def create(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        call: Callable[[AsyncIntent], Awaitable[Made] | Made],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> str:
        """Make one thing: write the intent, call `call(intent)`, write what it made, and return the id.

        Where an earlier attempt made it, its id is returned and nothing is called. `attributes` are a few facts to know
        the thing by (no secrets), `after` the keys it was built upon, `undo_data` any JSON that undoing it will need.

        Raises Cancelled before anything is written if the task was asked to stop; Failed with the provider's reason if
        `call` raised Refused; NotSent if it raised that, or if the ledger took longer than the type's `send_window`
        time after time: nothing was made, and the key may be created again; Failed RESOURCE_UNCERTAIN if it raised
        anything else, took longer than the type's `call_timeout` or returned no id: then nobody knows whether the thing
        exists, and the ledger says so.
        """
        ...

    async def create_many(
        self,
        type: str,  # noqa: A002 - the contract's word
        keys: Sequence[str],
        call: Callable[[list[AsyncIntent]], Awaitable[Mapping[str, str] | None] | Mapping[str, str] | None],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | Callable[[str], Attributes] | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> dict[str, str]:
        """Make several things in one call. `call(intents)` returns the id of each key; all intents share one token.

        It is given only what does not exist yet. `attributes` may be a function of the key. Raises as `create`; keys
        that the answer does not name are UNCERTAIN, and Failed RESOURCE_UNCERTAIN is raised after all others were
        written.
        """
        ...

    async def adopt(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        external_id: str,
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
    ) -> str:
        """List a thing that was there before the task; it is never undone. Returns its id."""
        ...

    async def remove(self, key: str, call: Callable[[Resource], Awaitable[object] | object] | None = None) -> bool:
        """Take away what the script made, by `call(resource)` or else by the script's `undo`.

        Returns whether it is gone for good: False where the answer was ACCEPTED or NOT_FOUND, so that the server looks
        by id before the task runs again or ends. What `call` raises is written to the ledger as the reason, and raised.
        """
        ...

    async def once(self, key: str, call: Callable[[], Awaitable[T] | T]) -> T:
        """Return what `call` returned (JSON), saved: when the task runs again the saved answer is returned.

        It may run more than once all the same, where the attempt dies before the answer is saved: only for calls that
        leave nothing behind.
        """
        ...


class Task(_Facts, Protocol):
    """What a plain `def main(task)` is given: the verbs of AsyncTask, each returning when it is done."""

    def plan(self, keys: Iterable[str]) -> None:
        """As AsyncTask.plan."""
        ...

    def create(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        call: Callable[[Intent], Made],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> str:
        """As AsyncTask.create; nothing can interrupt a plain call, so give `intent.timeout` to its client."""
        ...

    def create_many(
        self,
        type: str,  # noqa: A002 - the contract's word
        keys: Sequence[str],
        call: Callable[[list[Intent]], Mapping[str, str] | None],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | Callable[[str], Attributes] | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> dict[str, str]:
        """As AsyncTask.create_many."""
        ...

    def adopt(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        external_id: str,
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
    ) -> str:
        """As AsyncTask.adopt."""
        ...

    def remove(self, key: str, call: Callable[[Resource], object] | None = None) -> bool:
        """As AsyncTask.remove."""
        ...

    def once(self, key: str, call: Callable[[], T]) -> T:
        """As AsyncTask.once."""
        ...
