"""Goal 9: image.import from a local HTTP server into a local store, against obstore's bare copy of the same bytes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import obstore
import uvloop
from obstore.store import HTTPStore, LocalStore

from bench.asking import CREATE, WAIT, task_request
from bench.figure import Figure, expect, figure
from bench.session import Session
from bench.turns import take_turns
from bench.wire import ask, channels
from wharfinger.v1 import task_pb2, task_service_pb2

MIB = 1024 * 1024
SIZE, SHORT_SIZE = 512 * MIB, 32 * MIB
TARGET = 0.85


def measure(session: Session) -> list[Figure]:
    """Return bytes per second of an import whose checksum is checked, from asking for it until it has succeeded."""
    size = SHORT_SIZE if session.short else SIZE
    image = session.folder / "image.raw"
    digest = _write(image, size)
    source = session.process([sys.executable, "-m", "bench.source", image])
    assert source.stdout is not None
    url = f"http://127.0.0.1:{int(source.stdout.readline())}/image.raw"
    store, bare = session.folder / "store", session.folder / "bare"
    store.mkdir()
    bare.mkdir()
    settings = f'[stores.local]\nurl = "file://{store}"\n[image]\nallow_sources = ["{urlsplit(url).netloc}"]\n'
    server = session.server("server", settings)
    turns = iter(range(1_000_000))

    def run_import(*, checked: bool) -> float:
        name = f"image-{next(turns)}"
        params = {"source": url, "stores": "local", "name": name} | ({"sha256": digest} if checked else {})
        took = uvloop.run(_import(server.address, params, size, digest))
        _check(store / name, size, digest)
        return size / MIB / took

    def copy() -> float:
        name = f"image-{next(turns)}"
        took = uvloop.run(_copy(url, bare, name))
        _check(bare / name, size, digest)
        return size / MIB / took

    copy()  # so that the source's pages are in memory for all of them
    said = take_turns(min(session.rounds, 5), {"bare": copy, "import": lambda: run_import(checked=True)})
    return [
        figure(
            "9", "image.import, checksum checked", "MiB/s", said["import"], "bare obstore copy", said["bare"], TARGET
        )
    ]


def _write(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // MIB):
            piece = os.urandom(MIB)
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def _check(path: Path, size: int, digest: str) -> None:
    """Raise WrongAnswer unless the file holds just those bytes; then delete it: each turn finds the same room."""
    expect("bytes in the store", path.stat().st_size, size)
    with path.open("rb") as file:
        expect("SHA-256 in the store", hashlib.file_digest(file, "sha256").hexdigest(), digest)
    path.unlink()


async def _import(address: str, params: dict[str, str], size: int, digest: str) -> float:
    async with channels(address, 1) as (channel,):
        began = time.monotonic()
        task: task_pb2.Task = await ask(channel, CREATE, task_request("images", "image.import", params), task_pb2.Task)
        while not task.HasField("end_time"):
            task = await ask(channel, WAIT, task_service_pb2.WaitTaskRequest(name=task.name), task_pb2.Task)
        took = time.monotonic() - began
    expect(f"state of the import ({task.failure.message})", task.state, task_pb2.TASK_STATE_SUCCEEDED)
    expect("result of the import", (task.result["size"], task.result["sha256"]), (size, digest))
    return took


async def _copy(url: str, folder: Path, name: str) -> float:
    """Copy by obstore, which reads and writes in parts at once; nothing is computed over the bytes."""
    at = urlsplit(url)
    began = time.monotonic()
    web = HTTPStore.from_url(f"{at.scheme}://{at.netloc}", client_options={"allow_http": True})
    found = await obstore.get_async(web, at.path.lstrip("/"))
    await obstore.put_async(LocalStore(folder), name, found.stream())
    return time.monotonic() - began
