"""A plain script that does as its params say."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from pathlib import Path
from typing import Any

from wharfinger.script import Cancelled, Failed, Intent, Resource, Task

seen: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="nothing")
"""What a job has set; a new job finds "nothing"."""

_local = threading.local()


def main(task: Task) -> Any:
    """Do what `params["do"]` names."""
    return ACTIONS[task.params["do"]](task)


def find(task: Task, resource: Resource) -> list[str]:
    """Find everything, under its token."""
    task.notify(f"finding {resource.key}")
    return [f"id-of-{resource.token}"]


def _echo(task: Task) -> Any:
    return {"name": task.name, "attempt": task.attempt, **task.params}


def _speak(task: Task) -> Any:
    print("one")  # noqa: T201 - what is printed becomes the task's log
    task.notify("two", "warning")
    print("three\nfour", end="")  # noqa: T201
    print("five", file=sys.stderr)  # noqa: T201
    return {}


def _progress(task: Task) -> Any:
    with task.step("copy", total=3, unit="parts") as step:
        for _ in range(3):
            step.advance()
    return {}


def _make(task: Task) -> Any:
    trace = Path(task.params["trace"])

    def call(intent: Intent) -> str:
        _note(trace, f"call {intent.key}")
        time.sleep(0.005)
        _note(trace, f"called {intent.key}")
        return f"id-of-{intent.token}"

    return {"ids": [task.create("trial.thing", key, call) for key in task.params["keys"]]}


def _sleep(task: Task) -> Any:
    task.notify("begun")
    end = time.monotonic() + task.params["seconds"]
    while (left := end - time.monotonic()) > 0:
        if task.cancelled:
            raise Cancelled
        time.sleep(min(left, 0.02))
    return {}


def _stubborn(task: Task) -> Any:
    task.notify("begun")
    until = Path(task.params["until"])
    while not until.exists():
        time.sleep(0.01)
    return {"cancelled": task.cancelled}


def _context(task: Task) -> Any:
    before = seen.get(), getattr(_local, "seen", "nothing")
    seen.set(task.name)
    _local.seen = task.name
    time.sleep(0.02)
    mine = seen.get() == _local.seen == task.name
    return {"before": before[0] if before[0] == before[1] else str(before), "mine": mine}


def _raise(_: Task) -> Any:
    raise ValueError("no such luck")


def _fail(_: Task) -> Any:
    raise Failed("out of luck", reason="LUCK_EXHAUSTED", retryable=True, metadata={"luck": "0"})


def _exit(_: Task) -> Any:
    sys.exit(3)


def _odd(_: Task) -> Any:
    return {"odd": object()}


def _list(_: Task) -> Any:
    return ["not", "an", "object"]


def _note(trace: Path, line: str) -> None:
    with trace.open("a") as file:
        file.write(line + "\n")


ACTIONS = {
    "echo": _echo,
    "speak": _speak,
    "progress": _progress,
    "make": _make,
    "sleep": _sleep,
    "stubborn": _stubborn,
    "context": _context,
    "raise": _raise,
    "fail": _fail,
    "exit": _exit,
    "odd": _odd,
    "list": _list,
}
