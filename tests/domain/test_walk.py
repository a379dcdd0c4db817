"""Random walks: after each step of each, what must be true is true.

`WALKS=FIRST:COUNT` makes others, or more of them; `python -m tests.domain.walk SEED` tells one.
"""

from __future__ import annotations

import os

import pytest
from tests.domain.walk import walk

FIRST, COUNT = (int(number) for number in os.environ.get("WALKS", "0:400").split(":"))
GROUP = 50


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, GROUP))
def test_walks_keep_every_promise(first: int) -> None:
    for seed in range(first, min(first + GROUP, FIRST + COUNT)):
        taken = walk(seed)
        assert not taken.wrong, taken.story()


def test_the_same_seed_makes_the_same_walk() -> None:
    one, again = walk(FIRST + 7), walk(FIRST + 7)
    assert one.path == again.path
    assert (one.world.task, one.world.entries) == (again.world.task, again.world.entries)
