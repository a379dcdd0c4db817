"""The benchmarks run, and tell wrong answers from slow ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from bench.figure import WrongAnswer, expect, figure
from bench.report import table
from bench.turns import take_turns

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("h2load") is None, reason="h2load (nghttp2-client) is not installed")
def test_the_short_form_measures_and_writes_json(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--short", "--only", "1,12", "--json", str(results)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(results.read_text())
    assert told["short"] is True
    assert {figure["goal"] for figure in told["figures"]} == {"1", "12"}
    assert all(figure["median"] > 0 for figure in told["figures"])
    assert "≥ 0.60" in ended.stdout


def test_an_unknown_goal_is_refused() -> None:
    command = [sys.executable, "-m", "bench", "--only", "99"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "there is no goal 99" in ended.stderr


def test_a_wrong_answer_is_no_figure() -> None:
    expect("rows", 3, 3)
    with pytest.raises(WrongAnswer, match="rows: 2, not 3"):
        expect("rows", 2, 3)


def test_ratios_are_of_what_was_measured_side_by_side() -> None:
    slow_hour = figure("1", "rate", "req/s", [60.0, 6.0, 62.0], "echo", [100.0, 10.0, 100.0], 0.6)
    assert slow_hour.ratio == 0.6
    assert slow_hour.met
    late = figure("5", "delay", "ms", [3.0], "peer", [2.0], 0.7, at_least=False)
    assert late.met is False
    assert late.gap is not None
    assert late.gap < 0
    assert "≤ 0.70" in table([slow_hour, late])


def test_turns_go_forth_and_back() -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return len(order)

    said = take_turns(2, {"a": lambda: turn("a"), "b": lambda: turn("b")})
    assert order == ["a", "b", "b", "a"]
    assert said == {"a": [1, 4], "b": [2, 3]}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_what_a_killed_bench_started_ends_too(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from bench.session import Session;"
        "session = Session(Path(sys.argv[1]), True);"
        "print(session.process(['sleep', '60']).pid, session.server('s')._serving.pid, flush=True); time.sleep(60)"
    )
    bench = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with bench:
        assert bench.stdout is not None
        children = [psutil.Process(int(pid)) for pid in bench.stdout.readline().split()]
        assert len(children) == 2
        bench.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    for child in alive:
        child.kill()
    assert alive == []
