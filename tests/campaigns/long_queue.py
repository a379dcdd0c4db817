"""A long queue of one concurrency key: what it costs those that don't have the key, and a server that does nothing.

    python -m tests.campaigns.long_queue --tasks 100000

Tells how long a task without the key takes from submission to its end with no queue and behind the queue (medians),
what the server takes of a core while nothing happens, and how its memory grows. Exits with 1 where the task takes more
than twice as long, or the idle server 2 % of a core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.serving import Serving

from wharfinger import Client, NewTask, Policy

KEY = Policy(concurrency_key="one")
BATCH = 1000
TRIES = 41
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Found:
    """What was measured; times in milliseconds, memory in MiB, `idle` as a part of a core.

    `at_once` is one task right after the last of the queue was accepted, when the server still reads who waits;
    `behind` is the median once it has nothing left to do.
    """

    tasks: int
    queued_per_second: float
    empty: float
    at_once: float
    behind: float
    after_restart: float
    idle: float
    grown: float

    @property
    def wrong(self) -> list[str]:
        """Return what must not be so."""
        found = []
        for name, taken in (("behind the queue", self.behind), ("after a restart", self.after_restart)):
            if taken > 2 * self.empty:
                found.append(f"{name} a task without the key takes {taken:.1f} ms, without a queue {self.empty:.1f} ms")
        if self.idle >= 0.02:
            found.append(f"the idle server takes {self.idle:.1%} of a core")
        return found


def measure(folder: Path, tasks: int, idle_seconds: float) -> Found:
    """Measure with so many tasks in the queue of one key, of which one holds it."""
    server = Serving(folder)
    try:
        with Client(server.address) as client:
            empty = _median(client)
            before = _memory(server.process.pid)
            client.submit("harbour.count", {"steps": 1, "pause": 86_400, "lines": False}, policy=KEY)
            begun = time.monotonic()
            for _ in range(tasks // BATCH):
                made = client.submit_many([NewTask("harbour.noop", policy=KEY)] * BATCH)
                assert not any(isinstance(one, Exception) for one in made), made[0]
            took = time.monotonic() - begun
            at_once = _one(client)
            _wait_until_idle(server.process.pid)
            behind = _median(client)
            idle = _idle(server.process.pid, idle_seconds)
            grown = _memory(server.process.pid) - before
        server.kill()
        server = Serving(folder)
        with Client(server.address) as client:
            client.wait_ready(120)
            after = _median(client)
    finally:
        server.kill()
    return Found(tasks, round(tasks / took), empty, at_once, behind, after, idle, grown)


def _median(client: Client) -> float:
    """Return how many milliseconds a task without the key takes, from its submission to its end."""
    return statistics.median([_one(client) for _ in range(TRIES)][1:])


def _one(client: Client) -> float:
    begun = time.perf_counter()
    client.submit("harbour.noop").result(timeout=60)
    return (time.perf_counter() - begun) * 1000


def _wait_until_idle(pid: int) -> None:
    """Wait until a process does nothing any more, at most a minute."""
    for _ in range(60):
        used = _cpu(pid)
        time.sleep(1)
        if _cpu(pid) - used < 0.1:
            return


def _idle(pid: int, seconds: float) -> float:
    """Return what part of a core a process takes while nobody asks it anything."""
    time.sleep(1)  # what was under way is over
    begun, used = time.monotonic(), _cpu(pid)
    time.sleep(seconds)
    return (_cpu(pid) - used) / (time.monotonic() - begun)


def _cpu(pid: int) -> float:
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS


def _memory(pid: int) -> float:
    told = Path(f"/proc/{pid}/status").read_text()
    return int(told.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> int:
    """Measure, tell it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--idle", type=float, default=20, help="seconds of doing nothing")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked.tasks, asked.idle)
    print(json.dumps({name: round(value, 4) for name, value in asdict(found).items()}))
    for wrong in found.wrong:
        print(wrong, file=sys.stderr)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
