"""The views of stored tasks for callers: with the latest progress, why they wait, and what they left over."""

from __future__ import annotations

from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock
from wharfinger_server.domain.transitions import Trigger
from wharfinger_server.engine.execution import waits
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.window import key_of
from wharfinger_server.engine.interface.task_view import Shown
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.store.store import Store

LEFT_OVER_SHOWN = 100
_ACTIONS = {Trigger.RESUME: "RESUME", Trigger.ROLL_BACK: "ROLL_BACK", Trigger.RESOLVE: "RESOLVE"}
HALF_WAY = frozenset({TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED})


class Showing:
    """Shows tasks."""

    def __init__(self, store: Store, scripts: Scripts, dispatcher: Dispatcher, clock: Clock) -> None:
        self._store = store
        self._scripts = scripts
        self._dispatcher = dispatcher
        self._clock = clock

    def brief(self, task: Task) -> Shown:
        """Return the basic view of a task: nothing more is read."""
        return Shown(task, progress=self._progress(task), full=False)

    async def show(self, task: Task) -> Shown:
        """Return the full view of a task."""
        progress, estimate = self._progress(task), await self.estimate(task)
        if task.state is TaskState.QUEUED:
            return Shown(task, progress, await self._why_waiting(task), estimate=estimate)
        if task.state not in HALF_WAY:
            return Shown(task, progress, self._waits(task), estimate=estimate)
        entries = await self._store.entries(task.id, 0, LEFT_OVER_SHOWN, only_open=True)
        begun = await self._begun(task) if task.plan else frozenset()
        return Shown(
            task,
            progress,
            left_over=tuple(entries),
            not_attempted=tuple(key for key in task.plan if key not in begun),
            allowed_actions=self._allowed(task),
            estimate=estimate,
            resume_version=self._scripts.resume_version(task),
        )

    async def estimate(self, task: Task) -> Estimate | None:
        """Return what the task was expected to cost, as it was frozen when it was created."""
        document = await self._store.estimate(task.id) if task.spec.expected is not None else b""
        return Estimate.from_json(document) if document else None

    def _allowed(self, task: Task) -> tuple[str, ...]:
        allowed = set(task.allowed())
        if not self._scripts.undoes(task):
            allowed.discard(Trigger.ROLL_BACK.value)
        if self._scripts.get(task.spec.script) is None:
            allowed.discard(Trigger.RESUME.value)
        return tuple(name for trigger, name in _ACTIONS.items() if trigger.value in allowed)

    def _progress(self, task: Task) -> Progress | None:
        running = self._dispatcher.attempts.running.get(task.id)
        return running.attempt.progress or task.progress if running else task.progress

    async def _begun(self, task: Task) -> frozenset[str]:
        keys: set[str] = set()
        after = 0
        while page := await self._store.entries(task.id, after, 1000):
            keys.update(entry.base for entry in page)
            after = page[-1].ordinal
        return frozenset(keys)

    def _waits(self, task: Task) -> str:
        return waits.told(task, self._clock)

    async def _why_waiting(self, task: Task) -> str:
        if until := self._waits(task):
            return until
        if why := self._lacks_script(task):
            return why
        lane = self._dispatcher.lanes.get(task.executor)
        if lane is None or lane.executor is None:
            why = lane.reason if lane is not None else "it is not installed"
            return f"the executor {task.executor} is not available: {why}"
        suspects = self._dispatcher.suspects
        if suspects.hold(lane) or task.id in suspects:
            return suspects.why
        holder = self._dispatcher.keys.holder(key_of(task))
        if holder and (holder != task.id or self._dispatcher.keys.lingers(holder)):
            return (
                f"the concurrency key {task.spec.policy.concurrency_key} is held by {await self._holder(task, holder)}"
            )
        before = await self._store.queue_place(task)
        return f"for one of {lane.slots} slots of the executor {task.executor}; {before} task(s) are before it"

    def _lacks_script(self, task: Task) -> str:
        """Return that a task waits for a version of its script, and what can be done; "" if it does not."""
        problem = None if task.must_settle else self._scripts.problem(task, Phase.RUN)
        if problem is None:
            return ""
        version = self._scripts.resume_version(task)
        way = (
            f", or let {version} run it: wharfinger resume {task.task_id} --script-version {version}" if version else ""
        )
        return f"{problem.message}; install {task.spec.script} {task.script_version} and start the server again{way}"

    async def _holder(self, task: Task, holder: int) -> str:
        """Return who holds the concurrency key of `task`, and why, if its attempt is over."""
        other = task if holder == task.id else await self._store.task_by_id(holder)
        name = other.name if other else "another task"
        if other is None or not self._dispatcher.keys.lingers(holder):
            return name
        return (
            f"{name}, which is {other.state.name}, but whose script still works in the executor {other.executor}; "
            "the key is free when that ends, or when the server is started again"
        )
