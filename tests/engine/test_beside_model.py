"""The real engine on a real database does at each step what the rules say, over random histories.

`BESIDE=FIRST:COUNT` plays others, or more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.engine.beside import History, House

FIRST, COUNT = (int(number) for number in os.environ.get("BESIDE", "0:12").split(":"))
STEPS = 90


@pytest.mark.timeout(300)
async def test_the_engine_and_the_model_of_its_rules_agree_at_every_step(tmp_path: Path) -> None:
    house = House(tmp_path)
    ends: Counter[str] = Counter()
    missing = 0
    for seed in range(FIRST, FIRST + COUNT):
        history = History(house, seed)
        await history.begin()
        for _ in range(STEPS):
            await history.step()
            missing += any(row.state == "MISSING" for row in history.model.rows)
        ends[history.model.state] += 1
    await house.store.close()
    assert missing > COUNT, "hardly anything is ever found to be gone"
    assert len(ends) > 3, f"these histories all end alike: {ends}"
