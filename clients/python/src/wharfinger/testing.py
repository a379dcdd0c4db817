"""Trying a script without a server: `run` runs its `main` over a small ledger in memory and shows all it did.

The ledger here keeps the rules that a script meets: intents before calls, keys, generations and tokens, memos, what a
resumed attempt finds. It knows no leases, windows or states of tasks; for those there is the server.

    import wharfinger.testing, my_scripts.deploy

    def test_deploys_two_nodes():
        done = wharfinger.testing.run(my_scripts.deploy, {"count": 2})
        assert done.result == {"nodes": 2}
        assert [entry.state for entry in done.ledger.values()] == ["CREATED", "CREATED"]
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from wharfinger import runtime
from wharfinger.runtime.protocol import (
    Assignment,
    Context,
    Entry,
    Environment,
    Failure,
    Intent,
    LeaseLost,
    Outcome,
    Phase,
    Progress,
    Rejected,
    Session,
    Stopped,
    Succeeded,
)
from wharfinger.script import inspect

_PRECONDITION = 9


class Stop:
    """Asks a script to stop: give it to `run` as `stop`, and call `request` from within the script's calls."""

    def __init__(self) -> None:
        self.requested = False
        self.reason = ""

    def request(self, reason: str = "stopped by the test") -> None:
        """Ask it to stop."""
        self.reason = reason
        self.requested = True


@dataclass(slots=True)
class Finding:
    """What `find` answered for a key: all ids, or None with the failure. `asked` is seconds since the epoch."""

    key: str
    ids: list[str] | None
    asked: float
    failure: Failure | None = None


@dataclass(slots=True)
class Done:
    """What a script did. `log` holds (level, line), with level 1 debug to 4 error; `errors` why an entry is what it is.

    `late` holds what was reported after the lease was lost, as (key, id); `history` the reports in their order, as
    (verb, key).
    """

    outcome: Outcome | None = None
    ledger: dict[str, Entry] = field(default_factory=dict)
    errors: dict[str, Failure] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)
    log: list[tuple[int, str]] = field(default_factory=list)
    memos: dict[str, bytes] = field(default_factory=dict)
    plan: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)

    @property
    def result(self) -> dict[str, Any]:
        """What `main` returned. Raises AssertionError, saying how it ended, if it did not return."""
        if not isinstance(self.outcome, Succeeded):
            raise AssertionError(f"the script did not return: {self.outcome}")
        value: dict[str, Any] = json.loads(self.outcome.result)
        return value

    @property
    def failure(self) -> Failure:
        """Why it failed. Raises AssertionError, saying how it ended, if it did not fail."""
        if not isinstance(self.outcome, Failure):
            raise AssertionError(f"the script did not fail: {self.outcome}")
        return self.outcome

    @property
    def stopped(self) -> bool:
        """Whether it ended because it was asked to stop."""
        return isinstance(self.outcome, Stopped)

    @property
    def lines(self) -> list[str]:
        """The lines of the log without their levels."""
        return [line for _, line in self.log]


