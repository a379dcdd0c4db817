"""Move a large sparse image for real: a web server, S3, a clone by the store, and a folder, where it stays sparse.

python -m tests.campaigns.s3_large --gibibytes 6
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.servers.s3 import S3Server
from tests.servers.sources import Reply, Sources

from wharfinger.testing import Trial
from wharfinger_image import clone_image, export_image, import_image

MIB = 1024 * 1024
GIB = 1024 * MIB


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gibibytes", type=float, default=6.0)
    parser.add_argument(
        "--folder", type=Path, help="where there is room for the image twice; a temporary one by default"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        for line in move(Path(folder), int(chosen.gibibytes * GIB)):
            print(line, flush=True)
    return 0


def make(path: Path, size: int) -> str:
    """Write an image of `size` bytes that is nearly all holes; return its SHA-256."""
    with path.open("wb") as file:
        for at in range(0, size, GIB):
            file.seek(at)
            file.write(f"gibibyte {at}".encode().ljust(MIB, b"\x07"))
        file.truncate(size)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(16 * MIB):
            digest.update(piece)
    return digest.hexdigest()


def move(folder: Path, size: int) -> Iterator[str]:
    """Move it; yield what was measured. Raises AssertionError where something is not as promised."""
    image = folder / "image"
    digest = make(image, size)
    s3 = S3Server(folder / "s3")
    try:
        with Sources() as sources:
            stores = {"s3": s3.table("img"), "out": {"url": (folder / "out").as_uri()}}
            settings = {"allow_sources": [sources.address], "max_size": "20 GiB", "idle_timeout": "5m"}
            url = sources.serve("/image", Reply(image))
            steps: list[tuple[ModuleType, dict[str, Any]]] = [
                (import_image, {"source": url, "stores": "s3", "name": "large", "sha256": digest}),
                (clone_image, {"from_store": "s3", "name": "large", "to_store": "s3", "to_name": "twin"}),
                (export_image, {"store": "s3", "name": "twin", "to": "out"}),
            ]
            for module, params in steps:
                name = "image." + module.__name__.rpartition(".")[2].partition("_")[0]
                began = time.monotonic()
                done = asyncio.run(Trial(module, stores=stores, settings=settings, name=name).run_async(params))
                assert (done.result["size"], done.result["sha256"]) == (size, digest), done
                yield (f"{name}: {size / GIB:.2f} GiB in {time.monotonic() - began:.0f} s")
        left = [key for key in s3.listed() if "/.wharfinger/staging/" in key]
        assert (left, s3.uploads()) == ([], [])
        taken = (folder / "out" / "twin").stat().st_blocks * 512
        assert taken < size / 10, taken
        yield (f"in the folder it takes {taken / MIB:.0f} MiB")
    finally:
        s3.kill()


if __name__ == "__main__":
    sys.exit(main())
