"""Reads a generated file of each format, of 500 MB or more, in a process of its own: how long, and in how much memory.

python -m tests.sources.large [--megabytes 500] [--only aws_csv,azure] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sources.conftest import source
from tests.sources.making import NAMES, make

from wharfinger_prices.sdk.price_source import Notes

LIMIT_MB = 200


def measure(kind: str, path: Path) -> dict[str, float]:
    """Read the file in this process and return what it took."""
    began, used = time.perf_counter(), time.process_time()
    notes, count, unknown = Notes(), 0, 0
    for price in source(kind).read(path, notes):
        count += 1
        unknown += price.amount is None
    return {
        "prices": count,
        "unknown": unknown,
        "skipped": notes.skipped.total(),
        "seconds": round(time.perf_counter() - began, 1),
        "processor seconds": round(time.process_time() - used, 1),
        "peak MB": round(_largest(), 1),
    }


def _largest() -> float:
    """Return the most memory that this process had, in MB; getrusage would begin with that of its parent."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def run(kind: str, folder: Path, megabytes: float) -> dict[str, float]:
    """Make a file, read it in a new process, remove it, and return its size and what reading took."""
    path = make(kind, folder, int(megabytes * 1e6))
    try:
        command = [sys.executable, "-m", "tests.sources.large", "--measure", kind, str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        size = {"file MB": round(path.stat().st_size / 1e6, 1)}
    finally:
        path.unlink()
    figures: dict[str, float] = json.loads(told)
    return size | figures


def main() -> None:
    """Measure one format after the other; the exit code tells whether all stayed below LIMIT_MB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=500)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument(
        "--measure", nargs=2, metavar=("FORMAT", "FILE"), help="read this file here and print the figures"
    )
    options = parser.parse_args()
    if options.measure:
        kind, path = options.measure
        print(json.dumps(measure(kind, Path(path))))
        return
    too_much = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for kind in options.only.split(","):
            figures = run(kind, Path(folder), options.megabytes)
            print(f"{kind:9}", "  ".join(f"{name} {value:,}" for name, value in figures.items()), flush=True)
            if figures["peak MB"] > LIMIT_MB:
                too_much.append(kind)
    if too_much:
        sys.exit(f"more than {LIMIT_MB} MB: {', '.join(too_much)}")


if __name__ == "__main__":
    main()
