"""After a crash: the tasks that ran may have ended the process. They run one at a time, until it is known of each.

Scripts share the server's process, and one that ends it (`os._exit`, a fault in a library) takes the attempts of all
others along. Which one it was shows when they run again with nothing beside them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.execution.queue import ExecutorQueue
from wharfinger_server.engine.execution.window import Waiting

SOON = 600 * SECOND
"""Others wait for a suspect that has to wait itself, if that is no longer than this."""

NAMED = 5
"""How many suspects are named in one line."""


@dataclass(slots=True, order=True)
class _Suspect:
    """One task: those that were in the most crashes come first, so that who was cleared before goes last."""

    rank: tuple[int, int, int]
    name: str = field(compare=False)
    queue: ExecutorQueue | None = field(compare=False, default=None)
    waiting: Waiting | None = field(compare=False, default=None)
    begins: int = field(compare=False, default=0)
    aside: bool = field(compare=False, default=False)


class Suspects:
    """The tasks that may have ended the process, and which of them runs now.

    `left` has those that are suspected, by task id: asked for every task. `hear` hears why others wait, or "".
    One that has run alone for `enough` microseconds is no suspect any more.
    """

    def __init__(self, hear: Callable[[str], None], enough: int, steady: Callable[[], int]) -> None:
        self.enough = enough
        self.alone = 0
        self.culprit = ""
        self.left: dict[int, _Suspect] = {}
        self._ready: list[_Suspect] = []
        self._hear = hear
        self._steady = steady
        self._told = ""

    def __contains__(self, task_id: int) -> bool:
        return task_id in self.left

    def __len__(self) -> int:
        return len(self.left)

    def add(self, task: Task) -> None:
        """Suspect a task."""
        rank = (-task.crashes, -task.spec.policy.priority, task.id)
        self.left[task.id] = _Suspect(rank, task.name)

    def clear(self, task_id: int) -> bool:
        """Suspect a task no more; False if it was not suspected."""
        if task_id == self.alone:
            self.alone = 0
        return self.left.pop(task_id, None) is not None

    def wait(self, task_id: int, left: int) -> None:
        """Note that a suspect can't begin before `left` microseconds are over."""
        self.left[task_id].begins = self._steady() + left
        self.left[task_id].waiting = None
        if task_id == self.alone:
            self.alone = 0

    def set_aside(self, task_id: int) -> None:
        """Let nobody wait for a suspect that can't begin for now; `push` has it back."""
        self.left[task_id].aside = True
        self.left[task_id].waiting = None
        if task_id == self.alone:
            self.alone = 0

    def push(self, queue: ExecutorQueue, waiting: Waiting) -> None:
        """Take a suspect that could begin now."""
        suspect = self.left[waiting.task_id]
        if waiting.task_id == self.alone:
            self.alone = 0
        if suspect.waiting is None:
            heapq.heappush(self._ready, suspect)
        suspect.queue, suspect.waiting = queue, waiting
        suspect.begins, suspect.aside = 0, False

    def next(self) -> tuple[ExecutorQueue, Waiting] | None:
        """Take the suspect that is to begin now: None while one runs, or none can. It is the one that runs then."""
        while not self.alone and self._ready:
            suspect = self._ready[0]
            queue, waiting = suspect.queue, suspect.waiting
            known = waiting is not None and self.left.get(waiting.task_id) is suspect
            if known and queue is not None and queue.free <= 0:
                return None
            heapq.heappop(self._ready)
            if known and queue is not None and waiting is not None:
                suspect.waiting = None
                self.alone = waiting.task_id
                return queue, waiting
        return None

    def hold(self, queue: ExecutorQueue) -> bool:
        """Whether nothing but suspects may begin in a queue now."""
        return bool(self.left) and queue.shares_process and self._blocking() > 0

    def _blocking(self) -> int:
        soon = self._steady() + SOON
        return sum(not suspect.aside and suspect.begins <= soon for suspect in self.left.values())

    # ------------------------------------------------------------------ what people are told

    @property
    def why(self) -> str:
        """Why others wait, in the operator's words, "" if none has to."""
        now = self.left.get(self.alone)
        return self._said(now.name if now else "", self.culprit)

    def why_told(self, project: str = "") -> str:
        """Return what a project hears of why others wait: the names of its own tasks, and of no other's."""
        now = self.left.get(self.alone)
        its = f"projects/{project}/"
        name = "" if now is None else now.name if now.name.startswith(its) else "a task of another project"
        return self._said(name, self.culprit if project and its in self.culprit else "")

    def _said(self, name: str, culprit: str) -> str:
        if not self.left or not (count := self._blocking()):
            return ""
        which = f"; now {name}" if name else ""
        culprit = f"; {culprit}" if culprit else ""
        return (
            "the server's process ended unexpectedly, and the tasks that it ran then run one at a time, with nothing "
            f"beside them, until each has ended or run for a while: {count} to go{which}{culprit}"
        )

    def report(self) -> None:
        """Tell how things stand, if that is news."""
        why = self.why
        if why != self._told:
            self._told = why
            self._hear(why)
