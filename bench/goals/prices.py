"""Goal 11's ground: what a look-up takes, and what prices cost in time and memory before one can ask."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from bench.figure import Figure, expect
from bench.session import Session
from wharfinger_prices.catalogues.build import build
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.lookup.layers import bundled
from wharfinger_prices.price import Price
from wharfinger_prices.registry import SOURCES, load_group
from wharfinger_prices.sdk.price_source import Notes
from wharfinger_server.pricing import Layer, Stack

LOOK_UP_MICROSECONDS = 15
LOAD_SECONDS = 0.5
MEMORY_MEGABYTES = 220
_STEP = 7919


def measure(session: Session) -> list[Figure]:
    """Return the figures, each measured in a process of its own, because a process's memory only grows."""
    rows = 20_000 if session.short else 1_000_000
    told = []
    for _ in range(session.rounds):
        command = [sys.executable, "-m", "bench.goals.prices", str(rows)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        told.append(json.loads(ended.stdout))
    return [
        _figure(f"look-up in {rows:,} prices, a new one each time", "µs", told, "fresh", LOOK_UP_MICROSECONDS),
        _figure("look-up of what was just looked up", "µs", told, "again", LOOK_UP_MICROSECONDS),
        _figure(f"memory to look up in {rows:,} prices", "MB", told, "memory", MEMORY_MEGABYTES),
        _figure("Libcloud's file: opened by a server that has seen it", "s", told, "opened", LOAD_SECONDS),
        _figure("Libcloud's file: read for the first time", "s", told, "read", LOAD_SECONDS),
        _figure(f"memory to build a catalogue of {rows:,} prices", "MB", told, "building", MEMORY_MEGABYTES),
    ]


def _figure(what: str, unit: str, told: list[dict[str, float]], key: str, target: float | None) -> Figure:
    return Figure("11b", what, unit, tuple(one[key] for one in told), target=target, at_least=False)


def _rows(count: int) -> Iterator[Price]:
    """Yield prices in no order, 60 regions."""
    for n in range(count):
        yield Price("ec2_linux", f"region-{n % 60}", _sku(n, count), "Hours", "USD", Decimal(f"0.{n + 1}"))


def _sku(n: int, count: int) -> str:
    return f"m{n * _STEP % count}.xlarge"


def _main(count: int) -> dict[str, float]:
    """Measure everything once. The memory is the process's largest, the interpreter with its modules included."""
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = build(_rows(count), "bench", folder)
        told["building"] = _largest()
        path = built.path.rename(folder / f"{built.digest}.jsonl")
        looking = subprocess.run(
            [sys.executable, "-m", "bench.goals.prices", str(count), str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        told |= json.loads(looking.stdout)
        told |= _libcloud(folder)
    return told


def _look_up(path: Path, count: int) -> dict[str, float]:
    stack = Stack((Layer("downloaded", Catalogue.open(path)),))
    asked = [(f"region-{n % 60}", _sku(n, count), n) for n in range(0, count, max(1, count // 20_000))]
    began = time.process_time()
    found = [stack.price("ec2_linux", region, sku).price.amount for region, sku, _ in asked]
    fresh = (time.process_time() - began) / len(asked) * 1e6
    expect("the amounts", found, [Decimal(f"0.{n + 1}") for _, _, n in asked])
    region, sku, _ = asked[-1]
    began = time.process_time()
    for _ in range(len(asked)):
        stack.price("ec2_linux", region, sku)
    again = (time.process_time() - began) / len(asked) * 1e6
    return {"fresh": fresh, "again": again, "memory": _largest()}


def _libcloud(folder: Path) -> dict[str, float]:
    source = next(one.target for one in load_group(SOURCES) if one.name == "libcloud")
    path = bundled()
    expect("whether Libcloud is installed", path is not None, True)
    began = time.process_time()
    built = build(source().read(path, Notes()), "libcloud", folder)
    read = time.process_time() - began
    kept = built.path.rename(folder / f"{built.digest}.jsonl")
    began = time.process_time()
    catalogue = Catalogue.open(kept)
    opened = time.process_time() - began
    expect("whether there are prices", len(catalogue) > 100_000, True)
    return {"read": read, "opened": opened}


def _largest() -> float:
    """Return the most memory that this process ever had, in MB.

    Not by getrusage: what that tells of a new program begins with what the process that started it had.
    """
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    rows_asked = int(sys.argv[1])
    print(json.dumps(_look_up(Path(sys.argv[2]), rows_asked) if len(sys.argv) > 2 else _main(rows_asked)))
