"""Kill imports of prices at random moments, and look for torn catalogues, lost prices and what is left behind.

python -m tests.campaigns.price_kills --kills 100 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from wharfinger_prices.registry import SOURCES, SourcePlugin, load_group
from wharfinger_server import config
from wharfinger_server.pricing import ImportRequest, Pricing
from wharfinger_server.registry import Registry
from wharfinger_server.store.store import Store

ROWS = 1_000


@dataclass
class Findings:
    """What was seen, and every violation of what was promised."""

    kills: int = 0
    activations: int = 0
    at_work: int = 0
    violations: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return it for people."""
        told = f"{self.kills} kills, {self.at_work} of them amid an import, {self.activations} activations"
        return "\n".join([told, *(f"VIOLATION {one}" for one in self.violations)])


def main() -> int:
    """Run the campaign; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        findings = campaign(Path(folder), asked.kills, asked.seed)
    print(findings.report())
    return 1 if findings.violations else 0


def campaign(folder: Path, kills: int, seed: int) -> Findings:
    """Run the imports in a process of their own, kill it `kills` times, look after each."""
    findings, chance = Findings(), random.Random(seed)
    files = _make_files(folder)
    lasts = asyncio.run(_import_once(folder))
    for _ in range(kills):
        importing = _fork(folder)
        time.sleep(chance.random() * 3 * lasts)
        os.kill(importing, signal.SIGKILL)
        os.waitpid(importing, 0)
        findings.kills += 1
        findings.at_work += any((folder / "data" / "prices" / "work").iterdir())
        asyncio.run(_look(folder, files, findings))
    return findings


def _make_files(folder: Path) -> list[Path]:
    files = []
    for number, amount in enumerate(("0.10", "0.11")):
        path = folder / f"prices-{number}.jsonl"
        row = {"provider": "onprem", "region": "fra", "unit": "Hours", "currency": "USD", "amount": amount}
        path.write_text("".join(json.dumps(row | {"sku": f"m{n}"}) + "\n" for n in range(ROWS)))
        files.append(path)
    return files


def _open(folder: Path) -> tuple[Store, Pricing]:
    environ = {"WHARFINGER_DATA_DIR": str(folder / "data"), "WHARFINGER_PRICES__FOLDER": str(folder / "none")}
    settings = config.load(None, environ | {"HOME": str(folder)})
    settings.data_dir.mkdir(exist_ok=True)
    store = Store.open(settings.database_url, encode=lambda _: b"")
    found = load_group(SOURCES)
    sources = {one.name: SourcePlugin(one.name, "", "", one.broken, one.target) for one in found}
    return store, Pricing(store, Registry({}, {}, sources), settings)


def _fork(folder: Path) -> int:
    """Return the process that imports one file after the other; it has begun when this returns."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(_import_for_ever(folder, writing))
        finally:
            os._exit(1)
    os.close(writing)
    try:
        assert os.read(reading, 1) == b"!", "nothing goes after a kill"
    finally:
        os.close(reading)
    return child


async def _import_for_ever(folder: Path, begun: int) -> None:
    _, pricing = _open(folder)
    os.write(begun, b"!")
    number = 0
    while True:
        await pricing.import_file(folder / f"prices-{number}.jsonl", ImportRequest(activate=True))
        number = 1 - number


async def _import_once(folder: Path) -> float:
    """Import a file, and return how long that takes, in seconds."""
    store, pricing = _open(folder)
    began = time.monotonic()
    await pricing.import_file(folder / "prices-1.jsonl", ImportRequest(activate=True))
    pricing.close()
    await store.close()
    return time.monotonic() - began


async def _look(folder: Path, files: list[Path], findings: Findings) -> None:
    """Open what the dead process left: old or new is active, whole, and nothing grows."""
    store, pricing = _open(folder)
    try:
        prices = folder / "data" / "prices"
        kept = list((prices / "catalogs").iterdir()) if (prices / "catalogs").exists() else []
        for path in kept:
            if hashlib.sha256(path.read_bytes()).hexdigest() + ".jsonl" != path.name:
                findings.violations.append(f"{path.name} is torn")
        if len(kept) > len(files):
            findings.violations.append(f"{len(kept)} catalogues of {len(files)} files")
        left = list((prices / "work").iterdir()) if (prices / "work").exists() else []
        if len(left) > 1:
            findings.violations.append(f"work that was left grows: {left}")
        activations = await pricing.activations(1000)
        findings.activations = len(activations)
        known = {path.name.removesuffix(".jsonl") for path in kept}
        if any(one.digest not in known for one in activations):
            findings.violations.append("a catalogue became active whose file is not there")
        if activations:
            active = await pricing.catalog("active")
            whole = pricing.path_of(active.digest).read_bytes().count(b"\n")
            if whole != ROWS or active.price_count != ROWS:
                findings.violations.append(f"the active catalogue has {whole} of {ROWS} prices")
            stack = await pricing.stack_of(active.digest)
            if str(stack.price("onprem", "fra", "m7").price.amount) not in ("0.1", "0.11"):
                findings.violations.append("the active catalogue says what nobody said")
    finally:
        pricing.close()
        await store.close()


if __name__ == "__main__":
    sys.exit(main())
