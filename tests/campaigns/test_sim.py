"""The simulation in short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.campaigns.sim.world import play, template, workplace

pytestmark = pytest.mark.campaign


@pytest.mark.timeout(180)
def test_random_histories_lose_nothing_and_make_nothing_twice() -> None:
    with workplace() as folder:
        empty = template(folder)
        for seed in range(5000, 5006):
            history = play(seed, empty, folder)
            assert not history.wrongs, f"seed {seed}: {history.wrongs}; make sim SEED={seed} tells its history"


@pytest.mark.timeout(180)
def test_one_seed_gives_the_same_history_twice() -> None:
    with workplace() as folder:
        empty = template(folder)
        for seed in (3, 5001):
            assert play(seed, empty, folder).text == play(seed, empty, folder).text


@pytest.mark.timeout(180)
def test_one_seed_gives_the_same_history_in_another_process() -> None:
    with workplace() as folder:
        here = play(6, template(folder), folder).digest
    root = Path(__file__).parents[2]
    environment = dict(os.environ) | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "tests.campaigns.sim", "--seed", "6"]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == f"digest {here}"
