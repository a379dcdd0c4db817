"""The executor of the guide passes the suite that every executor must pass, and gives way as it says."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.executors.conftest import Begin, play

from wharfinger_server.sdk.conformance import ExecutorConformance
from wharfinger_server.sdk.executor import PLAIN, Executor

sys.path.append(str(Path(__file__).parents[2] / "examples" / "gentle" / "src"))

from gentle.executor import GentleExecutor


class TestGentle(ExecutorConformance):
    def make(self) -> Executor:
        return GentleExecutor({"slots": 50, "nice": 1})


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
async def test_its_threads_give_way_and_the_server_s_own_do_not(begin: Begin) -> None:
    stage = await begin(GentleExecutor({"nice": 2}))
    source = (
        "import os, threading\n"
        "def main(task):\n    return {'nice': os.getpriority(os.PRIO_PROCESS, threading.get_native_id())}\n"
    )
    own: Callable[[], int] = lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())  # noqa: E731
    before = own()
    done = play(stage, source, PLAIN)
    await done.freed()
    assert done.done.result == {"nice": max(2, before)}
    assert own() == before


@pytest.mark.parametrize("options", [{"nice": 0}, {"nice": 20}, {"slots": 0}, {"nics": 3}])
def test_a_wrong_option_is_refused_by_its_name(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=rf"^\[executors\.gentle\] {next(iter(options))} "):
        GentleExecutor(options)
