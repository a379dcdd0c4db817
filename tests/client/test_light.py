"""Importing the package is light, and everything it promises is there."""

import subprocess
import sys

import pytest

import wharfinger

pytestmark = pytest.mark.processes

HEAVY = ("grpc", "google.protobuf", "click", "rich", "asyncio", "wharfinger.blocking", "wharfinger._core")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_neither_grpc_nor_protobuf_nor_click() -> None:
    assert python(f"import sys, wharfinger; print([name for name in {HEAVY!r} if name in sys.modules])") == "[]"


def test_errors_and_events_can_be_imported_without_grpc() -> None:
    code = "import sys, wharfinger.errors, wharfinger.events, wharfinger.requests; print('grpc' in sys.modules)"
    assert python(code) == "False"


def test_every_promised_name_is_there() -> None:
    assert (
        python("from wharfinger import *; print(Client.__name__, PartialFailure.__name__)") == "Client PartialFailure"
    )
    for name in wharfinger.__all__:
        assert getattr(wharfinger, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(wharfinger, "Clint")
