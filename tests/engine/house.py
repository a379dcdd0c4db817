"""A real engine on a real database, for a history that takes every step itself."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from wharfinger.script import inspect
from wharfinger_server.config import Settings
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.engine import Engine
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.registry import ExecutorPlugin, Registry, ScriptPlugin
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.sdk.executor import Executor
from wharfinger_server.store.store import InlineRunner, SteadyClock, Store


class _Nowhere(Executor):
    """Runs nothing: the history itself takes every step."""

    @property
    def slots(self) -> int:
        """One that nothing takes."""
        return 1

    async def start(self, host: Any) -> None:
        """Never called."""

    def submit(self, job: Any) -> None:
        """Never called."""

    def cancel(self, job: Any) -> None:
        """Never called."""

    async def stop(self, grace: float) -> None:
        """Never called."""


class House:
    """One real engine on one real database, with a clock that is moved by hand. It is not started; it owns attempts."""

    log_limit = 1000

    def __init__(self, folder: Path) -> None:
        self.now = 10_000_000
        self.ahead = 1_800_000_000
        self.servers = self.tasks = 0
        self._url = f"sqlite:///{folder}/beside.db"
        module = ModuleType("beside", "Does nothing.")

        async def nothing(*_: Any) -> dict[str, Any]:
            """Do nothing."""
            return {}

        module.main = module.find = module.exists = module.undo = nothing  # type: ignore[attr-defined]
        self._registry = Registry(
            {"beside.script": ScriptPlugin("beside.script", "beside", "1", "", module, inspect(module))},
            {"asyncio": ExecutorPlugin("asyncio", "beside", "1", "", _Nowhere)},
        )
        self.open(0)

    def open(self, ahead: int) -> None:
        """Open the database as another process, whose steady clock is `ahead` seconds ahead of the true time."""
        self.servers += 1
        self.clock = Clock(lambda: (self.now + ahead) * SECOND, self.wall)
        self.store = Store.open(
            self._url,
            encode=encode_event,
            runner=InlineRunner(),
            clock=self.wall,
            steady=SteadyClock(f"server {self.servers}", self.clock.steady),
        )
        self.engine = Engine(self.store, self._registry, Settings(), lambda *_: None, clock=self.clock)
        self.life: Lifecycle = self.engine.dispatcher.attempts.life

    def wall(self) -> int:
        """Return the time of day, which is set now and then and must change nothing."""
        return (self.now + self.ahead) * SECOND

    def news(self, attempt: Attempt) -> None:
        """Nobody waits for it."""

    def ended(self, attempt: Attempt, task: Task) -> None:
        """Nobody waits for it."""

    def revived(self, task: Task) -> None:
        """Nobody waits for it."""
