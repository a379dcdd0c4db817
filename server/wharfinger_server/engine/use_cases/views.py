"""The views of stored tasks for callers: with the latest progress, why they wait, and what they left over."""

from __future__ import annotations

from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.transitions import Trigger
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.scripts.installed import Scripts
from wharfinger_server.store.store import Store

LEFT_OVER_SHOWN = 100
_ACTIONS = {Trigger.RESUME: "RESUME", Trigger.ROLL_BACK: "ROLL_BACK", Trigger.RESOLVE: "RESOLVE"}


class TaskViews:
    """Shows tasks."""

    def __init__(self, store: Store, scripts: Scripts, dispatcher: Dispatcher) -> None:
        self._store = store
        self._scripts = scripts
        self._dispatcher = dispatcher

    def brief(self, task: Task) -> TaskView:
        """Return the basic view of a task: nothing more is read."""
        return TaskView(task, progress=self._dispatcher.progress_of(task), full=False)

    async def show(self, task: Task) -> TaskView:
        """Return the full view of a task."""
        progress, estimate = self._dispatcher.progress_of(task), await self.estimate(task)
        if not task.state.half_done:
            return TaskView(task, progress, await self._dispatcher.why_waiting(task), estimate=estimate)
        entries = await self._store.entries(task.id, 0, LEFT_OVER_SHOWN, only_open=True)
        begun = await self._begun(task) if task.plan else frozenset()
        return TaskView(
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

    async def _begun(self, task: Task) -> frozenset[str]:
        keys: set[str] = set()
        after = 0
        while page := await self._store.entries(task.id, after, 1000):
            keys.update(entry.base for entry in page)
            after = page[-1].ordinal
        return frozenset(keys)
