"""Steps and their progress: rate and time left are reckoned here, and few of many calls are passed on."""

from __future__ import annotations

import contextvars
import math
import operator
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, SupportsInt

from wharfinger.runtime.protocol import Progress
from wharfinger.runtime.text import clean

_QUIET = 0.05
"""Seconds in which progress is not passed on again, unless it grew by a hundredth."""

_MEMORY = 5.0
"""Seconds over which the rate forgets: long enough for a steady figure, short enough to follow a slowing link."""

_MOST = 2**63 - 1

_LONGEST = 365 * 86_400.0
"""Seconds: a step that would last longer stands still, and when it ends is not known."""

_MARK = "wharfinger_step"

Report = Callable[[Progress], None]

_current: contextvars.ContextVar[Step | None] = contextvars.ContextVar("wharfinger_step", default=None)


class Step:
    """One step; see `wharfinger.script.Step`. `owner` is the task it belongs to, `report` takes what is passed on.

    Numbers are whole, from 0 to 2^63-1; of others the part below one is left out. Raises TypeError for what is no
    number and ValueError for one that progress cannot have, before anything of it is kept.
    """

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
        self.done = done = _amount(self.name, "done", done)
        self.total = None if total is None else _amount(self.name, "total", total)
        self.unit = clean(str(unit), 50)
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
        self.done = _amount(self.name, "done", self.done + _number(self.name, "by", by))
        self._changed(message)

    def progress(self, done: int | None = None, *, total: int | None = None, message: str | None = None) -> None:
        """Report how much is done in all. What is left out stays as it is."""
        now_done = self.done if done is None else _amount(self.name, "done", done)
        if total is not None and (all_told := _amount(self.name, "total", total)) != self.total:
            self.total = all_told
            self._told = -math.inf  # pass it on at once
        self.done = now_done
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
        self._eta = None
        if self.total is not None:
            left = max(0, self.total - self.done)
            # Compared as a product: a rate that has all but died away would make a quotient beyond all numbers.
            if self._rate > 0 and left <= self._rate * _LONGEST:
                self._eta = left / self._rate


def _amount(step: str, what: str, value: object) -> int:
    """Return how much of a step `what` says, as a whole number that progress can have."""
    number = _number(step, what, value)
    if not 0 <= number <= _MOST:
        raise ValueError(f"step {step!r}: {what} is {number}; it must be a number from 0 to 2^63-1")
    return number


def _number(step: str, what: str, value: object) -> int:
    """Return a script's number without its part below one."""
    if type(value) is int:  # as almost always: what is asked ten thousand times a second
        return value
    try:
        return operator.index(value)  # type: ignore[arg-type]  # what is none raises TypeError
    except TypeError:
        if not isinstance(value, SupportsInt) or isinstance(value, (str, bytes)):
            raise TypeError(f"step {step!r}: {what} must be a number, not {value!r}") from None
    try:
        return int(value)
    except (OverflowError, ValueError):  # of infinity, and of what is not a number
        raise ValueError(f"step {step!r}: {what} is {value!r}; it must be a number from 0 to 2^63-1") from None


def current(owner: object) -> str:
    """Return the name of the step of `owner` in which the caller runs; empty outside of steps."""
    step = _current.get()
    return step.name if step is not None and step._owner is owner else ""  # noqa: SLF001 - the same idea, this file


def step_of(error: BaseException) -> str:
    """Return the name of the innermost step that `error` left; empty if it left none."""
    return str(error.__dict__.get(_MARK, ""))
