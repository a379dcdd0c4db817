"""Many power cuts of recorded work, and their summary."""

from __future__ import annotations

import json
import random
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.campaigns.powerloss.check import check
from tests.campaigns.powerloss.cut import MODES, Disk, moments
from tests.campaigns.powerloss.recording import Call, build, record

CUTS_EACH = 100
"""How many cuts are made of one recording."""


@dataclass
class Findings:
    """What came of the cuts under one setting. `hurt`: the cuts after which something was lost or wrong."""

    synchronous: str
    cuts: int = 0
    hurt: int = 0
    lost: int = 0
    answers: int = 0
    calls: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return it for people."""
        size = f"{self.calls} file calls, {self.answers} answers given before them"
        lines = [
            f"synchronous={self.synchronous}: {self.cuts} power cuts in {self.seconds:.0f} s, {size}",
            f"  {self.lost} acknowledged commits lost, in {self.hurt} cuts",
            *(f"    {example}" for example in self.examples),
        ]
        return "\n".join(lines)


def workplace() -> tempfile.TemporaryDirectory[str]:
    """Return a folder in memory where there is one: what is to be lost here is lost on purpose."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def run(cuts: int, synchronous: str, *, tasks: int = 60, first: int = 1) -> Findings:
    """Make `cuts` power cuts. Raises recording.NoCompiler."""
    findings = Findings(synchronous)
    began = time.perf_counter()
    with workplace() as place:
        folder = Path(place)
        shim = build(folder)
        seed = first
        while findings.cuts < cuts:
            calls = record(shim, folder / f"record-{seed}", tasks=tasks, seed=seed, synchronous=synchronous)
            findings.calls += len(calls)
            _cut_all(findings, calls, min(CUTS_EACH, cuts - findings.cuts), random.Random(seed), folder)
            seed += 1
    findings.seconds = time.perf_counter() - began
    return findings


def _cut_all(findings: Findings, calls: list[Call], count: int, dice: random.Random, folder: Path) -> None:
    disk, done = Disk(), 0
    for n, moment in enumerate(moments(calls, count, dice)):
        disk.follow(calls[done:moment])
        done = moment
        mode = MODES[n % len(MODES)]
        with tempfile.TemporaryDirectory(dir=folder) as place:
            disk.cut(Path(place), mode, dice)
            lost, wrongs = check(Path(place), disk.answers)
        findings.cuts += 1
        findings.lost += lost
        findings.answers += len(disk.answers)
        if lost or wrongs:
            findings.hurt += 1
            if len(findings.examples) < 5:
                findings.examples.append(f"cut after call {moment}, {mode} unsynced kept: {wrongs[:2]}")


def write(folder: Path, found: list[Findings]) -> Path:
    """Write `powerloss.json` and `powerloss.txt` into a folder; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "powerloss.json").write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    text = folder / "powerloss.txt"
    text.write_text("\n".join(one.text() for one in found) + "\n")
    return text
