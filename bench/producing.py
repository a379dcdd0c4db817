"""A turn of a producer: tasks are asked for, and each says when that was and when it began."""

from __future__ import annotations

import struct
import subprocess
import time
from collections.abc import Callable

from bench.figure import expect
from bench.queues import Producer
from bench.session import ROOT, Session

START_LIMIT = 60.0

Times = list[tuple[float, float]]
"""When each task was asked for and when it began, in seconds."""


def produce(session: Session, producer: Producer, tasks: int, pause: float, at_once: int) -> Callable[[], Times]:
    """Return a turn: have the producer ask for the tasks, `at_once` at a time with pauses in between.

    A turn raises WrongAnswer where one of the tasks did not begin.
    """
    file = session.folder / f"{abs(hash(producer))}.bin"
    command = producer.command(file, tasks, pause, at_once)

    def turn() -> Times:
        file.unlink(missing_ok=True)
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        expect(f"exit code of {producer.peer}'s producer\n{ended.stderr[-2000:]}", ended.returncode, 0)
        until = time.monotonic() + START_LIMIT
        while (not file.exists() or file.stat().st_size < 16 * tasks) and time.monotonic() < until:
            time.sleep(0.02)
        found = file.read_bytes() if file.exists() else b""
        expect(f"tasks that {producer.peer} has begun", len(found) / 16, tasks)
        return list(struct.iter_unpack("dd", found))

    return turn
