"""Kill the server in mid-upload, and the S3 server now and then, and look for what is left in the bucket unlisted.

python -m tests.campaigns.s3_kills --kills 100 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import hashlib
import itertools
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.s3 import S3Server
from tests.servers.serving import Serving
from tests.servers.sources import Reply, Sources

from wharfinger import aio
from wharfinger.errors import WharfingerError
from wharfinger.models import Task, TaskState

MIB = 1024 * 1024
SIZES = (9 * MIB, 17 * MIB + 11, 26 * MIB)
RATE = 24 * MIB
AT_ONCE = 3
HOME = "img/.wharfinger"


@dataclass
class Findings:
    """What was seen, and every violation of what was promised."""

    kills: int = 0
    amid: int = 0
    outages: int = 0
    resumed: int = 0
    seconds: float = 0.0
    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    violations: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return it for people."""
        ends = ", ".join(f"{count} {name}" for name, count in sorted(self.ends.items()))
        told = (
            f"{self.kills} kills in {self.seconds:.0f} s, {self.amid} of them in mid-upload, {self.outages} outages of"
            f" the store; {sum(self.ends.values())} imports: {ends}; {self.resumed} requests for the rest of an image"
        )
        return "\n".join([told, *(f"VIOLATION {one}" for one in self.violations)])


