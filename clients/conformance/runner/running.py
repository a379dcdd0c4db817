"""Runs scenarios over the driver of a language, several at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from clients.conformance.runner.driver import Driver, Ended
from clients.conformance.runner.languages import Language
from clients.conformance.runner.losing_proxy import LosingProxy
from clients.conformance.runner.places import Places, free_port
from clients.conformance.runner.play import Play, Red
from clients.conformance.runner.scenario import Scenario

# Lines of a driver's stderr that are shown with a scenario that is red.
SHOWN = 12


@dataclass(frozen=True)
class Outcome:
    """How one scenario ended: `why` it is red, "" where it is green."""

    scenario: Scenario
    seconds: float
    why: str
    said: str = ""

    @property
    def green(self) -> bool:
        """Whether it passed."""
        return not self.why


class Run:
    """One language's scenarios. Those that need no connection of their own share one driver."""

    def __init__(self, language: Language, places: Places, *, at_once: int = 4, patience: float = 1.0) -> None:
        self._language = language
        self._places = places
        self._turn = asyncio.Semaphore(at_once)
        self._patience = patience
        self._shared: tuple[Driver, dict[str, Any]] | None = None
        self._sharing = asyncio.Lock()

    async def all(self, scenarios: Sequence[Scenario]) -> list[Outcome]:
        """Return how each scenario ended."""
        # The kinds that wait longest go first, so that they do so beside the others.
        order = sorted(scenarios, key=lambda scenario: scenario.shares)
        try:
            outcomes = await asyncio.gather(*map(self.one, order))
        finally:
            if self._shared is not None:
                await self._shared[0].close()
        return sorted(outcomes, key=lambda outcome: (outcome.scenario.order, outcome.scenario.id))

    async def one(self, scenario: Scenario) -> Outcome:
        """Return how a scenario ended."""
        async with self._turn:
            begun = time.monotonic()
            why, said = "", ""
            try:
                async with self._sharing_one(scenario) if scenario.shares else self._connected(scenario) as play:
                    await play.run()
            except (Red, Ended) as error:
                why, said = str(error), error.said
            return Outcome(scenario, time.monotonic() - begun, why, said)

    @contextlib.asynccontextmanager
    async def _connected(self, scenario: Scenario) -> AsyncIterator[Play]:
        """Yield a play with a driver of its own."""
        known = await self._known(scenario)
        with contextlib.ExitStack() as stack:
            proxy = stack.enter_context(LosingProxy(known["server"])) if scenario.proxy else None
            if proxy:
                known["server"] = proxy.address
            environ = {name: str(known[value[2:-1]]) for name, value in scenario.environ}
            driver = await Driver.start(self._language, environ)
            try:
                play = Play(scenario, driver, self._places, known, proxy, self._patience)
                await play.connect()
                yield play
            except Red as error:
                error.said = _last(driver.said)
                raise
            finally:
                await driver.close()

    @contextlib.asynccontextmanager
    async def _sharing_one(self, scenario: Scenario) -> AsyncIterator[Play]:
        """Yield a play with the driver that others have too."""
        async with self._sharing:
            if self._shared is None or self._shared[0].over:
                self._shared = await self._share(scenario)
        driver, known = self._shared
        try:
            yield Play(scenario, driver, self._places, known, None, self._patience)
        except Red as error:
            error.said = _last(driver.said)
            raise

    async def _share(self, scenario: Scenario) -> tuple[Driver, dict[str, Any]]:
        known = await self._known(scenario)
        if self._shared is not None:
            await self._shared[0].close()
        driver = await Driver.start(self._language, {})
        try:
            await Play(scenario, driver, self._places, known, None, self._patience).connect()
        except Red as error:
            error.said = _last(driver.said)
            await driver.close()
            raise
        return driver, known

    async def _known(self, scenario: Scenario) -> dict[str, Any]:
        """Return what the values of a scenario refer to."""
        places = self._places
        match scenario.place:
            case "newer":
                address = (await places.newer()).address
            case "encrypted":
                address = (await places.encrypted()).address
            case "nobody":
                address = f"127.0.0.1:{free_port()}"
            case real:
                address = (await places.serving(real)).address
        project = f"p{uuid.uuid4().hex[:10]}"
        return {"server": address, "project": project, "token": places.token, "ca": str(places.ca)}


def _last(text: str) -> str:
    return "\n".join(text.splitlines()[-SHOWN:])
