"""What callers seal never stands in the server's log, takes nothing out of what is said of others, and costs little."""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from tests.rpc.wire import Stubs, connected, create_request, refused
from tests.servers.serving import Serving

from wharfinger.runtime.redaction import MARK, Redactor, hold, known, of_call, within
from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.app.logs import JsonLines, PlainLines

pytestmark = pytest.mark.processes

STRUCTURE = [
    '"message": "',
    '", "level": "info", "logger": "',
    "projects/b/tasks",
    "answered",
    "task at rest",
    "SUCCEEDED",
    "harbour.noop",
    "anonymous",
    "TASK_NOT_FOUND",
    "GetTask refused",
    "wharfinger_server.rpc.calls",
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("own"), ("--log-level", "debug"))
    yield serving
    assert serving.stop() == 0


@pytest.fixture
def stubs(own: Serving) -> Iterator[Stubs]:
    with connected(own.address) as stubs:
        yield stubs


def processor_time(serving: Serving) -> float:
    """Return the seconds of processor time that the server has taken so far."""
    fields = Path(f"/proc/{serving.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost_of_a_task(serving: Serving, stubs: Stubs) -> float:
    """Return the seconds that the creation of a task takes, the median of several."""
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        stubs.create("b", "harbour.noop")
        taken.append(time.perf_counter() - began)
    return median(taken)


@pytest.mark.parametrize(
    ("script", "params", "reason"),
    [
        ("image.export", {"store": "s", "name": "n", "to": "https://h/x", "headers": "many"}, "PARAMS_INVALID"),
        ("harbour.vault", {"keys": "many"}, "PARAMS_INVALID"),
        ("harbour.vault", {"password": "one", "nothing": 1}, "PARAMS_INVALID"),
    ],
    ids=["too many headers", "too many for a server", "one large URL"],
)
def test_refused_sealed_requests_slow_nobody_down(
    own: Serving, stubs: Stubs, script: str, params: dict[str, Any], reason: str
) -> None:
    usual = cost_of_a_task(own, stubs)
    for number in range(64):
        words = [f"{secrets.token_hex(8)}-{number}-{i}" for i in range(1500)]
        filled = {
            "headers": dict(zip(words, words, strict=True)),
            "keys": words,
            "password": "https://h/?" + "&".join(f"k={word}" for word in words),
        }
        given = {key: filled.get(key, value) if value in ("many", "one") else value for key, value in params.items()}
        told = refused(stubs.tasks.CreateTask, create_request("a", script, params=given, validate_only=True))
        assert told.reason == reason
    began = processor_time(own)
    now = cost_of_a_task(own, stubs)
    assert processor_time(own) - began < 1
    assert now < 10 * usual + 0.05


def test_what_is_sealed_is_cut_out_of_nothing_that_is_said_of_others(
    own: Serving, stubs: Stubs, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    for word in STRUCTURE:
        stubs.create("a", "harbour.vault", params={"password": word}, validate_only=True)
    running = stubs.create("a", "harbour.vault", params={"keys": STRUCTURE, "gate": str(gate)}).name
    before = len(own.log().splitlines())
    mine = stubs.create("b", "harbour.noop").name
    stubs.wait(mine)
    refused(stubs.tasks.GetTask, v1.GetTaskRequest(name="projects/b/tasks/none"))
    stubs.tasks.CancelTask(v1.CancelTaskRequest(name=running))
    stubs.wait(running)
    stubs.tasks.GetTask(v1.GetTaskRequest(name=mine))
    lines = [json.loads(line) for line in own.log().splitlines()[before:] if line.startswith("{")]
    assert len(lines) == len([line for line in own.log().splitlines()[before:] if line]), "each line is JSON"
    assert MARK not in json.dumps(lines, ensure_ascii=False)
    rests = {line["task"]: line["state"] for line in lines if line["message"] == "task at rest"}
    assert rests == {mine: "SUCCEEDED", running: rests[running]}
    assert any(line["message"] == "GetTask refused" and line["reason"] == "TASK_NOT_FOUND" for line in lines)
    assert any(line["message"] == "CreateTask answered" and line["about"] == mine for line in lines)


# ---------------------------------------------------------------------- line by line


@pytest.fixture
def two() -> Iterator[tuple[Redactor, Redactor]]:
    """The secrets of a task of project a, and those of one of project b."""
    of_a, of_b = Redactor(["word-of-a"], "projects/a/tasks/t"), Redactor(["word-of-b"], "projects/b/tasks/t")
    for redactor in (of_a, of_b):
        known.keep(redactor)
    yield of_a, of_b
    for redactor in (of_a, of_b):
        known.release(redactor)


def told(message: str, *arguments: object, logger: str = "wharfinger_server.engine", **facts: object) -> Any:
    record = logging.makeLogRecord({"name": logger, "msg": message, "args": arguments, "levelno": 30, **facts})
    line = json.loads(JsonLines().format(record))
    plain = PlainLines().format(record)
    assert (MARK in plain) == (MARK in json.dumps(line, ensure_ascii=False))
    return line


@pytest.mark.usefixtures("two")
def test_a_line_about_a_task_loses_the_secrets_of_that_task_alone() -> None:
    line = told("%s: %s", "projects/a/tasks/t", "got word-of-a and word-of-b")
    assert line["message"] == f"projects/a/tasks/t: got {MARK} and word-of-b"
    line = told("failed: %s", ValueError("word-of-a, word-of-b"), task="projects/b/tasks/t")
    assert line["message"] == f"failed: word-of-a, {MARK}"


@pytest.mark.usefixtures("two")
def test_sentences_and_facts_of_our_own_are_told_whole() -> None:
    line = told("word-of-a", task="projects/a/tasks/t", reason="word-of-a")
    assert (line["message"], line["reason"]) == ("word-of-a", "word-of-a")
    assert told("the word-of-a comes")["message"] == "the word-of-a comes"


def test_what_others_log_loses_the_secrets_of_who_ran_it_or_of_all_where_nobody_knows(two: Any) -> None:
    both = "sent word-of-a and word-of-b"
    with within(two[0]):
        assert told(both, logger="urllib3")["message"] == f"sent {MARK} and word-of-b"
    line = told("sent", logger="urllib3", url={"query": ["word-of-a"], 1: None}, by=Path("word-of-b"))
    assert (line["url"], line["by"]) == ({"query": [MARK], "1": None}, MARK)
    assert told(both, logger="urllib3")["message"] == f"sent {MARK} and {MARK}"


def test_a_fault_in_a_call_does_not_tell_what_was_to_be_sealed() -> None:
    def fault() -> Any:
        try:
            raise ValueError("it was word-of-c")
        except ValueError as error:
            return (ValueError, error, error.__traceback__)

    with of_call():
        hold(["word-of-d"], "projects/c")
        hold(["word-of-c"], "projects/c")
        line = told("CreateTask failed", exc_info=fault())
        assert "ValueError" in line["exception"]
        assert "it was word" not in line["exception"]
        assert told("%s: %s", "projects/d/tasks/t", "word-of-c")["message"].endswith("word-of-c")
        assert told("%s: %s", "projects/c/tasks/t", "word-of-c")["message"].endswith(MARK)
    assert told("%s", "word-of-c")["message"] == "word-of-c", "it is forgotten with the call"


def test_credentials_of_the_settings_are_taken_out_of_everything() -> None:
    mine = Redactor(["word-of-the-operator"])
    known.keep(mine)
    try:
        line = told("the word-of-the-operator: %s", "word-of-the-operator", reason="word-of-the-operator")
        assert (line["message"], line["reason"]) == (f"the {MARK}: {MARK}", MARK)
    finally:
        known.release(mine)
