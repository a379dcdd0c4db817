"""A wrong option is refused with its place in the configuration and what it may be."""

from __future__ import annotations

from typing import Any

import pytest

from wharfinger_server.executors.asyncio_executor import AsyncioExecutor
from wharfinger_server.executors.thread_executor import ThreadExecutor
from wharfinger_server.sdk.executor import Executor


@pytest.mark.parametrize(
    ("executor", "options", "message"),
    [
        (AsyncioExecutor, {"slot": 3}, "[executors.asyncio] slot is unknown; did you mean slots?"),
        (
            AsyncioExecutor,
            {"workers": 3},
            "[executors.asyncio] workers is unknown; the options are slots, threads, watchdog",
        ),
        (ThreadExecutor, {"watchdog": 1}, "[executors.thread] watchdog is unknown; the options are slots"),
        (AsyncioExecutor, {"slots": 0}, "[executors.asyncio] slots is 0; it must be a whole number from 1 to 100000"),
        (
            AsyncioExecutor,
            {"slots": True},
            "[executors.asyncio] slots is True; it must be a whole number from 1 to 100000",
        ),
        (
            AsyncioExecutor,
            {"threads": "8"},
            "[executors.asyncio] threads is '8'; it must be a whole number from 1 to 10000",
        ),
        (ThreadExecutor, {"slots": 2.5}, "[executors.thread] slots is 2.5; it must be a whole number from 1 to 10000"),
        (
            AsyncioExecutor,
            {"watchdog": "soon"},
            "[executors.asyncio] watchdog is 'soon'; it must be seconds, or a duration",
        ),
        (AsyncioExecutor, {"watchdog": 0}, "[executors.asyncio] watchdog is 0; it must be seconds, or a duration"),
        (
            AsyncioExecutor,
            {"watchdog": "1ms"},
            "[executors.asyncio] watchdog is '1ms'; it must be seconds, or a duration",
        ),
        (AsyncioExecutor, {"watchdog": float("nan")}, "[executors.asyncio] watchdog is nan; it must be seconds"),
    ],
)
def test_a_wrong_option_is_refused(executor: type[Executor], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^\[executors\.") as caught:
        executor(options)
    assert str(caught.value).startswith(message)


def test_options_have_defaults_and_can_be_set() -> None:
    assert AsyncioExecutor({}).slots == 256
    assert AsyncioExecutor({"slots": 7, "threads": 2, "watchdog": "2s"}).slots == 7
    assert AsyncioExecutor({"watchdog": 0.5}).slots == 256
    assert ThreadExecutor({}).slots == 32
    assert ThreadExecutor({"slots": 3}).slots == 3
