"""The remediation of a half-done task by people: resume it, roll it back, or say how things stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wharfinger.ledger import missing, undo
from wharfinger.ledger.states import EntryState, TaskState
from wharfinger.ledger.verdict import Verdict
from wharfinger_server.domain import resolving, rollback
from wharfinger_server.domain.errors import FailedPrecondition, Unimplemented
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import Trigger
from wharfinger_server.engine.interface.requests import Caller
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.lifecycle.recording import change_version, entry_changed, state_changed
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.engine.use_cases.repeats import Ask, digest_of, take, taken
from wharfinger_server.engine.use_cases.tasks import REASON_LENGTH, Tasks, changed_task
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Store


class Remediation:
    """Resume, roll back, resolve. Every method raises a `Refused` that says why and what to do."""

    def __init__(self, store: Store, tasks: Tasks, scripts: Scripts, life: Lifecycle) -> None:
        self._store = store
        self._tasks = tasks
        self._scripts = scripts
        self._life = life

    async def resume(self, caller: Caller, ask: Ask, script_version: str = "") -> TaskView:
        """Let a half-done task run again with what it made; `script_version` puts it on another version.

        A task that is queued for a version which is not installed is put on the one that is, and goes on.
        """
        task = await self._tasks.visible(caller, ask.project, ask.task_id)
        script = self._scripts.get(task.spec.script)
        wanted = script_version or task.script_version
        if script is not None and not script_version and script.runs(wanted):
            wanted = script.version
        if script is None or script.version != wanted:
            raise _version_gone(task.spec.script, wanted, script.version if script else "")
        digest = digest_of("resume", script_version)

        def decide(work: UnitOfWork) -> None:
            """Queue it again."""
            before = work.task.state
            if before is TaskState.QUEUED and not script.runs(work.task.script_version):
                change_version(work, wanted)
                return
            work.task.resume()
            work.task.script_version = wanted
            if work.task.counts.total:
                ledger = work.ledger()
                ledger.begin_round()
                if script.info.can_look:
                    missing.check_all(ledger)
            state_changed(work, before, caller.creator, "resumed")

        return await self._act(caller, ask, decide, digest)

    async def roll_back(
        self,
        caller: Caller,
        ask: Ask,
        only: Sequence[str] = (),
        retain: Sequence[str] = (),
        *,
        validate_only: bool = False,
    ) -> tuple[TaskView, undo.Plan | None]:
        """Undo what a task made: all, or `only` some keys; `retain` keeps keys with what they depend on.

        With `validate_only` nothing is changed and the plan is returned too.
        """
        task = await self._tasks.visible(caller, ask.project, ask.task_id)
        script = self._scripts.get(task.spec.script)
        if script is not None and not script.info.can_undo:
            raise Unimplemented("NOT_SUPPORTED", f"{task.spec.script} has no undo", {"feature": "undo"})
        if validate_only:
            asked = self._store.change(task.id, lambda work: _plan(work, only, retain))
            plan = await changed_task(asked, task)
            return await self._tasks.get(caller, ask.project, ask.task_id), plan

        digest = digest_of("roll back", sorted(set(only)), sorted(set(retain)))

        def decide(work: UnitOfWork) -> None:
            """Begin the rollback."""
            before = work.task.state
            for entry in rollback.begin(work.task, work.ledger(), only, retain, work.now):
                entry_changed(work, entry)
            state_changed(work, before, caller.creator, "rolled back")

        return await self._act(caller, ask, decide, digest), None

    async def resolve(
        self, caller: Caller, ask: Ask, key: str, said: Verdict, external_id: str = "", reason: str = ""
    ) -> TaskView:
        """Take a person's verdict on the entry `key`."""
        why = reason[:REASON_LENGTH] or f"{key} resolved: {said.name}"

        def decide(work: UnitOfWork) -> None:
            """Take the verdict."""
            if resolving.said_already(work.ledger(), key, said, external_id):
                return
            before = work.task.state
            if said is Verdict.GONE:
                self._require_looks(work, key)
            for entry in resolving.resolve(work.task, work.ledger(), key, said, external_id, work.now):
                entry_changed(work, entry)
            state_changed(work, before, caller.creator, why)

        return await self._act(caller, ask, decide, digest_of("resolve", key, said.name, external_id))

    def _require_looks(self, work: UnitOfWork, key: str) -> None:
        """Raise Unimplemented where nobody can take the second look at `key`, of which a person says that it is gone.

        What is MISSING has been looked at.
        """
        entry = work.ledger().get(key)
        script = self._scripts.get(work.task.spec.script)
        if entry is None or not entry.owned or entry.state is not EntryState.CREATED:
            return  # it can't get that verdict anyway
        if script is not None and script.info.can_look:
            return
        raise Unimplemented(
            "NOT_SUPPORTED",
            f"{work.task.spec.script} has no `exists`, so the server can't look whether {key} is gone; "
            f"roll back only {key}, then resume",
            {"feature": "exists"},
        )

    async def _act(self, caller: Caller, ask: Ask, decide: Callable[[UnitOfWork], None], digest: str) -> TaskView:
        """Do it once in a transaction, then let the task go on. `digest` tells requests of one id apart."""
        task = await self._tasks.visible(caller, ask.project, ask.task_id)

        def once(work: UnitOfWork) -> Task:
            if taken(work.task, ask, digest):
                return work.task
            decide(work)
            take(work.task, ask, digest)
            return self._life.go_on(work)

        await self._tasks.change(task, once)
        return await self._tasks.get(caller, ask.project, ask.task_id)


def _version_gone(script: str, wanted: str, installed: str) -> FailedPrecondition:
    said = f"{script} {wanted} is asked for, {installed or 'none'} is installed; install it"
    if installed:
        said += f", or let the task go on with script_version {installed} (--script-version {installed})"
    facts = {"script": script, "version": wanted, "installed": installed or "none"}
    return FailedPrecondition("SCRIPT_VERSION_GONE", said, facts)


def _plan(work: UnitOfWork, only: Sequence[str], retain: Sequence[str]) -> undo.Plan:
    work.task.require(Trigger.ROLL_BACK)
    return undo.plan(work.ledger(), only, retain, work.now)
