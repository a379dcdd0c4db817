"""The server of the campaign: its lives on one folder and port, its disk, its clock, and what is changed in it.

It is forked from a process to which a small library gives its wall clock and its disk: both do what files say.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.nursery import Forked, Nursery
from tests.servers.wall_clock import prove

HERE = Path(__file__).parent
PACKAGES = HERE / "packages"
HOOK = "tests.campaigns.chaos.house:quicken"
DISK = 256 << 20
"""Bytes of the server's disk, where one of its own can be mounted: 24 MiB hold some 1,500 stories, and no more."""

SETTINGS = """
[server]
log_level = "warning"
drain_grace = "1s"
[store]
deadline = "2s"
[limits]
cancel_grace = "1s"
lease_ttl = "2s"
suspect_time = "0.03s"
"""


class Missing(Exception):
    """What the campaign needs is not on this machine."""


def quicken() -> None:
    """Shorten in the server what it would wait for by the minute, and take out the mend that is named, if one is."""
    from tests.campaigns.chaos import shortened, without

    shortened.apply()
    if name := os.environ.get("CHAOS_WITHOUT"):
        without.MENDS[name]()


class House:
    """Where servers of the campaign live: a disk of its own that can be full or fail, a clock that can be set."""

    def __init__(self, folder: Path, mend: str = "") -> None:
        self.folder = folder
        self.data = folder / "data"
        self._flag = folder / "disk-fails"
        self._clock = folder / "clock"
        self._filler = self.data / "filler"
        self._mounted = False
        self.data.mkdir(parents=True)
        config = folder / "config" / "wharfinger" / "server.toml"
        config.parent.mkdir(parents=True)
        config.write_text(SETTINGS)
        config.chmod(0o600)
        environ = {
            "LD_PRELOAD": str(_compiled(folder)),
            "WALL_CLOCK": str(self._clock),
            "GRPC_ENABLE_FORK_SUPPORT": "0",  # as the server sets it before it imports what its nursery has imported
        }
        self._clock.write_bytes(bytes(8))
        self.set_clock(86_400)
        prove(environ, 86_400)
        self.set_clock(0)
        more = {"FAILING_DISK": str(self._flag), "PYTHONPATH": str(PACKAGES), "CHAOS_WITHOUT": mend}
        self.nursery = Nursery({**environ, **more})

    def __enter__(self) -> Self:
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.data)]
        self._mounted = subprocess.run(mounting, check=False, capture_output=True).returncode == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.nursery.__exit__(kind, error, trace)
        if self._mounted:
            subprocess.run(["umount", "--lazy", str(self.data)], check=False, capture_output=True)

    def set_clock(self, seconds: int) -> None:
        """Set the wall clock of all lives to come, and of the one that runs, to so many seconds from the true time."""
        with self._clock.open("r+b") as file:  # all of them look at this very file
            file.write(struct.pack("=q", seconds))

    @property
    def can_fill(self) -> bool:
        """Whether the disk is one of its own, so that it can be filled."""
        return self._mounted

    def fill(self) -> None:
        """Let nothing more fit on the disk."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 65536)

    def make_room(self) -> None:
        """Take away what fills the disk."""
        self._filler.unlink(missing_ok=True)

    @contextlib.contextmanager
    def failing_disk(self) -> Iterator[None]:
        """Let writes and syncs of the database fail for a while."""
        self._flag.touch()
        try:
            yield
        finally:
            self._flag.unlink()


class Vessel:
    """The one server of a house, through all its lives; `store` is its database's URL, "" for SQLite on its disk."""

    def __init__(self, house: House, store: str = "") -> None:
        self._house = house
        self._arguments = ["--store", store] if store else []
        self._forked = Forked(house.nursery, house.folder, self._arguments, hook=HOOK)
        self.address = self._forked.address
        self.lives = 1

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._forked.ended()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._forked.kill()

    def stop(self, seconds: float) -> bool:
        """Ask it to end; return whether it did within so many seconds. It is killed then."""
        self._forked.signal(signal.SIGTERM)
        try:
            self._forked.wait(seconds)
        except TimeoutError:
            self._forked.kill()
            return False
        return True

    def pause(self, seconds: float) -> None:
        """Have it stand still for a while."""
        if not self._forked.ended():
            os.kill(self._forked.pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(self._forked.pid, signal.SIGCONT)

    def revive(self) -> None:
        """Start it again. Raises NotServing where it refuses to."""
        self._forked = Forked(
            self._house.nursery, self._house.folder, ["--address", self.address, *self._arguments], hook=HOOK
        )
        self.lives += 1

    def log(self) -> str:
        """Return what all its lives wrote."""
        return self._forked.log()


def _compiled(folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("there is no C compiler for the library that is preloaded")
    made = folder / "preload.so"
    source = HERE / "preload.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made
