"""The simulation in short."""

from __future__ import annotations

import pytest
from tests.campaigns.sim.world import play, template, workplace


@pytest.mark.timeout(180)
def test_random_histories_lose_nothing_and_make_nothing_twice() -> None:
    with workplace() as folder:
        empty = template(folder)
        for seed in range(1, 9):
            history = play(seed, empty, folder)
            assert not history.wrongs, f"seed {seed}: {history.wrongs}; make sim SEED={seed} tells its history"


@pytest.mark.timeout(180)
def test_one_seed_gives_the_same_history_twice() -> None:
    with workplace() as folder:
        empty = template(folder)
        for seed in (3, 6):
            assert play(seed, empty, folder).text == play(seed, empty, folder).text
