"""What the server holds in memory of a running attempt: its progress, its unwritten log lines, its used keys."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from wharfinger.ledger.failure import Failure
from wharfinger.ledger.progress import Progress
from wharfinger.ledger.states import Phase
from wharfinger.runtime.redaction import Redactor
from wharfinger_server.domain.errors import FailedPrecondition
from wharfinger_server.domain.estimate import CostItem, Estimate
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.params.schema import ObjectSchema

LINE_LIMIT = 4096
"""The longest log line kept, in characters; the rest of it is cut off."""
LINE_COST = 64
"""What a line costs of the task's log limit beyond its text, in bytes."""


class Attempt:
    """One attempt while it runs. `stirred` is called, from any thread, when there is something new to write soon.

    `expired` holds the failure of an attempt that was asked to stop because its time was up; `given_up` that of one
    which the server gives up because it ends, and whether the script may then run again. `log_limit` is in bytes.
    `results` is what its result must match, None: any object goes. `overflowed`: some of its log lines were dropped.
    `redactor` knows the secrets that none of its reports may carry on. `resumable`: its script may run again.
    """

    def __init__(
        self,
        task: Task,
        phase: Phase,
        log_limit: int,
        stirred: Callable[[Attempt], None],
        results: ObjectSchema | None = None,
        redactor: Redactor | None = None,
        *,
        resumable: bool = False,
    ) -> None:
        self.task = task
        self.phase = phase
        self.results = results
        self.resumable = resumable
        self.redactor = redactor if redactor is not None else Redactor()
        self.epoch = task.epoch
        self.expired: Failure | None = None
        self.given_up: tuple[Failure, bool] | None = None
        self.progress: Progress | None = None
        self.unsaved = False
        self.unshown = False
        self.log_limit = log_limit
        self.overflowed = False
        self._stirred = stirred
        self._costs: dict[str, CostItem] | None = None
        self._used: dict[str, tuple[str, ...]] = {}
        self._lines: deque[tuple[int, str]] = deque()
        self._size = 0
        self._dropped = 0
        # A thread may take it again: a report that nobody awaits any more puts its lines back when it is collected as
        # garbage, which may be in the middle of another one.
        self._lock = threading.RLock()

    def use_keys(self, keys: Sequence[str]) -> None:
        """Take keys for this attempt. Raises FailedPrecondition KEY_REUSED for one taken before (rule 4)."""
        with self._lock:
            together = tuple(keys)
            fresh: dict[str, tuple[str, ...]] = {}
            for key in together:
                if key in self._used or key in fresh:
                    raise FailedPrecondition(
                        "KEY_REUSED",
                        f"the key {key} is used twice in one attempt; every thing needs a key of its own",
                        {"key": key},
                    )
                fresh[key] = together
            self._used |= fresh

    def used_with(self, keys: Sequence[str]) -> list[str]:
        """Return `keys`, and all that were taken together with one of them."""
        with self._lock:
            return list(dict.fromkeys(one for key in keys for one in (key, *self._used.get(key, ()))))

    def free_keys(self, keys: Sequence[str]) -> None:
        """Let this attempt use `keys` once more: what it made under them is undone, or was never sent (rule 4)."""
        with self._lock:
            for key in keys:
                self._used.pop(key, None)

    def cost_of(self, key: str, estimate: Callable[[], bytes]) -> CostItem | None:
        """Return the line of the task's estimate that has the price of `key`; `estimate` returns its document."""
        if self._costs is None:
            document = estimate()
            items = Estimate.from_json(document).items if document else ()
            self._costs = {item.what: item for item in items if item.hourly is not None}
        return self._costs.get(key)

    def report_progress(self, progress: Progress) -> None:
        """Keep the latest progress, to be shown and saved soon."""
        self.progress = progress
        if not self.unshown:
            self.unsaved = self.unshown = True
            self._stirred(self)
        self.unsaved = True

    def log(self, level: int, text: str) -> None:
        """Keep a log line, to be written soon; beyond the task's limit it is only counted."""
        line = text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + " … (cut)"
        with self._lock:
            if self._size > self.log_limit:
                self._dropped += 1
                self.overflowed = True
                return
            self._size += len(line) + LINE_COST
            self._lines.append((level, line))
            first = len(self._lines) == 1
        if first:
            self._stirred(self)

    @property
    def has_lines(self) -> bool:
        """Whether log lines, or a count of dropped ones, wait to be written."""
        return bool(self._lines or self._dropped)

    def take_lines(self) -> tuple[list[tuple[int, str]], int]:
        """Take the unwritten lines and the number of dropped ones."""
        with self._lock:
            lines, self._lines = self._lines, deque()
            dropped, self._dropped = self._dropped, 0
            return list(lines), dropped

    def put_back(self, lines: list[tuple[int, str]], dropped: int) -> None:
        """Put back lines that could not be written, before those that came since."""
        with self._lock:
            self._lines.extendleft(reversed(lines))
            self._dropped += dropped
