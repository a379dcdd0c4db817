"""Memory stays flat however large an image is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.image.conftest import MIB, House
from tests.servers.sources import Reply

pytestmark = pytest.mark.processes

SIZE = 512 * MIB

CHILD = """
import sys, threading, time
import wharfinger_image.import_image as script
from wharfinger.testing import Trial

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def watch():
    global peak
    while True:
        peak = max(peak, resident())
        time.sleep(0.002)

url, folder, address = sys.argv[1:]
settings = {"allow_sources": [address]}
trial = Trial(script, stores={"s": {"url": f"file://{folder}"}}, settings=settings, name="image.import")
trial.run({"source": url + "small", "stores": "s", "name": "small"}).result
peak = before = resident()
threading.Thread(target=watch, daemon=True).start()
result = trial.run({"source": url + "large", "stores": "s", "name": "large"}).result
print(result["size"], peak - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells a process's memory like this")
def test_importing_half_a_gigabyte_takes_less_than_64_megabytes(house: House, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(SIZE)  # a hole: it takes no room
    house.sources.serve("/small", Reply(bytes(MIB)))
    house.sources.serve("/large", Reply(large))
    arguments = [sys.executable, "-c", CHILD, house.sources.url("/"), str(tmp_path / "out"), house.sources.address]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env={**os.environ})
    size, grown = map(int, done.stdout.split())
    assert size == SIZE
    assert grown < 64 * MIB
    (tmp_path / "out" / "large").unlink()
