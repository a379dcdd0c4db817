"""The built-in executors pass the suite that every executor must pass."""

from __future__ import annotations

import pytest

from wharfinger_server.executors.asyncio_executor import AsyncioExecutor
from wharfinger_server.executors.thread_executor import ThreadExecutor
from wharfinger_server.sdk.conformance import ExecutorConformance
from wharfinger_server.sdk.executor import ASYNC, Executor

pytestmark = pytest.mark.lengthy

PLAIN_AT_ONCE = 64


class TestAsyncio(ExecutorConformance):
    shares_loop = True

    def make(self) -> Executor:
        return AsyncioExecutor({"slots": 500, "threads": PLAIN_AT_ONCE, "watchdog": "200ms"})

    def at_once(self, executor: Executor, colour: str) -> int:
        return executor.slots if colour == ASYNC else PLAIN_AT_ONCE


class TestThread(ExecutorConformance):
    def make(self) -> Executor:
        return ThreadExecutor({"slots": 200})


class TestOneSlot(ExecutorConformance):
    def make(self) -> Executor:
        return AsyncioExecutor({"slots": 1})
