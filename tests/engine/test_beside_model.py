"""The real engine on a real database does at each step what the rules say, over random histories.

`BESIDE=FIRST:COUNT` plays others, or more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.engine.beside import History
from tests.engine.house import House

pytestmark = pytest.mark.lengthy

FIRST, COUNT = (int(number) for number in os.environ.get("BESIDE", "0:12").split(":"))
STEPS = 90
KINDS = (
    "NOT_SENT of 1 in time closes",
    "NOT_SENT of 1 late closes",
    "NOT_SENT of 1 late changes nothing",
    "NOT_SENT of 2 in time closes",
    "an end doubt, QUEUED",
)


@pytest.mark.timeout(300)
async def test_the_engine_and_the_model_of_its_rules_agree_at_every_step(tmp_path: Path) -> None:
    house = House(tmp_path)
    ends: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    missing = 0
    for seed in range(FIRST, FIRST + COUNT):
        history = History(house, seed)
        await history.begin()
        for _ in range(STEPS):
            await history.step()
            missing += any(row.state == "MISSING" for row in history.model.rows)
        ends[history.model.state] += 1
        seen += history.seen
    await house.store.close()
    assert missing > COUNT, "hardly anything is ever found to be gone"
    assert len(ends) > 3, f"these histories all end alike: {ends}"
    assert all(seen[kind] for kind in KINDS), f"not all that is to be said of calls is said: {seen}"
