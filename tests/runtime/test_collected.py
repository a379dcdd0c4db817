"""Garbage is collected in the middle of anything, and what is collected may log: that holds nobody up."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator

import pytest

from wharfinger.runtime.redaction import MARK, Known, Redactor


@pytest.fixture(autouse=True)
def usual_pace() -> Iterator[None]:
    """Let the tests say when garbage is collected."""
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)


class Garbage:
    """Part of a cycle, so that only the collector ends it; then it does `last`."""

    def __init__(self, last: Callable[[], object]) -> None:
        self.last = last
        self.me = self

    def __del__(self) -> None:
        self.last()


def in_time(work: Callable[[], object]) -> None:
    """Do `work` in a thread of its own, which must end."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_a_line_logged_by_what_is_collected_is_redacted_like_any_other() -> None:
    known, told = Known(), []
    for number in range(20):
        known.keep(Redactor([f"secret-{number}"]))

    def work() -> None:
        """Redact, with garbage about that is collected a little later each time."""
        for number in range(400):
            gc.set_threshold(number % 40 + 1)
            Garbage(lambda: told.append(known.text("secret-7 of the garbage")))
            known.text("secret-1")

    in_time(work)
    assert set(told) == {f"{MARK} of the garbage"}


def test_secrets_are_made_ready_though_what_is_collected_asks_for_them() -> None:
    told: list[str] = []

    def work() -> None:
        """Redact for the first time, with garbage about that is collected a little later each time."""
        for number in range(200):
            gc.set_threshold(number % 40 + 1)
            redactor = Redactor(f"secret-{number}-{part}" for part in range(5))
            Garbage(lambda redactor=redactor: told.append(redactor.text("none")))  # type: ignore[misc]
            told.append(redactor.text(f"secret-{number}-3"))

    in_time(work)
    assert set(told) == {MARK, "none"}
