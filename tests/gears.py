"""The gears that tests run in, chosen by their markers: each test is in exactly one.

    quick       stays in its own process and is soon over: `make quick`
    lengthy     stays in its own process and takes its time
    processes   starts processes: servers, databases, command lines
    campaign    a campaign, in short

`make test` runs them all. A test without a marker is quick, unless a fixture that it uses has a marker for it; one that
is quick and starts a process all the same fails, and is told which marker it needs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GEARS = ("quick", "lengthy", "processes", "campaign")

STARTERS = frozenset({"server", "serve", "postgres"})
"""Fixtures that start processes."""

_EVENTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"})


class ProcessStarted(BaseException):
    """A quick test started a process. No handler of errors in the code under test should take it for one of its own."""


class Guard:
    """Refuses processes while a quick test runs."""

    def __init__(self) -> None:
        self.guarded = ""
        self.refused: list[str] = []

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse a process; as Python tells what it is about to do."""
        if event in _EVENTS and self.guarded:
            what = f"{event} {arguments[1] if event == 'subprocess.Popen' else ''}"
            self.refused.append(what)
            raise ProcessStarted(
                f"{self.guarded} is a quick test, and starts a process ({what}); mark it with pytest.mark.processes"
            )


guard = Guard()
sys.addaudithook(guard.hear)


def gear_of(item: pytest.Item) -> str:
    """Return the one gear that a test is in. Raises UsageError for a test that is marked for several."""
    marked = {mark.name for mark in item.iter_markers() if mark.name in GEARS}
    if "campaign" in marked:
        return "campaign"  # whatever it starts
    if not marked and (STARTERS & set(getattr(item, "fixturenames", ())) or _on_postgresql(item)):
        return "processes"
    if len(marked) > 1:
        raise pytest.UsageError(f"{item.nodeid} is marked for several gears: {', '.join(sorted(marked))}")
    return next(iter(marked), "quick")


def _on_postgresql(item: pytest.Item) -> bool:
    """Whether it is the one of several variants of a test that runs on PostgreSQL."""
    params: dict[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    return any(value in ("postgres", "postgresql") for value in params.values() if isinstance(value, str))


# A module that is in one gear as a whole says so in one line.
_WHOLE = re.compile(r"^pytestmark = .*?\bmark\.(quick|lengthy|processes|campaign)\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a module unread that is in another gear as a whole: to import them all takes as long as the quick tests."""
    wanted = config.getoption("markexpr", "")
    if wanted not in GEARS or not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    found = _WHOLE.search(collection_path.read_text(encoding="utf-8"))
    return True if found is not None and found[1] != wanted else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test into its gear, before `-m` chooses among them."""
    for item in items:
        gear = gear_of(item)
        if gear not in item.keywords:
            item.add_marker(gear)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Guard a quick test, with the making and ending of its fixtures."""
    before, guard.guarded = guard.guarded, item.nodeid if "quick" in item.keywords else ""
    try:
        return (yield)
    finally:
        guard.guarded = before


@pytest.fixture(autouse=True)
def _no_process_is_started() -> Iterator[None]:
    """Fails a quick test that started a process and went on as if nothing had been."""
    yield
    refused, guard.refused = guard.refused, []
    assert not refused, f"a quick test started a process: {refused}; mark it with pytest.mark.processes"
