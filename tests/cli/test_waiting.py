"""A watch tells what its task waits for, and until when."""

import queue
import re

from tests.cli.conftest import Shell

from wharfinger import Snapshot
from wharfinger.cli.waiting import Waiting


def test_a_watch_says_until_when_nothing_can_be_told_of_what_is_in_doubt(wharf: Shell) -> None:
    said = wharf("submit", "harbour.half", "--task-id", "crates", "--watch")
    [line] = [line for line in said.out.splitlines() if "  waiting  " in line and "nobody can tell" in line]
    told = r"until 20\d\d-.*T[\d:]+\+00:00 nobody can tell whether 1 thing\(s\) tried before exist: crate/two"
    assert re.search(told, line)


def test_programs_hear_of_it_beside_the_events(wharf: Shell) -> None:
    said = wharf("submit", "harbour.half", "--task-id", "crates", "--watch", "-o", "json")
    assert "it waits: until " in said.err
    assert {document["kind"] for document in said.documents} >= {"state_changed"}


def test_the_same_answer_is_told_once_and_another_one_again() -> None:
    answers = ["1 task(s) are before it", "1 task(s) are before it", "", None, "to be tried again at 12:00"]
    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    told: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ask() -> str | None:
        answer = answers.pop(0)
        asked.put(None)
        return answer

    with Waiting(ask, told.put, quiet=0.001) as waiting:
        for _ in range(5):
            waiting.hear(Snapshot.__new__(Snapshot))
            asked.get(timeout=10)
        assert told.get(timeout=10) == "1 task(s) are before it"
        assert told.get(timeout=10) == "to be tried again at 12:00"
    assert told.empty()
