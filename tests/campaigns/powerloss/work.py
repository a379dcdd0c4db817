"""The work that is cut: a real engine on a real database creates tasks and runs them, and writes down each answer.

`python -m tests.campaigns.powerloss.work FOLDER TASKS SEED FULL|NORMAL`. What is written down is what somebody was
told, or what was made, in the order in which that happened.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.campaigns.powerloss.recording import ANSWERS

from wharfinger.script import Failed, inspect
from wharfinger_server.config import Settings
from wharfinger_server.engine.engine import Engine
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, NewTask
from wharfinger_server.executors.asyncio_executor import AsyncioExecutor
from wharfinger_server.registry import ExecutorPlugin, Registry, ScriptPlugin
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.store.databases import sqlite
from wharfinger_server.store.store import Store

SCRIPT = "powerloss.build"
WIDTH = 8


class Witness:
    """Writes down what was answered and what was made."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / ANSWERS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, *words: str) -> None:
        """Write a line."""
        os.write(self._file, (" ".join(words) + "\n").encode())


def script(witness: Witness, dice: random.Random) -> ModuleType:
    """Return a script that makes some things, and fails now and then."""
    module = ModuleType("powerloss_build", "Makes things.")

    async def main(task: Any) -> dict[str, Any]:
        """Make them."""
        name = task.name.rpartition("/")[2]
        for n in range(dice.randint(1, 4)):
            key = f"k{n}"

            async def call(intent: Any, key: str = key) -> str:
                witness.say("made", name, key, intent.token)
                await asyncio.sleep(dice.choice((0, 0.001)))
                return f"id-{name}-{key}"

            await task.create("thing", key, call, attributes={"padding": "x" * dice.randint(0, 3000)})
        if dice.random() < 0.2:
            raise Failed("on purpose", reason="ON_PURPOSE")
        return {}

    async def find(_: Any, __: Any) -> list[str]:
        """Find nothing."""
        return []

    async def undo(_: Any, __: Any) -> None:
        """Take it away."""

    module.main, module.find, module.undo = main, find, undo  # type: ignore[attr-defined]
    module.RESUMABLE = True  # type: ignore[attr-defined]
    return module


def loosen() -> None:
    """Plant the bug: the database does not wait for its disk, and nobody minds."""
    prepare = sqlite._prepare

    def loose(driver: Any) -> None:
        prepare(driver)
        driver.execute("PRAGMA synchronous = NORMAL")

    sqlite._prepare = loose
    sqlite._FULL = 1  # type: ignore[misc]


async def work(folder: Path, tasks: int, seed: int) -> None:
    """Create tasks, a few at a time, and wait for their ends."""
    dice = random.Random(seed)
    witness = Witness(folder)
    module = script(witness, dice)
    registry = Registry(
        {SCRIPT: ScriptPlugin(SCRIPT, "powerloss", "1", "", module, inspect(module))},
        {"asyncio": ExecutorPlugin("asyncio", "powerloss", "1", "", AsyncioExecutor)},
    )
    settings = Settings()
    settings = replace(settings, server=replace(settings.server, default_executor="asyncio"))
    store = await asyncio.to_thread(Store.open, f"sqlite:///{folder}/wharfinger.db", encode=encode_event)
    engine = Engine(store, registry, settings, lambda *_: None)
    await engine.start()
    gate = asyncio.Semaphore(WIDTH)
    caller = Caller("powerloss")

    async def one(number: int) -> None:
        """Create one task and see it to its end."""
        name = f"t{number}"
        async with gate:
            request = CreateRequest("default", NewTask(SCRIPT, labels={"n": str(number)}), name, f"request-{number}")
            await engine.tasks.create(caller, request)
            witness.say("created", name)
            shown = await engine.tasks.wait(caller, "default", name, 60_000_000)
            witness.say("ended", name, shown.task.state.name, str(shown.task.last_sequence))

    await asyncio.gather(*(one(number) for number in range(tasks)))
    os._exit(0)  # as abrupt as what it is for: nothing is closed or checkpointed on the way out


if __name__ == "__main__":
    where, count, dice_seed, level = sys.argv[1:]
    if level == "NORMAL":
        loosen()
    asyncio.run(work(Path(where), int(count), int(dice_seed)))
