"""Taking turns: a machine's speed drifts within the hour, so only what was measured side by side can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def take_turns(rounds: int, subjects: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Run each subject once a round and return what each said, by name; every other round goes backwards."""
    said: dict[str, list[T]] = {name: [] for name in subjects}
    for turn in range(rounds):
        for name in sorted(subjects, reverse=turn % 2 == 1):
            said[name].append(subjects[name]())
    return said
