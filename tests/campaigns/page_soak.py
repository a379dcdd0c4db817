"""The page under load, in a real browser: 1,000 running tasks of which each tells something every second.

    python -m tests.campaigns.page_soak --minutes 60

Tells how long the longest task of the page's script took (PerformanceObserver), how many rows stood in the document,
how the heap grew after forced collections, and how soon the page painted first beside one of a word of the same server.
Exits with 1 where a task took more than 100 ms, the rows were not bounded, the heap grew by more than a tenth, or the
first paint took three times that of the other one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from tests.gateway.test_chromium import FLAGS, chromium
from tests.gateway.web import gateway_of
from tests.rpc.test_access import write_config
from tests.servers.serving import Serving

from wharfinger import Client, NewTask, Policy

TASKS = 1000
MOST_ROWS = 80
LONGEST = 100.0
PAINTS = 7
CALM = 20.0
"""Seconds in which the page finds its feet before the heap is weighed first."""

_OBSERVE = """() => {
  window.long = [];
  new PerformanceObserver(list => window.long.push(...list.getEntries().map(one => one.duration)))
    .observe({ type: "longtask" });
}"""
_PAINT = """() => new Promise(resolve => new PerformanceObserver(list => {
  const first = list.getEntriesByName("first-contentful-paint")[0];
  if (first) resolve(first.startTime);
}).observe({ type: "paint", buffered: true }))"""


@dataclass
class Found:
    """What was seen: times in milliseconds, the heap in MiB."""

    seconds: float = 0.0
    events: float = 0.0
    longest: float = 0.0
    long_tasks: int = 0
    rows: int = 0
    heap_first: float = 0.0
    heap_last: float = 0.0
    paint: float = 0.0
    empty_paint: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """Return what must not be so."""
        found = []
        if self.longest > LONGEST:
            found.append(f"a task of the page's script took {self.longest:.0f} ms")
        if self.rows > MOST_ROWS:
            found.append(f"{self.rows} rows stood in the document")
        if self.heap_last > self.heap_first * 1.1:
            found.append(f"the heap grew from {self.heap_first:.1f} to {self.heap_last:.1f} MiB")
        if self.paint >= 3 * self.empty_paint:
            found.append(f"the first paint took {self.paint:.0f} ms, of a page of one word {self.empty_paint:.0f} ms")
        return found


def look(seconds: float, folder: Path, tasks: int = TASKS, paints: int = PAINTS) -> Found:
    """Watch the page for so many seconds while `tasks` tasks run; paint it `paints` times."""
    found = Found(seconds=seconds)
    settings = f"[executors.asyncio]\nslots = {tasks + 8}\n"
    serving = Serving(folder, [*write_config(folder, settings), "--gateway", "127.0.0.1:0"])
    try:
        with Client(serving.address) as client, sync_playwright() as playwright:
            start(client, tasks)
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            try:
                _paints(browser, gateway_of(serving), found, paints)
                _soak(browser.new_page(), gateway_of(serving), seconds, found)
            finally:
                browser.close()
            before = sum(client.get(name).last_sequence for name in _some(client))
            time.sleep(2)
            after = sum(client.get(name).last_sequence for name in _some(client))
            found.events = (after - before) / 2 * tasks / len(_some(client))
    finally:
        serving.kill()
    return found


def start(client: Client, tasks: int) -> None:
    """Have so many tasks at work, each of which tells something every second."""
    kept = Policy(attempt_timeout=86_400, total_timeout=86_400)
    params = {"steps": 86_400, "pause": 1.0}
    for outcome in client.submit_many(NewTask("harbour.count", params, policy=kept) for _ in range(tasks)):
        if isinstance(outcome, Exception):
            raise outcome
    until = time.monotonic() + 120
    while next(client.list("state = QUEUED"), None) is not None:
        if time.monotonic() > until:
            raise TimeoutError("the tasks were not all running after two minutes")
        time.sleep(0.5)


def _some(client: Client) -> list[str]:
    names = [task.name for task, _ in zip(client.list("state = RUNNING"), range(50), strict=False)]
    return sorted(names)


def _paints(browser: Browser, gateway: str, found: Found, paints: int) -> None:
    """Paint the page and one of a word in turns, each with a cold cache."""
    ours, empty = [], []
    for _ in range(paints):
        for times, path in ((ours, "/"), (empty, "/healthz")):
            context = browser.new_context()
            page = context.new_page()
            page.goto(gateway + path)
            times.append(float(page.evaluate(_PAINT)))
            context.close()
    found.paint, found.empty_paint = statistics.median(ours), statistics.median(empty)


def _soak(page: Page, gateway: str, seconds: float, found: Found) -> None:
    page.goto(f"{gateway}/#/default/tasks")
    page.get_by_role("region", name="Tasks").locator("tbody tr:not(.gap)").first.wait_for()
    browser: Any = page.context.new_cdp_session(page)
    page.wait_for_timeout(min(CALM, seconds / 4) * 1000)
    page.evaluate(_OBSERVE)
    found.heap_first = _heap(browser)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.wait_for_timeout(1000)
        found.rows = max(found.rows, page.locator("tbody tr:not(.gap)").count())
    long = page.evaluate("window.long")
    found.long_tasks, found.longest = len(long), max(long, default=0.0)
    found.heap_last = _heap(browser)


def _heap(browser: CDPSession) -> float:
    """Return the size of the page's heap in MiB, after a forced collection."""
    for _ in range(2):
        browser.send("HeapProfiler.collectGarbage")
    return float(browser.send("Runtime.getHeapUsage")["usedSize"]) / 2**20


def main() -> int:
    """Look, tell, and return whether something was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=60.0)
    arguments.add_argument("--tasks", type=int, default=TASKS)
    told = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="wharfinger-page-") as folder:
        load = os.getloadavg()[0]
        found = look(told.minutes * 60, Path(folder), told.tasks)
    print(
        f"{found.seconds:.0f} s, {told.tasks} tasks, {found.events:.0f} events/s; load {load:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after\n"
        f"longest task of the script {found.longest:.0f} ms ({found.long_tasks} above 50 ms), {found.rows} rows\n"
        f"heap {found.heap_first:.1f} MiB, {found.heap_last:.1f} MiB at the end\n"
        f"first paint {found.paint:.0f} ms, of a page of one word {found.empty_paint:.0f} ms"
    )
    for wrong in found.wrong:
        print(f"WRONG: {wrong}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