class MemorySession:
    """A Session that keeps everything in a `Done`. Set `lease_lost` to let every report raise LeaseLost from then on."""

    def __init__(self, done: Done, uid: str = "test") -> None:
        self.done = done
        self.uid = uid
        self.lease_lost = False
        self.intended: set[str] = set()
        self._lock = threading.RLock()

    def blocking(self) -> Session:
        """Return itself: nothing here ever waits."""
        return self

    async def intend(self, intents: Sequence[Intent]) -> list[Entry]:
        """Write the intents, all or none."""
        with self._lock:
            self._live()
            if len({intent.key for intent in intents}) < len(intents):
                raise _rejected("KEY_REUSED", "a key stands twice in one call", intents[0].key)
            for intent in intents:
                self._may_intend(intent)
            return [self._intend(intent) for intent in intents]

    def _may_intend(self, intent: Intent) -> None:
        key, entry = intent.key, self.done.ledger.get(intent.key)
        if key in self.intended:
            raise _rejected(
                "KEY_REUSED", f"{key} was used in this attempt already; each thing needs a key of its own", key
            )
        if entry is None:
            return
        before = self.done.digests.get(key, intent.request_digest)
        if before != intent.request_digest:
            raise _rejected("REQUEST_CHANGED", f"{key} was intended before with other arguments", key)
        if entry.state not in ("CREATED", "NOT_CREATED", "UNDONE"):
            raise _rejected("KEY_REUSED", f"{key} is {entry.state}; it can't be made again before that is settled", key)

    def _intend(self, intent: Intent) -> Entry:
        self.intended.add(intent.key)
        entry = self.done.ledger.get(intent.key)
        if entry is not None and entry.state == "CREATED":
            return entry
        burnt = entry is not None and (entry.state == "UNDONE" or entry.version == ("refused",))
        generation = entry.generation + burnt if entry else 1
        self.done.digests[intent.key] = intent.request_digest
        self.done.intents[intent.key] = intent
        return self._put("intend", self._entry(intent, "INTENDED", generation))

    def _entry(self, intent: Intent, state: str, generation: int) -> Entry:
        name = f"{self.uid}\0{intent.group or intent.key}\0{generation}"
        return Entry(
            key=intent.key,
            type=intent.type,
            state=state,
            generation=generation,
            token="wf" + hashlib.sha256(name.encode()).hexdigest()[:40],
            step=intent.step,
            group=intent.group,
            profile=intent.profile,
            region=intent.region,
            attributes=dict(intent.attributes),
            depends_on=intent.depends_on,
            undo_data=intent.undo_data,
            version=(state, generation),
        )

    async def created(self, key: str, generation: int, external_id: str) -> None:
        """Write what was made; more than one id for a key becomes `KEY~1`, `KEY~2` ….

        After the lease was lost it is kept in `late`.
        """
        with self._lock:
            if self.lease_lost:
                self.done.late.append((key, external_id))
            self._live()
            entry = self.done.ledger[key]
            if entry.state in ("INTENDED", "UNCERTAIN") and entry.generation == generation:
                self._put("created", replace(entry, state="CREATED", external_id=external_id))
            elif entry.external_id != external_id:
                n = next(n for n in range(1, 1000) if f"{key}~{n}" not in self.done.ledger)
                self._put("created", replace(entry, key=f"{key}~{n}", state="UNCERTAIN", external_id=external_id))

    async def refused(self, key: str, failure: Failure) -> None:
        """Write that nothing was made: the next intent has a new token."""
        with self._lock:
            self._live()
            self.done.errors[key] = failure
            self._put("refused", replace(self.done.ledger[key], state="NOT_CREATED", version=("refused",)))

    async def in_doubt(self, key: str, failure: Failure, *, unnamed: bool = False) -> None:
        """Write that nobody knows."""
        with self._lock:
            self._live()
            self.done.errors[key] = failure
            entry = self.done.ledger[key]
            self._put("in_doubt", replace(entry, state="UNCERTAIN") if unnamed else entry)

    async def adopt(self, intent: Intent, external_id: str) -> Entry:
        """Write what was there before; a key once intended stays owned."""
        with self._lock:
            self._live()
            before = self.done.ledger.get(intent.key)
            entry = self._entry(intent, "CREATED", before.generation if before else 1)
            owned = before is not None and before.owned
            return self._put("adopt", replace(entry, external_id=external_id, owned=owned))

    async def removing(self, key: str, window: float) -> Entry:
        """Write that `key` is being taken away."""
        with self._lock:
            self._live()
            entry = self.done.ledger.get(key)
            if entry is None:
                raise _rejected("KEY_UNKNOWN", f"the ledger has no {key}", key)
            alive = entry.state in ("CREATED", "UNDOING", "UNDO_FAILED") or (
                entry.state == "UNCERTAIN" and entry.external_id
            )
            if not entry.owned or not alive:
                raise _rejected(
                    "KEY_REUSED",
                    f"{key} is {entry.state}{'' if entry.owned else ', not owned'}; it can't be removed",
                    key,
                )
            return self._put("removing", replace(entry, state="UNDOING"))

    async def removed(self, key: str, failure: Failure | None = None) -> None:
        """Write how taking it away ended."""
        with self._lock:
            self._live()
            if failure is not None:
                self.done.errors[key] = failure
            self.intended.discard(key)
            self._put("removed", replace(self.done.ledger[key], state="UNDO_FAILED" if failure else "UNDONE"))

    async def found(
        self,
        key: str,
        version: tuple[Any, ...],
        ids: Sequence[str] | None,
        asked: float,
        failure: Failure | None = None,
    ) -> None:
        """Take the answer as if settling had ended: one id or none settles the entry, None leaves it UNCERTAIN."""
        with self._lock:
            self._live()
            self.done.found.append(Finding(key, None if ids is None else list(ids), asked, failure))
            entry = self.done.ledger[key]
            if entry.version != version:
                return
            state = "UNCERTAIN" if ids is None else "CREATED" if ids else "NOT_CREATED"
            held = {e.external_id for e in self.done.ledger.values() if e.key != key and e.type == entry.type}
            mine = next((one for one in ids or () if one not in held), "")
            self._put("found", replace(entry, state=state if mine or not ids else "NOT_CREATED", external_id=mine))

    async def memo(self, key: str, value: bytes) -> None:
        """Save it."""
        with self._lock:
            self._live()
            self.done.memos[key] = value
            self.done.history.append(("memo", key))

    async def plan(self, keys: Sequence[str]) -> None:
        """Keep the plan."""
        with self._lock:
            self._live()
            self.done.plan = list(keys)

    def progress(self, progress: Progress) -> None:
        """Keep every report."""
        self.done.progress.append(progress)

    def log(self, level: int, text: str) -> None:
        """Keep every line."""
        self.done.log.append((level, text))

    async def finish(self, outcome: Outcome) -> None:
        """Keep the outcome. Raises AssertionError the second time: an attempt ends once."""
        with self._lock:
            self._live()
            if self.done.outcome is not None:
                raise AssertionError(f"the attempt ended twice: {self.done.outcome}, then {outcome}")
            self.done.outcome = outcome

    def _live(self) -> None:
        if self.lease_lost:
            raise LeaseLost("the lease of this attempt was lost")

    def _put(self, verb: str, entry: Entry) -> Entry:
        self.done.ledger[entry.key] = entry
        self.done.history.append((verb, entry.key))
        return entry


