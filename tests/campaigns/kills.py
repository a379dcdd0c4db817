"""Kill the server at random moments while tasks run, and look for lost tasks, double runs and torn watches.

python -m tests.campaigns.kills --kills 50 --tasks 200 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.serving import Serving

from wharfinger import aio
from wharfinger.events import ProgressUpdate, Snapshot
from wharfinger.models import Task, TaskState

KEYS = 6
"""How many things each task makes."""


@dataclass
class Findings:
    """What was seen, and every violation of what was promised."""

    kills: int = 0
    tasks: int = 0
    seconds: float = 0.0
    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    attempts: int = 0
    events: int = 0
    violations: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the findings as lines for people."""
        lines = [
            f"{self.kills} kills, {self.tasks} tasks, {self.attempts} attempts, {self.events} events watched",
            f"{self.seconds:.0f} s, ended {dict(self.ends)}",
            f"{len(self.violations)} violations",
            *self.violations[:20],
        ]
        return "\n".join(lines)


async def watch_to_the_end(client: aio.Client, name: str, findings: Findings) -> None:
    """Watch one task across every kill, and check that its events come once and in order."""
    expected = 1
    async for news in client.watch(name):
        if isinstance(news, Snapshot | ProgressUpdate):
            continue
        if news.sequence != expected:
            findings.violations.append(f"{name}: event {news.sequence} where {expected} was due")
            expected = news.sequence
        expected += 1
        findings.events += 1
    task = await client.get(name)
    if task.last_sequence != expected - 1:
        findings.violations.append(f"{name}: watched to {expected - 1}, but its last event is {task.last_sequence}")


class Mortal:
    """A server that is killed and started again on the same data and port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._serving = Serving(folder)
        self.address = self._serving.address

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._serving.kill()

    def revive(self) -> None:
        """Start it again."""
        self._serving = Serving(self._folder, ["--address", self.address])


async def killing(server: Mortal, kills: int, dice: random.Random, findings: Findings) -> None:
    """Kill and start the server again, `kills` times, at random moments."""
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.05, 1.2))
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(dice.uniform(0, 0.1))
        await asyncio.to_thread(server.revive)
        findings.kills += 1


async def campaign(folder: Path, *, kills: int, tasks: int, seed: int) -> Findings:
    """Run the campaign in an empty folder."""
    dice = random.Random(seed)
    findings = Findings(tasks=tasks)
    began = time.monotonic()
    server = await asyncio.to_thread(Mortal, folder)
    yard = folder / "yard"
    pause = kills / KEYS  # so that tasks run as long as the kills go on
    try:
        async with aio.Client(server.address) as client:
            names = []
            for i in range(tasks):
                params = {
                    "yard": str(yard),
                    "keys": [f"{i}-{k}" for k in range(KEYS)],
                    "pause": dice.uniform(0.3, 1) * pause,
                }
                handle = await client.submit(
                    "harbour.build", params, policy={"max_lost_attempts": 1000}, task_id=f"task-{i}"
                )
                names.append(handle.name)
            watchers = [asyncio.create_task(watch_to_the_end(client, name, findings)) for name in names]
            await killing(server, kills, dice, findings)
            await asyncio.wait_for(asyncio.gather(*watchers), 300)
            for name in names:
                task = await client.get(name)
                findings.ends[task.state.name] += 1
                findings.attempts += task.attempts[-1].epoch if task.attempts else 0
                await check_task(client, task, yard, findings)
    finally:
        server.kill()
    findings.seconds = time.monotonic() - began
    check_yard(yard, findings)
    return findings


async def check_task(client: aio.Client, task: Task, yard: Path, findings: Findings) -> None:
    """Check that a task ended, and that its ledger has what exists of it; a success has made everything.

    On a machine so slow that a call outlives its window, a task may end half-done: then it must say so.
    """
    if not task.state.resting:
        findings.violations.append(f"{task.name} never ended: it is {task.state.name}")
    made = {entry.external_id async for entry in client.ledger(task.name) if entry.state.name == "CREATED"}
    number = task.name.rpartition("-")[2]
    there = [thing.read_text().split() for thing in (yard / "things").iterdir()]
    mine = {thing for thing, key in there if key.startswith(f"{number}-")}
    findings.violations += [f"{task.name}: {thing} exists and is in no ledger" for thing in mine - made]
    if task.state is TaskState.SUCCEEDED and len(mine) != KEYS:
        findings.violations.append(f"{task.name} succeeded with {len(mine)} of {KEYS} things")


def check_yard(yard: Path, findings: Findings) -> None:
    """Check that nothing exists twice and that no attempt met another of its task."""
    keys = collections.Counter(thing.read_text().split()[1] for thing in (yard / "things").iterdir())
    findings.violations += [f"{key} exists {n} times" for key, n in keys.items() if n > 1]
    findings.violations += [line for line in (yard / "calls").read_text().splitlines() if line.startswith("TWICE")]


def main() -> int:
    """Run the campaign from the command line; exit 1 when anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        findings = asyncio.run(campaign(Path(folder), kills=chosen.kills, tasks=chosen.tasks, seed=chosen.seed))
    print(findings.report())
    return 1 if findings.violations else 0


if __name__ == "__main__":
    sys.exit(main())
