"""Steps and their progress: rate and time left are reckoned here, and few of many calls are passed on."""

from __future__ import annotations

import contextvars
import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from wharfinger.runtime.protocol import Progress
from wharfinger.runtime.text import clean

_QUIET = 0.05
"""Seconds in which progress is not passed on again, unless it grew by a hundredth."""

_MEMORY = 5.0
"""Seconds over which the rate forgets: long enough for a steady figure, short enough to follow a slowing link."""

_MARK = "wharfinger_step"

Report = Callable[[Progress], None]

_current: contextvars.ContextVar[Step | None] = contextvars.ContextVar("wharfinger_step", default=None)


class Step:
    """One step; see `wharfinger.script.Step`. `owner` is the task it belongs to, `report` takes what is passed on."""

    def __init__(
        self,
        owner: object,
        report: Report,
        name: str,
        *,
        total: int | None = None,
        unit: str = "",
        message: str = "",
        done: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = clean(str(name), 200)
        self.done = done
        self.total = total
        self.unit = unit
        self._owner = owner
        self._report = report
        self._message = message
        self._clock = clock
        self._eta: float | None = None
        self._rate = 0.0
        self._sampled = self._told = clock()
        self._sampled_done = self._told_done = done
        self._before = _current.get()
        _current.set(self)
        self._tell(self._told)

    def advance(self, by: int = 1, message: str | None = None) -> None:
        """Report that `by` more is done; `message` replaces the step's message."""
        self.done += by
        self._changed(message)

    def progress(self, done: int | None = None, *, total: int | None = None, message: str | None = None) -> None:
        """Report how much is done in all. What is left out stays as it is."""
        if total is not None and total != self.total:
            self.total = total
            self._told = -math.inf  # pass it on at once
        if done is not None:
            self.done = done
        self._changed(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            error.__dict__.setdefault(_MARK, self.name)
        if self._told_done != self.done:
            self._tell(self._clock())
        _current.set(self._before)

    def _changed(self, message: str | None) -> None:
        done, told = self.done, self._told_done
        now = self._clock()
        if message is not None and message != self._message:
            self._message = message
        elif done != self.total and now - self._told < _QUIET and 0 <= done - told < 0.01 * (self.total or told):
            return
        self._tell(now)

    def _tell(self, now: float) -> None:
        self._reckon(now)
        self._told, self._told_done = now, self.done
        message = clean(str(self._message), 1000)
        self._report(Progress(self.name, self.done, self.total, self.unit, message, self._eta))

    def _reckon(self, now: float) -> None:
        """Bring rate and time left up to date, from samples at least a fifth of a second apart."""
        passed = now - self._sampled
        if passed >= 0.2:
            measured = (self.done - self._sampled_done) / passed
            weight = 1.0 - math.exp(-passed / _MEMORY) if self._rate else 1.0
            self._rate += weight * (measured - self._rate)
            self._sampled, self._sampled_done = now, self.done
        if self.total is None or self._rate <= 0:
            self._eta = None
        else:
            self._eta = max(0, self.total - self.done) / self._rate


def current(owner: object) -> str:
    """Return the name of the step of `owner` in which the caller runs; empty outside of steps."""
    step = _current.get()
    return step.name if step is not None and step._owner is owner else ""  # noqa: SLF001 - the same idea, this file


def step_of(error: BaseException) -> str:
    """Return the name of the innermost step that `error` left; empty if it left none."""
    return str(error.__dict__.get(_MARK, ""))
