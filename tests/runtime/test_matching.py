"""Many texts are found in one pass: all that are there, and in a time that does not grow with their number."""

from __future__ import annotations

import random
import time

import pytest

from wharfinger.runtime.matching import Needles


def plainly(needles: list[str], text: str) -> str:
    """Return what one would get by looking for each of them at each place."""
    spans = sorted({(at, at + len(n)) for n in needles for at in range(len(text)) if text.startswith(n, at)})
    merged: list[list[int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    told, at = "", 0
    for start, end in merged:
        told += text[at:start] + "*"
        at = end
    return told + text[at:]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [3, 140])
def test_all_are_found_however_they_overlap(seed: int, count: int) -> None:
    chance = random.Random(seed)
    needles = ["".join(chance.choices("ab", k=chance.choice([6, 7, 8, 9, 14]))) for _ in range(count)]
    needles += [needle + "c" * chance.randrange(1, 1200) for needle in needles[::20]]
    for _ in range(4):
        text = "".join(chance.choices(["a", "b", "c" * 400, *needles[:3]], [9, 9, 1, 1, 1, 1], k=60))
        found = plainly(needles, text)
        assert Needles(needles).replaced(text, "*") == found
        assert Needles(needles).within(text) == ("*" in found)


@pytest.mark.lengthy
def test_a_hundred_thousand_cost_a_line_little_though_they_begin_alike() -> None:
    needles = Needles(["secret" + "x" * (number % 200) + str(number) for number in range(100_000)])
    line = "secret " * 20 + "secretx" * 20
    began = time.thread_time()
    for _ in range(20):
        assert needles.replaced(line, "*") == line
    assert time.thread_time() - began < 0.4
    assert needles.replaced(line + "secret200x", "*") == line + "*x"
