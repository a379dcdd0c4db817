"""An engine on a real database with real executors, and the scripts of tests/packages."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from tests.engine.moved_clock import MovedClock

from wharfinger.v1 import event_pb2
from wharfinger_server.config import Settings
from wharfinger_server.domain.policy import Policy
from wharfinger_server.domain.timing import Clock, now
from wharfinger_server.engine.engine import Engine
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, NewTask
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.registry import Registry
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.store.store import Store

PACKAGES = Path(__file__).parents[1] / "packages"


@pytest.fixture(scope="session", autouse=True)
def harbour() -> None:
    """Make the scripts of tests/packages installed."""
    if str(PACKAGES) not in sys.path:
        sys.path.insert(0, str(PACKAGES))


class Pier:
    """A running engine, with short ways to do what tests do often."""

    def __init__(self, engine: Engine, store: Store, folder: Path) -> None:
        self.engine = engine
        self.store = store
        self.folder = folder
        self.ended = False
        self.health: dict[str, tuple[bool, str]] = {}
        self.caller = Caller("tester")

    async def create(self, script: str, /, *, policy: Policy | None = None, **request: object) -> TaskView:
        """Create a task of `script`; params and the rest of the request by name."""
        new = NewTask(
            script,
            executor=str(request.pop("executor", "")),
            params=request.pop("params", {}),
            labels=request.pop("labels", {}),
            policy=policy or Policy(),
        )
        return await self.engine.tasks.create(self.caller, CreateRequest("default", new, **request))

    async def run(self, script: str, /, **request: object) -> TaskView:
        """Create a task and wait until it rests."""
        shown = await self.create(script, **request)
        return await self.rest(shown.task.task_id)

    async def rest(self, task_id: str, seconds: float = 20) -> TaskView:
        """Wait until a task rests."""
        shown = await self.engine.tasks.wait(self.caller, "default", task_id, int(seconds * 1_000_000))
        assert shown.task.state.resting, f"{shown.task.name} is still {shown.task.state.name}: {shown.waiting_reason}"
        return shown

    async def events(self, task_id: str) -> list[event_pb2.TaskEvent]:
        """Return all events of a task."""
        bodies: list[bytes] = []
        token = ""
        while True:
            page, token = await self.engine.tasks.events(self.caller, "default", task_id, 0, 1000, token)
            bodies += page
            if not token:
                return [event_pb2.TaskEvent.FromString(body) for body in bodies]


StartPier = Callable[..., Awaitable[Pier]]


@pytest_asyncio.fixture
async def start(tmp_path: Path) -> AsyncIterator[StartPier]:
    """Start engines on one database, one after the other; `stop(pier)` ends one in good order."""
    piers: list[Pier] = []

    async def begin(
        settings: Settings | None = None,
        url: str = "",
        wall: Callable[[], int] | None = None,
        moved: MovedClock | None = None,
    ) -> Pier:
        chosen = settings or Settings()
        wall, steady = (moved.wall, moved.of_store) if moved else (wall, None)
        place = url or f"sqlite:///{tmp_path / 'wharfinger.db'}"
        store = Store.open(place, encode=encode_event, clock=wall, steady=steady)
        clock = moved or Clock(store.steady.read, wall or now)
        notes: dict[str, tuple[bool, str]] = {}

        def on_health(part: str, well: bool, why: str) -> None:
            notes[part] = (well, why)

        engine = Engine(store, Registry.load(), chosen, on_health, clock=clock)
        pier = Pier(engine, store, tmp_path)
        pier.health = notes
        await engine.start()
        piers.append(pier)
        return pier

    yield begin
    for pier in piers:
        await stop(pier)


async def stop(pier: Pier) -> None:
    """End an engine; its scripts get no grace. An ended one stays as it is."""
    if pier.ended:
        return
    pier.ended = True
    await pier.engine.drain(0)
    await pier.engine.stop()
    await pier.store.close()


@pytest_asyncio.fixture
async def pier(start: StartPier) -> Pier:
    """One engine with the usual settings, but short waits."""
    settings = Settings()
    limits = replace(settings.limits, cancel_grace=300_000, find_timeout=3_000_000)
    return await start(replace(settings, limits=limits))
