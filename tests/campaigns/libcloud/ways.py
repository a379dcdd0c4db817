"""A plug-in of pytest that runs libcloud's own tests with their drivers put into one of our ways.

    plain     as they are
    block     each call from a test in `with keeping(driver)`
    wrapper   through `Lossless(driver)`
    aio       awaited, through `aio.driver`

WHARFINGER_WAY names it. What passed and what failed, and the making calls of which the journal knew nothing, are
written as lines of JSON into the file that WHARFINGER_FOUND names.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
import time
import types
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from libcloud.common.base import BaseDriver

import libcloud
from wharfinger_libcloud import Lossless, aio, keeping
from wharfinger_libcloud.calls import MAKES, role_of

WAY = os.environ.get("WHARFINGER_WAY", "plain")
FOUND = os.environ.get("WHARFINGER_FOUND", "")


def _note(**what: Any) -> None:
    if FOUND:
        with Path(FOUND).open("a") as file:
            file.write(json.dumps(what) + "\n")


def _secrets() -> None:
    """Let libcloud's tests have the made-up credentials that come with them; nothing is written beside them."""
    name = "libcloud.test.secrets"
    module = types.ModuleType(name)
    exec(compile((Path(libcloud.__path__[0]) / "test/secrets.py-dist").read_text(), name, "exec"), vars(module))
    sys.modules[name] = module


_secrets()
_sleep = time.sleep
time.sleep = lambda seconds: _sleep(min(seconds, 0.001))  # recorded answers keep nobody waiting


class InBlocks:
    """A driver each of whose methods is called in a block of its own; else the driver that it is of."""

    def __init__(self, driver: Any) -> None:
        object.__setattr__(self, "_own", driver)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._own, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._own, name)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._own

    def __hash__(self) -> int:
        return id(self._own)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._own)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._own, name)
        if name.startswith("_") or not isinstance(value, (types.FunctionType, types.MethodType)):
            return value
        return functools.wraps(value)(lambda *values, **named: self._call(name, values, named))

    def _call(self, name: str, values: Any, named: Any) -> Any:
        with keeping(self._own) as journal:
            answer = getattr(self._own, name)(*values, **named)
            role = role_of(name)
            if role.effect == MAKES and answer is not None and not (journal.exchanges or journal.returned):
                _note(unknown=f"{type(self._own).__name__}.{name}")
            return answer


class Wrapped(InBlocks):
    """The same, through `Lossless`."""

    def _call(self, name: str, values: Any, named: Any) -> Any:
        return getattr(Lossless(self._own), name)(*values, **named)


class Awaited(InBlocks):
    """The same, awaited."""

    def _call(self, name: str, values: Any, named: Any) -> Any:
        async def work() -> Any:
            async with aio.driver(lambda: self._own, workers=1) as account:
                answer = getattr(account, name)(*values, **named)
                if hasattr(answer, "__await__"):
                    return await answer
                return [one async for one in answer]

        answer = asyncio.run(work())
        streamed = name.startswith("iterate_") or name.endswith("_as_stream")
        return iter(answer) if streamed else answer


FORMS: dict[str, Callable[[Any], Any]] = {"block": InBlocks, "wrapper": Wrapped, "aio": Awaited}


def _after_set_up(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def set_up(self: Any) -> None:
        original(self)
        form = FORMS[WAY]
        for name, value in list(vars(self).items()):
            if isinstance(value, BaseDriver):
                setattr(self, name, form(value))

    return set_up


if WAY in FORMS:
    unittest.TestCase._callSetUp = _after_set_up(unittest.TestCase._callSetUp)  # type: ignore[attr-defined]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down how a test ended."""
    if report.when == "call" or report.failed:
        _note(test=report.nodeid, outcome=report.outcome, why=str(report.longrepr)[-600:] if report.failed else "")