def _rejected(reason: str, message: str, key: str) -> Rejected:
    return Rejected(Failure(_PRECONDITION, reason, message, metadata={"key": key}))


@dataclass(frozen=True, slots=True)
class _Setup:
    assignment: Assignment
    session: MemorySession
    stop: Stop


def _prepare(
    module: ModuleType,
    params: Mapping[str, Any] | None,
    after: Done | None,
    phase: Phase,
    targets: Sequence[str],
    stop: Stop | None,
    environment: Environment,
    context: Context,
    name: str,
    session: MemorySession | None,
) -> _Setup:
    inspect(module)
    before = after or Done()
    done = session.done if session else Done()
    done.ledger = dict(before.ledger)
    done.memos = dict(before.memos)
    done.digests = dict(before.digests)
    assignment = Assignment(
        task="projects/test/tasks/t1",
        uid="test",
        epoch=1,
        phase=phase,
        script=name or module.__name__,
        attempt=2 if after else 1,
        params=dict(params or {}),
        context=context,
        ledger=tuple(before.ledger.values()),
        memos=dict(before.memos),
        targets=tuple(targets),
        environment=environment,
    )
    return _Setup(assignment, session or MemorySession(done), stop or Stop())


def run(
    module: ModuleType,
    params: Mapping[str, Any] | None = None,
    *,
    after: Done | None = None,
    stores: Mapping[str, Mapping[str, Any]] | None = None,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    name: str = "",
    stop: Stop | None = None,
    context: Context | None = None,
    session: MemorySession | None = None,
) -> Done:
    """Run the script's `main` once and return what it did; async mains get an event loop of their own.

    `after` is what an earlier run did: this one is then its second attempt, with its ledger and memos. `stores` and
    `profiles` are tables as in the server's configuration (`{"images": {"url": "memory://"}}`), `settings` the script
    package's own table. `name` is the script's name, by default its module's. Raises BrokenScript if the module can't be
    run at all; what the script itself raises is in the outcome.
    """
    script = name or module.__name__
    environment = Environment(stores or {}, profiles or {}, {script.partition(".")[0]: settings or {}})
    setup = _prepare(
        module, params, after, Phase.RUN, (), stop, environment, context or Context("test"), script, session
    )
    return _run(module, setup)


async def run_async(
    module: ModuleType,
    params: Mapping[str, Any] | None = None,
    *,
    after: Done | None = None,
    stores: Mapping[str, Mapping[str, Any]] | None = None,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    name: str = "",
    stop: Stop | None = None,
    context: Context | None = None,
    session: MemorySession | None = None,
) -> Done:
    """As `run`, for an async main and on the caller's loop, so that the caller may cancel it."""
    script = name or module.__name__
    environment = Environment(stores or {}, profiles or {}, {script.partition(".")[0]: settings or {}})
    setup = _prepare(
        module, params, after, Phase.RUN, (), stop, environment, context or Context("test"), script, session
    )
    await runtime.run(module, setup.assignment, setup.session, setup.stop)
    return setup.session.done


def settle(
    module: ModuleType,
    after: Done,
    *,
    keys: Sequence[str] | None = None,
    stores: Mapping[str, Mapping[str, Any]] | None = None,
    profiles: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    name: str = "",
) -> Done:
    """Ask the script's `find` for what `after` left INTENDED or UNCERTAIN, or for `keys`; return the ledger as it is then."""
    if keys is None:
        keys = [entry.key for entry in after.ledger.values() if entry.state in ("INTENDED", "UNCERTAIN")]
    script = name or module.__name__
    environment = Environment(stores or {}, profiles or {}, {script.partition(".")[0]: settings or {}})
    return _run(
        module, _prepare(module, None, after, Phase.SETTLE, keys, None, environment, Context("test"), script, None)
    )


def _run(module: ModuleType, setup: _Setup) -> Done:
    if inspect(module).colour == "async":
        asyncio.run(runtime.run(module, setup.assignment, setup.session, setup.stop))
    else:
        runtime.run_blocking(module, setup.assignment, setup.session, setup.stop)
    return setup.session.done
