"""Noticing that an event loop has stopped moving."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Watchdog:
    """Pokes a loop from a thread of its own and tells when it does not answer for `limit` seconds.

    `poke` schedules a callback on the loop; it raises RuntimeError once the loop is closed, which ends the watching.
    `report` is called with the seconds for which there was no answer, again every quarter of the limit, and with 0 when
    the loop moves again. It watches only while it is told to: an idle loop is not woken.
    """

    def __init__(
        self, limit: float, poke: Callable[[Callable[[], object]], object], report: Callable[[float], None]
    ) -> None:
        self._limit = limit
        self._step = limit / 4
        self._poke = poke
        self._report = report
        self._watching = False
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="wharfinger watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def watch(self, wanted: bool) -> None:
        """Watch from now on, or don't."""
        if wanted != self._watching:
            with self._changed:
                self._watching = wanted
                self._changed.notify()

    def close(self) -> None:
        """End; returns when the thread has ended."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._watching)
            if self._closed:
                return
            try:
                self._await_answer()
            except RuntimeError:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._closed, self._step)

    def _await_answer(self) -> None:
        answered = threading.Event()
        self._poke(answered.set)
        # Counted in own steps, not by the clock: while the whole process or machine is paused, nobody is to blame.
        steps = 0
        while not answered.wait(self._step) and not self._closed:
            steps += 1
            if steps * self._step >= self._limit:
                self._report(steps * self._step)
        if steps * self._step >= self._limit:
            self._report(0.0)
