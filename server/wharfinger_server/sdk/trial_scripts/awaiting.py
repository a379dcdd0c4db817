"""An async script that does as its params say."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from pathlib import Path
from typing import Any

from wharfinger.script import AsyncIntent, AsyncTask, Failed, Resource

seen: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="nothing")
"""What a job has set; a new job finds "nothing"."""

_left: set[asyncio.Task[None]] = set()


async def main(task: AsyncTask) -> Any:
    """Do what `params["do"]` names."""
    return await ACTIONS[task.params["do"]](task)


async def find(task: AsyncTask, resource: Resource) -> list[str]:
    """Find everything, under its token."""
    task.notify(f"finding {resource.key}")
    return [f"id-of-{resource.token}"]


async def _echo(task: AsyncTask) -> Any:
    return {"name": task.name, "attempt": task.attempt, **task.params}


async def _speak(task: AsyncTask) -> Any:
    print("one")  # noqa: T201 - what is printed becomes the task's log
    task.notify("two", "warning")
    print("three\nfour", end="")  # noqa: T201
    print("five", file=sys.stderr)  # noqa: T201
    await asyncio.sleep(0)
    return {}


async def _progress(task: AsyncTask) -> Any:
    with task.step("copy", total=3, unit="parts") as step:
        for _ in range(3):
            await asyncio.sleep(0)
            step.advance()
    return {}


async def _make(task: AsyncTask) -> Any:
    trace = Path(task.params["trace"])

    async def call(intent: AsyncIntent) -> str:
        _note(trace, f"call {intent.key}")
        await asyncio.sleep(0.005)
        _note(trace, f"called {intent.key}")
        return f"id-of-{intent.token}"

    ids = [await task.create("trial.thing", key, call) for key in task.params["keys"]]
    return {"ids": ids}


async def _sleep(task: AsyncTask) -> Any:
    task.notify("begun")
    await asyncio.sleep(task.params["seconds"])
    return {}


async def _stubborn(task: AsyncTask) -> Any:
    task.notify("begun")
    await _outlast(Path(task.params["until"]))
    return {"cancelled": task.cancelled}


async def _outlast(until: Path) -> None:
    while not _is_there(until):
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            continue


def _is_there(path: Path) -> bool:
    return path.exists()


async def _block(task: AsyncTask) -> Any:
    task.notify("begun")
    _hold_up(task.params["seconds"])
    return {}


def _hold_up(seconds: float) -> None:
    time.sleep(seconds)


async def _leave_task(task: AsyncTask) -> Any:
    left = asyncio.create_task(_outlast(Path(task.params["until"])))
    _left.add(left)
    left.add_done_callback(_left.discard)
    await asyncio.sleep(0)
    return {}


async def _leave_thread(task: AsyncTask) -> Any:
    begun = threading.Event()
    call = asyncio.ensure_future(asyncio.to_thread(_wait_for, Path(task.params["until"]), begun))
    await asyncio.to_thread(begun.wait)  # a call that has not begun would not be left, but given up
    call.cancel()
    return {}


def _wait_for(until: Path, begun: threading.Event) -> None:
    begun.set()
    while not until.exists():
        time.sleep(0.01)


async def _exit_in_task(_: AsyncTask) -> Any:
    async def leave() -> None:
        sys.exit(4)

    left = asyncio.create_task(leave())
    await asyncio.wait((left,))
    return {"exited": repr(left.exception())}


async def _stop_loop(_: AsyncTask) -> Any:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)
    return {}


async def _context(task: AsyncTask) -> Any:
    before = seen.get()
    seen.set(task.name)
    await asyncio.sleep(0.02)
    return {"before": before, "mine": seen.get() == task.name}


async def _raise(_: AsyncTask) -> Any:
    raise ValueError("no such luck")


async def _fail(_: AsyncTask) -> Any:
    raise Failed("out of luck", reason="LUCK_EXHAUSTED", retryable=True, metadata={"luck": "0"})


async def _exit(_: AsyncTask) -> Any:
    sys.exit(3)


async def _odd(_: AsyncTask) -> Any:
    return {"odd": object()}


async def _list(_: AsyncTask) -> Any:
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
    "block": _block,
    "leave task": _leave_task,
    "leave thread": _leave_thread,
    "exit in task": _exit_in_task,
    "stop loop": _stop_loop,
    "context": _context,
    "raise": _raise,
    "fail": _fail,
    "exit": _exit,
    "odd": _odd,
    "list": _list,
}
