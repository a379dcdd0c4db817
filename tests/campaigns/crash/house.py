"""The server that is killed and started again, and what is changed in it so that a campaign ends before the evening."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers.cloud import Cloud
from tests.servers.cloud_oracle import Oracle
from tests.servers.nursery import Forked, Nursery

HOOK = "tests.campaigns.crash.house:quicken"
LONGEST_WAIT = 3.0
"""Seconds that the server lives at most."""
SEND_WINDOW, CALL_TIMEOUT, SETTLING = 1.5, 2.0, 1.0
"""Seconds: the windows of all that compute.deploy makes. The cloud's latest faults land within them."""


def quicken() -> None:
    """Shorten the windows of compute.deploy, in the server: what it does within them stays as it is."""
    from dataclasses import replace

    from wharfinger_compute import readiness, resources

    for name, kind in resources.RESOURCE_TYPES.items():
        resources.RESOURCE_TYPES[name] = replace(
            kind, send_window=SEND_WINDOW, call_timeout=CALL_TIMEOUT, settling=SETTLING
        )
    readiness.POLL = 0.1


def configure(folder: Path, cloud: Cloud, more: str = "") -> None:
    """Write the server's settings: `cloud` as the profiles ec2 and openstack; `more` comes first."""
    lines = [more]
    for name, given in (("ec2", cloud.ec2), ("openstack", cloud.openstack)):
        plain = {key: given[key] for key in ("key", "secret", "host", "port", "secure") if key in given}
        options = {key: value for key, value in given.items() if key not in plain}
        lines += [f"[profiles.{name}]", f'provider = "{name}"', *(f"{k} = {_toml(v)}" for k, v in plain.items())]
        lines += [f"[profiles.{name}.options]", *(f"{k} = {_toml(v)}" for k, v in options.items())]
    config = folder / "config" / "wharfinger" / "server.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f'"{value}"'


class Mortal:
    """A server that is killed and started again on the same data and port; `store` is its database, "" its own."""

    def __init__(self, nursery: Nursery, folder: Path, store: str = "") -> None:
        self._nursery = nursery
        self._folder = folder
        self._arguments = ["--store", store] if store else []
        self._forked = Forked(nursery, folder, self._arguments, hook=HOOK)
        self.address = self._forked.address
        self.starts: list[float] = []

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._forked.kill()

    def log(self) -> str:
        """Return what all its lives wrote."""
        return self._forked.log()

    def revive(self, *, wait: bool = True) -> None:
        """Start it again; not to `wait` leaves it on its way."""
        arguments = ["--address", self.address, *self._arguments]
        self._forked = Forked(self._nursery, self._folder, arguments, hook=HOOK, wait=wait)

    async def die_and_live(self, dice: random.Random, oracle: Oracle) -> str:
        """Die at a random instant of its life, or while it starts, and live again; return how it died."""
        loop = asyncio.get_running_loop()
        kind = dice.random()
        if kind < 0.15:
            moment = dice.uniform(0.0, 0.25)
            await asyncio.to_thread(self.kill)
            await asyncio.to_thread(self.revive, wait=False)
            await asyncio.sleep(moment)
            how = f"{moment:.3f} s after its start began"
        elif kind < 0.55:
            number = dice.randint(1, 40)
            await _calls(oracle, number)
            await asyncio.sleep(dice.uniform(0.0, 0.03))
            how = f"around its call {number} of the cloud"
        else:
            moment = dice.uniform(0.02, 1.2) if kind < 0.9 else dice.uniform(1.2, 3.0)
            await asyncio.sleep(moment)
            how = f"{moment:.3f} s into its life"
        await asyncio.to_thread(self.kill)
        await asyncio.sleep(dice.uniform(0, 0.05))
        began = loop.time()
        await asyncio.to_thread(self.revive)
        self.starts.append(loop.time() - began)
        return how


async def _calls(oracle: Oracle, number: int) -> None:
    """Return when the cloud was called so often; or later, where nobody calls."""
    wanted = len(oracle.calls) + number
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_WAIT):
            while len(oracle.calls) < wanted:  # noqa: ASYNC110 - it is called from threads of its own
                await asyncio.sleep(0.003)
