"""How a task came to rest is a line in the server's log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

LOGGER = "wharfinger_server.engine.execution.rest_log"


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    facts = ("task", "state", "attempts", "seconds", "left_over", "reason")
    return [
        {name: getattr(record, name) for name in facts if hasattr(record, name)}
        for record in caplog.records
        if record.name == LOGGER
    ]


async def test_each_task_that_ends_has_one_line_without_params(pier: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    good = await pier.run("harbour.count", params={"steps": 1, "mark": ""})
    yard = str(pier.folder / "yard")
    half = await pier.run("harbour.build", params={"yard": yard, "keys": ["a", "b", "c"], "refuse": ["c"]})
    first, second = told(caplog)
    assert (first["task"], first["state"], first["left_over"]) == (good.task.name, "SUCCEEDED", 0)
    assert "reason" not in first
    assert 0 <= first["seconds"] < 20
    seconds = second.pop("seconds")
    assert seconds >= 0
    assert second == {
        "task": half.task.name,
        "state": "PARTIALLY_FAILED",
        "attempts": 1,
        "left_over": 2,
        "reason": "QUOTA_EXCEEDED",
    }
    assert yard not in caplog.text


async def test_nothing_is_told_below_that_level(pier: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    await pier.run("harbour.noop")
    assert told(caplog) == []
