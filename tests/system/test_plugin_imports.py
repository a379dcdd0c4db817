"""Plug-ins that misbehave while they are imported: the others serve, and whoever did it is named."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rpc.wire import connected
from tests.servers.serving import NotServing, Serving
from tests.system.conftest import MakePackage

from wharfinger.v1 import executor_service_pb2

Serve = Callable[..., Serving]
MAIN = "async def main(task):\n    return {}\n"
MISBEHAVING = {
    "asked": "def __getattr__(name):\n    raise SystemExit('asked')\n",
    "schema": "class Params:\n    @staticmethod\n    def model_json_schema():\n        raise SystemExit('schema')\n"
    + MAIN,
    "wordless": "class Odd(BaseException):\n    def __str__(self):\n        raise SystemExit\nraise Odd\n",
    "slow": "import time\ntime.sleep(2.5)\n" + MAIN,
    "deaf": (
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})\n" + MAIN
    ),
    "silent": "import os\nos.close(1)\nos.close(2)\n" + MAIN,
    "lasting": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), name='the lasting').start()\n"
    + MAIN,
    "farewell": "import atexit, time\natexit.register(time.sleep, 600)\n" + MAIN,
}


@pytest.mark.timeout(150)
def test_the_server_serves_and_ends_whatever_plug_ins_did_at_import(serve: Serve, package: MakePackage) -> None:
    serving = serve(environ=package("dock", **MISBEHAVING, plain=MAIN))
    with connected(serving.address) as stubs:
        scripts = {
            script.name.removeprefix("scripts/"): script
            for script in stubs.executors.ListScripts(executor_service_pb2.ListScriptsRequest(page_size=100)).scripts
        }
        broken = {name for name in scripts if name.startswith("dock.") and scripts[name].broken_reason}
        assert broken == {"dock.asked", "dock.schema", "dock.wordless"}
        for name in ("plain", "slow", "silent"):
            assert stubs.wait(stubs.create("p", f"dock.{name}").name).result == {}
    log = serving.log()
    assert "loading dock.silent of dock" in log
    assert "still loading dock.slow of dock after 2 s" in log
    assert "dock.silent of dock closed standard output and standard error; opened again" in log
    serving.signal(signal.SIGTERM)
    asked = time.monotonic()
    assert serving.wait(30) == 0
    assert "ended though the lasting still runs" in serving.log()
    assert time.monotonic() - asked < 20


@pytest.mark.parametrize(
    ("how", "status", "word"),
    [
        ("import os\nos._exit(0)\n", 0, "dock.fatal of dock ended the process with os._exit(0)"),
        ("import ctypes\nctypes.string_at(0)\n", -signal.SIGSEGV, "dock/fatal.py"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", -signal.SIGKILL, "loading dock.fatal of dock"),
    ],
    ids=["os._exit", "a segmentation fault", "a signal"],
)
def test_a_plug_in_that_ends_the_process_leaves_a_word(
    serve: Serve, package: MakePackage, tmp_path: Path, how: str, status: int, word: str
) -> None:
    with pytest.raises(NotServing) as caught:
        serve(environ=package("dock", fatal=how))
    assert caught.value.exit_code == status
    assert word in caught.value.log