class Campaign:
    """One campaign in an empty folder."""

    def __init__(self, folder: Path, sources: Sources, seed: int) -> None:
        self.findings = Findings()
        self._folder = folder
        self._dice = random.Random(seed)
        self._sources = sources
        self._s3 = S3Server(folder / "s3")
        self._numbers = itertools.count()
        self._digests: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        config = folder / "server.toml"
        store = "\n".join(f"{name} = {json.dumps(value)}" for name, value in self._s3.table("img").items())
        image = f'allow_sources = ["{sources.address}"]\nretries = 20'
        config.write_text(f"[stores.s3]\n{store}\n[image]\n{image}\n")
        config.chmod(0o600)
        for number, size in enumerate(SIZES):
            data = self._dice.randbytes(size)
            self._digests[f"/{number}"] = hashlib.sha256(data).hexdigest()
            sources.serve(f"/{number}", Reply(data, rate=RATE))
        self._server = Serving(folder, ["--config", str(config)])
        self._arguments = ["--config", str(config), "--address", self._server.address]

    async def run(self, kills: int) -> Findings:
        """Import and kill, `kills` times; then let all come to rest, and look."""
        began = time.monotonic()
        try:
            async with aio.Client(self._server.address) as client:
                while self.findings.kills < kills:
                    await self._round(client)
                await self._settle(client)
                await self._look(client)
        finally:
            self._server.kill()
            self._s3.kill()
        self.findings.resumed = sum("Range" in seen.headers for seen in self._sources.requests)
        self.findings.seconds = time.monotonic() - began
        return self.findings

    async def _round(self, client: aio.Client) -> None:
        """Have some imports at work, and kill the server, or the store, amid them."""
        active = [task async for task in client.list() if not task.state.resting]
        for _ in range(AT_ONCE - len(active)):
            await self._submit(client)
        await self._reading()
        await asyncio.sleep(self._dice.uniform(0, 0.8))
        if self._dice.random() < 0.3 and active:
            await _cancelled(client, self._dice.choice(active).name)
        if self._dice.random() < 0.15:
            await asyncio.to_thread(self._s3.kill)
            await asyncio.sleep(self._dice.uniform(0.2, 3))
            await asyncio.to_thread(self._s3.revive)
            self.findings.outages += 1
        self.findings.amid += bool(await asyncio.to_thread(self._staged))
        await asyncio.to_thread(self._server.kill)
        self.findings.kills += 1
        self._server = await asyncio.to_thread(Serving, self._folder, self._arguments)

    async def _submit(self, client: aio.Client) -> None:
        number = next(self._numbers)
        source = f"/{self._dice.randrange(len(SIZES))}"
        # Now and then two want one name: one of them gets it.
        name = f"disk-{number if self._dice.random() < 0.8 else max(0, number - 1)}"
        params = {"source": self._sources.url(source), "stores": "s3", "name": name}
        after = self._dice.choice(["ROLL_BACK", "KEEP"])
        policy = {"max_lost_attempts": 1000, "on_failure": after, "on_cancel": after}
        handle = await client.submit("image.import", params, policy=policy, task_id=f"task-{number}")
        self._ends[handle.name] = source

    async def _reading(self) -> None:
        """Wait until a source is read by the server that is alive now, and something of it is staged."""
        seen, until = len(self._sources.requests), time.monotonic() + 20
        while time.monotonic() < until:
            if len(self._sources.requests) > seen and await asyncio.to_thread(self._staged):
                return
            await asyncio.sleep(0.02)

    def _staged(self) -> list[str]:
        return [key for key in self._s3.listed() if key.startswith(f"{HOME}/staging/")] + self._s3.uploads()

    async def _settle(self, client: aio.Client) -> None:
        """Wait until all are at rest; then take back what is half done, and some of what is whole."""
        for name in self._ends:
            task = await client.wait(name, 300)
            if not task.state.resting:
                self.findings.violations.append(f"{name} never came to rest: {task.state.name}")
        for name in self._ends:
            task = await client.get(name)
            half = task.state in (TaskState.PARTIALLY_FAILED, TaskState.ROLLBACK_FAILED)
            if half or (task.state is TaskState.SUCCEEDED and self._dice.random() < 0.4):
                await client.rollback(name)
                task = await client.wait(name, 300)
            self.findings.ends[task.state.name] += 1
            if task.state not in (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED, TaskState.ROLLED_BACK):
                self.findings.violations.append(f"{name} is {task.state.name} in the end: {task.failure}")

    async def _look(self, client: aio.Client) -> None:
        """Compare the bucket with all ledgers."""
        listed: dict[str, str] = {}
        for name, source in self._ends.items():
            task = await client.get(name)
            async for entry in client.ledger(name):
                if entry.state.name in ("NOT_CREATED", "UNDONE"):
                    continue
                if entry.type == "image.staging" or entry.state.name != "CREATED":
                    self.findings.violations.append(f"{name}: {entry.key} is {entry.state.name} ({_told(task)})")
                listed[entry.external_id.replace("s3/", "img/", 1)] = source
        objects = {key for key in self._s3.listed() if not key.startswith(f"{HOME}/")}
        kept = {key for key in self._s3.listed() if key.startswith(f"{HOME}/")}
        notes = {f"{HOME}/objects/{key.removeprefix('img/')}.json" for key in listed}
        wrong = self.findings.violations
        wrong += [f"{key} is in the bucket and in no ledger" for key in objects - set(listed)]
        wrong += [f"{key} is in a ledger and not in the bucket" for key in set(listed) - objects]
        wrong += [f"{key} is left" for key in kept - notes]
        wrong += [f"an upload of {key} is left" for key in self._s3.uploads()]
        for key in objects & set(listed):
            if hashlib.sha256(self._s3.read(key)).hexdigest() != self._digests[listed[key]]:
                wrong.append(f"{key} looks whole, and is not")


async def _cancelled(client: aio.Client, name: str) -> None:
    try:
        await client.cancel(name)
    except WharfingerError:
        return  # it came to rest meanwhile


def _told(task: Task) -> str:
    return f"the task is {task.state.name}: {task.failure}"


def campaign(folder: Path, kills: int, seed: int) -> Findings:
    """Run the campaign in an empty folder."""
    with Sources() as sources:
        return asyncio.run(Campaign(folder, sources, seed).run(kills))


def main() -> int:
    """Run the campaign from the command line; exit 1 when anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        findings = campaign(Path(folder), chosen.kills, chosen.seed)
    print(findings.report())
    return 1 if findings.violations else 0


if __name__ == "__main__":
    sys.exit(main())
