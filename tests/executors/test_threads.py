"""Threads for jobs are fresh and bounded; helper threads are kept and bounded."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from wharfinger.worker.threads import Helpers
from wharfinger_server.sdk.threads import JobThreads


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_no_more_jobs_run_at_once_than_the_limit() -> None:
    threads, lock = JobThreads(3), threading.Lock()
    now, most, ended = 0, 0, 0

    def work() -> None:
        nonlocal now, most, ended
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
            ended += 1

    for n in range(20):
        threads.start(f"job {n}", work)
    wait_until(lambda: ended == 20)
    assert most == 3


def test_every_job_has_a_fresh_thread() -> None:
    threads, seen = JobThreads(1), []
    local = threading.local()

    def work() -> None:
        seen.append(getattr(local, "mark", "fresh"))
        local.mark = "used"

    for n in range(5):
        threads.start(f"job {n}", work)
    wait_until(lambda: len(seen) == 5)
    assert seen == ["fresh"] * 5


def test_jobs_start_in_the_order_they_came_but_for_one_in_a_hurry() -> None:
    threads, gate, order = JobThreads(1), threading.Event(), []
    threads.start("first", gate.wait)  # type: ignore[arg-type]
    works = [lambda n=n: order.append(n) for n in range(4)]
    for n, work in enumerate(works):
        threads.start(f"job {n}", work)
    threads.hurry(works[2])
    wait_until(lambda: order == [2])
    threads.hurry(works[2])
    gate.set()
    wait_until(lambda: len(order) == 4)
    assert order == [2, 0, 1, 3]


def test_helpers_are_kept_for_the_next_call_and_bounded() -> None:
    helpers = Helpers(4)
    idents = {helpers.submit(threading.get_ident).result(5) for _ in range(20)}
    assert len(idents) == 1
    barrier = threading.Barrier(4)
    assert sorted(future.result(5) for future in [helpers.submit(barrier.wait, 5) for _ in range(4)]) == [0, 1, 2, 3]
    for future in [helpers.submit(time.sleep, 0.001) for _ in range(50)]:
        future.result(5)
    assert sum(thread.name == "wharfinger helper" for thread in threading.enumerate()) >= 4
    helpers.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        helpers.submit(print)


def test_what_a_call_raises_reaches_whoever_waits() -> None:
    helpers = Helpers(1)
    for error in (ValueError, SystemExit):

        def fail(error: type[BaseException] = error) -> None:
            raise error("so it is")

        with pytest.raises(error, match="so it is"):
            helpers.submit(fail).result(5)
    assert helpers.submit(int, "7").result(5) == 7
    helpers.shutdown()


def test_calls_that_have_not_begun_can_be_cancelled() -> None:
    seen: list[Future[Any]] = []
    helpers, gate = Helpers(1, seen.append), threading.Event()
    running, waiting, last = helpers.submit(gate.wait), helpers.submit(int), helpers.submit(int)
    assert seen == [running, waiting, last]
    wait_until(running.running)
    assert waiting.cancel()
    helpers.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert running.result(5) is True
    assert last.cancelled()
    helpers.shutdown()
