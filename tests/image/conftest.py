"""What the tests of the image scripts share: a source, stores in folders and on an S3-compatible server."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from tests.servers.sources import Sources

from wharfinger.script import AsyncTask
from wharfinger.testing import Done, Trial

MIB = 1024 * 1024
QUICK = {"idle_timeout": "0.6s", "connect_timeout": "0.6s", "retries": 2}


def image(size: int, seed: int = 1) -> bytes:
    """Return `size` random bytes, the same for the same arguments."""
    # Modules ask for tens of megabytes while they are read: ten times as fast as `random`.
    return hashlib.shake_128(b"%d" % seed).digest(size)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def files(folder: Path) -> list[str]:
    """Return the paths of all files below `folder` but for the notes beside objects."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if ".wharfinger/objects/" not in path)


def remove(trial: Trial, done: Done, prefix: str) -> Done:
    """Undo what `done` made under keys that begin with `prefix`, by the script's own `undo`."""
    keys = [key for key in done.ledger if key.startswith(prefix)]

    async def main(task: AsyncTask) -> None:
        for key in keys:
            await task.remove(key)

    module = ModuleType("undoing")
    module.__dict__.update({**vars(trial.module), "__name__": "undoing", "main": main})
    after = Done()
    after.continue_from(done)
    return replace(trial, module=module).run(after=after)


def undo(trial: Trial, done: Done) -> Done:
    """Undo every object that `done` made."""
    undone = remove(trial, done, "object/")
    assert undone.result == {}
    return undone


@dataclass
class House:
    """Folders as stores, and the script package's settings, for trials."""

    root: Path
    sources: Sources
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def folder(self, store: str) -> Path:
        """Return the folder of a local store."""
        return self.root / store

    def trial(self, script: ModuleType, **settings: Any) -> Trial:
        """Return a trial of `script` with the stores `first` and `second` in folders, and those of `extra`."""
        stores = {name: {"url": self.folder(name).as_uri()} for name in ("first", "second")}
        name = "image." + script.__name__.rpartition(".")[2].partition("_")[0]
        allowed = {"allow_sources": [self.sources.address]}
        return Trial(script, stores={**stores, **self.extra}, settings={**allowed, **QUICK, **settings}, name=name)


@pytest.fixture
def sources() -> Iterator[Sources]:
    """A server to download from."""
    with Sources() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, sources: Sources) -> Iterator[House]:
    """Two local stores and a source; the stores are in memory where the system has such a place, to sync in no time."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="wharfinger-test-", dir=parent) as root:
        yield House(Path(root), sources)


@dataclass
class Bucket:
    """A bucket on an S3-compatible server, over the wire."""

    endpoint: str
    name: str

    def table(self, prefix: str = "", **options: Any) -> dict[str, Any]:
        """Return a `[stores.NAME]` table for it."""
        return {
            "url": f"s3://{self.name}/{prefix}",
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": "any",
            "secret_access_key": "any",
            "max_retries": 1,
            **options,
        }

    def get(self, query: str) -> str:
        """Return the answer to a GET of the bucket, such as `?uploads`."""
        with urllib.request.urlopen(f"{self.endpoint}/{self.name}{query}") as answer:
            text: str = answer.read().decode()
            return text

    def keys(self) -> list[str]:
        """Return the keys of all objects but for the notes beside them."""
        found = [rest.partition("</Key>")[0] for rest in self.get("?list-type=2").split("<Key>")[1:]]
        return sorted(key for key in found if ".wharfinger/objects/" not in key)

    def uploads(self) -> int:
        """Return how many multipart uploads were begun and neither completed nor aborted."""
        return self.get("?uploads").count("<UploadId>")

    def put(self, key: str, data: bytes) -> None:
        """Store an object as somebody else would."""
        obstore.put(self._store(), key, data)

    def delete(self, key: str) -> None:
        """Delete an object as somebody else would."""
        obstore.delete(self._store(), key)

    def read(self, key: str) -> bytes:
        """Return an object's bytes."""
        return bytes(obstore.get(self._store(), key).bytes())

    def _store(self) -> S3Store:
        config: Any = {key: self.table()[key] for key in ("endpoint", "region", "access_key_id", "secret_access_key")}
        return S3Store(self.name, config=config, client_options={"allow_http": True})


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The S3-compatible server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, request: pytest.FixtureRequest) -> Bucket:
    """A new bucket."""
    name = f"b{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}"
    made = urllib.request.Request(f"{s3_endpoint}/{name}", method="PUT")
    urllib.request.urlopen(made).close()
    return Bucket(s3_endpoint, name)
