"""What all tests share: real servers in processes of their own."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.gears import (
    _no_process_is_started,
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_runtest_protocol,
)
from tests.servers.serving import Serving

__all__ = [
    "_no_process_is_started",
    "pytest_collection_modifyitems",
    "pytest_ignore_collect",
    "pytest_runtest_protocol",
]

# Compiled once, and not by each of the processes that tests start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# In the background of a shell SIGINT is ignored, and so it would be by all that the tests start: Ctrl-C is one
# of the things that they try.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes tells of the machine, not of the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a running server that tests share; each should use a project of its own."""
    serving = Serving(tmp_path_factory.mktemp("server"))
    try:
        yield serving
    finally:
        assert serving.stop() == 0, serving.log()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Return a function that starts a server of the test's own; it takes command-line arguments and `environ`."""
    with ExitStack() as stack:

        def start(*arguments: str, folder: Path = tmp_path, environ: dict[str, str] | None = None) -> Serving:
            serving = Serving(folder, arguments, environ)
            stack.callback(lambda: serving.process.poll() is None and serving.kill())
            return serving

        yield start
