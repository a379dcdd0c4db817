"""What the product does for each task: calls of its own Python functions, statements run and rows written.

Counts are the same on every machine under every load, which times are not.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

OURS = ("wharfinger.", "wharfinger_server.", "wharfinger_prices.")
BY_TIME = tuple(
    f"wharfinger_server.{module}"
    for module in (
        "executors.watchdog",
        "engine.execution.heartbeat",
        "engine.execution.rescuer",
        "engine.execution.pruner",
    )
)
"""What looks round every so often: the slower the machine, the more of that falls to each task."""
INLINED = ("<listcomp>", "<dictcomp>", "<setcomp>")
"""What is a call in Python 3.11 and no longer in 3.12: not counted, so that both count the same."""


class Counting:
    """Counts while it is asked to, in all threads that were begun after `install`."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.statements: Counter[str] = Counter()
        self.rows = 0
        self._on = False
        self._names: dict[CodeType, str] = {}

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be there in this thread, and in all that begin meanwhile."""
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]  # takes it away, as documented

    @contextmanager
    def at(self, driver: Any) -> Iterator[None]:
        """Count what happens meanwhile, and what is run on the writer's connection `driver`."""
        before = driver.total_changes
        driver.set_trace_callback(lambda text: self.statements.update([" ".join(text.split()[:3])]))
        self._on = True
        try:
            yield
        finally:
            self._on = False
            driver.set_trace_callback(None)
            self.rows += driver.total_changes - before

    def _hear(self, frame: FrameType, event: str, _argument: object) -> None:
        if not self._on or event != "call":
            return
        code = frame.f_code
        name = self._names.get(code)
        if name is None:
            module = str(frame.f_globals.get("__name__", ""))
            ours = f"{module}.".startswith(OURS) and code.co_name not in INLINED and not module.startswith(BY_TIME)
            name = self._names[code] = f"{module}.{code.co_qualname}" if ours else ""
        if name:
            self.calls[name] += 1

    def told(self, tasks: int, most: int = 200) -> str:
        """Return the counts for each of so many tasks, and who is called most."""
        lines = [f"{self.calls.total() / tasks:.1f} calls, {self.statements.total() / tasks:.2f} statements,"]
        lines[0] += f" {self.rows / tasks:.2f} rows a task"
        lines += [f"{count / tasks:8.2f} {name}" for name, count in self.calls.most_common(most)]
        lines += [f"{count / tasks:8.2f} {text}" for text, count in self.statements.most_common()]
        return "\n".join(lines)
