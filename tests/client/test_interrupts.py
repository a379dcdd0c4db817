"""Whoever interrupts a watch goes on with the same client: Ctrl-C may come at any moment of a read."""

from __future__ import annotations

import random
import signal
from contextlib import closing
from types import FrameType

from tests.client.loopback import Loopback
from tests.client.world import World

import wharfinger

INTERRUPTS = 150


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def test_a_client_whose_watch_was_interrupted_at_any_moment_still_answers(loopback: Loopback, world: World) -> None:
    moments = random.Random(1)
    before = signal.signal(signal.SIGALRM, _interrupt)
    try:
        with wharfinger.Client(loopback.address) as client:
            task = client.submit("demo.count", {"lines": 1_000_000, "pause": 0.0005})
            for _ in range(INTERRUPTS):
                watch = client.watch(task.name)
                try:
                    signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.002, 0.02))
                    for _ in watch:
                        pass
                except KeyboardInterrupt:
                    pass
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                with closing(client.watch(task.name, timeout=20)) as again:
                    assert next(again)
    finally:
        signal.signal(signal.SIGALRM, before)
