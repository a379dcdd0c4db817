"""Why tasks wait: for a time of day, a length of time, their script, their executor, a key, or their turn.

`not_before` follows the wall clock, wherever that is set to. Back-off, settling and whatever else is a length of time
go by the steady clock (rule 33); people are told at which time of day that will be.
"""

from __future__ import annotations

from dataclasses import dataclass

from wharfinger.ledger.states import Phase, TaskState
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import Clock, as_text
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.scripts.installed import Scripts


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that is not over: until the steady clock or, `by_wall`, the wall clock shows `until` (microseconds)."""

    until: int
    by_wall: bool = False

    def left(self, clock: Clock) -> int:
        """Return how much of it is left."""
        return self.until - (clock.wall() if self.by_wall else clock.steady())


def wait_of(task: Task, clock: Clock) -> Wait | None:
    """Return what a task without a lease waits for now, None for nothing."""
    if task.wake_time > clock.steady():
        return Wait(task.wake_time)
    if task.state is TaskState.QUEUED and not task.must_settle and task.spec.policy.not_before > clock.wall():
        return Wait(task.spec.policy.not_before, by_wall=True)
    return None


def until(task: Task, clock: Clock) -> str:
    """Return until when a task waits and why, "" if it does not wait for a time."""
    wait = None if task.lease is not None or task.state.resting else wait_of(task, clock)
    if wait is None:
        return ""
    when = as_text(wait.until if wait.by_wall else clock.wall() + wait.until - clock.steady())
    if wait.by_wall:
        return f"not before {when}"
    if task.must_settle and not task.counts.sought:
        return f"until {when} nobody can tell whether {task.counts.looks} thing(s) are still there"
    if task.must_settle:
        return f"until {when} nobody can tell whether {task.counts.sought} thing(s) tried before exist"
    if task.state is TaskState.QUEUED:
        return f"to be tried again at {when}"
    return f"to be looked at again at {when}"


def before_its_turn(task: Task, clock: Clock, scripts: Scripts, queue: ExecutorQueue | None) -> str:
    """Return what keeps a queued task from waiting for its turn, "" for nothing: a time, its script, its executor."""
    if why := until(task, clock) or _lacks_script(task, scripts):
        return why
    if queue is None or queue.executor is None:
        why = queue.reason if queue is not None else "it is not installed"
        return f"the executor {task.executor} is not available: {why}"
    if why := unfit(task, scripts, queue):
        return f"the executor {task.executor}: {why}"
    return ""


def unfit(task: Task, scripts: Scripts, queue: ExecutorQueue) -> str:
    """Return why the executor can't run a task now, whoever's turn it is: for want of a worker; "" if it can."""
    script = scripts.get(task.spec.script)
    if script is None or queue.executor is None:
        return ""
    return queue.executor.why_not(script.name, script.version, task.project)


def _lacks_script(task: Task, scripts: Scripts) -> str:
    """Return that a task waits for a version of its script, and what can be done; "" if it does not."""
    problem = None if task.must_settle else scripts.problem(task, Phase.RUN)
    if problem is None:
        return ""
    version = scripts.resume_version(task)
    way = f", or let {version} run it: wharfinger resume {task.task_id} --script-version {version}" if version else ""
    return f"{problem.message}; install {task.spec.script} {task.script_version} and start the server again{way}"


def for_key(task: Task, holder: Task | None, *, lingers: bool) -> str:
    """Return that `task` waits for its concurrency key, and who has it; `lingers`: its attempt is over."""
    name = holder.name if holder else "another task"
    said = f"the concurrency key {task.spec.policy.concurrency_key} is held by {name}"
    if (limit := task.spec.policy.concurrency_limit) > 1:
        said += f" and others, {limit} at once at most"
    if holder is None or not lingers:
        return said
    return (
        f"{said}, which is {holder.state.name}, but whose script still works in the executor {holder.executor}; "
        "the key is free when that ends, or when the server is started again"
    )


def for_slot(task: Task, slots: int, before: int) -> str:
    """Return that `task` waits for one of so many slots, with so many tasks of its project before it."""
    return f"for one of {slots} slots of the executor {task.executor}; {before} task(s) of its project are before it"
