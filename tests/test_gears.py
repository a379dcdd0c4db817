"""Each test is in one gear, and a quick one starts no process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.gears import GEARS, STARTERS, ProcessStarted, guard

pytest_plugins = ["pytester"]

SERVER = """
from tests.servers.serving import Serving

def test_it(tmp_path):
    Serving(tmp_path)
"""
HIDDEN = """
from tests.servers.serving import Serving

def test_it(tmp_path):
    try:
        Serving(tmp_path)
    except BaseException:
        pass
"""


def test_every_test_is_in_one_gear(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        assert len({mark.name for mark in item.iter_markers() if mark.name in GEARS}) == 1, item.nodeid


def test_what_takes_a_server_or_a_database_is_not_quick(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        if "quick" in item.keywords:
            assert not STARTERS & set(getattr(item, "fixturenames", ())), item.nodeid


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run([sys.executable, "-c", ""], check=False),
        lambda: os.system("true"),
        os.fork,
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
    ],
    ids=["subprocess", "system", "fork", "spawn"],
)
def test_a_process_is_refused_to_a_quick_test(start) -> None:
    with pytest.raises(ProcessStarted, match=r"is a quick test, .*mark it with pytest\.mark\.processes"):
        start()
    assert len(guard.refused) == 1
    guard.refused.clear()


@pytest.mark.parametrize(
    ("source", "counts"),
    [(SERVER, {"failed": 1, "errors": 1}), (HIDDEN, {"passed": 1, "errors": 1})],
    ids=["as it is", "in a handler of errors"],
)
def test_a_quick_test_that_starts_a_server_fails(
    pytester: pytest.Pytester, source: str, counts: dict[str, int]
) -> None:
    hooks = "_no_process_is_started, pytest_collection_modifyitems, pytest_runtest_protocol"
    pytester.makeconftest(f"from tests.gears import {hooks}")
    pytester.makeini("[pytest]\nmarkers = quick\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(source)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "-m", "quick").assert_outcomes(**counts)
