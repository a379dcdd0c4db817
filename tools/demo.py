"""Show Wharfinger at work in one terminal: real bytes, a deployment that fails half-way, a rollback, a kill -9.

Everything is made in a temporary folder, listens on 127.0.0.1 only, and is gone afterwards. Run it with `make demo`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers import qcow2  # noqa: E402 - found by the line above
from tests.servers.sources import Reply, Sources  # noqa: E402
from tools import demo_cloud  # noqa: E402

from wharfinger import Client, WharfingerError  # noqa: E402

MEGABYTE = 1024 * 1024
FAST, SLOW = 3.0, 8.0
"""Seconds that the throttled source takes for the image: short enough to wait for, long enough to see."""
KILL_AT = 0.4
"""The server is killed once this share of the image is there."""
DONE, HALF_DONE = 0, 3
"""Exit codes of the command line: the task succeeded, the task failed half-way."""

CLI = Path(sys.executable).with_name("wharfinger")


class Unexpected(Exception):
    """The demo did not go as it should."""


def say(text: str = "") -> None:
    """Print a line of the story."""
    line = f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}"
    print(line, flush=True)


class Harbour:
    """The demo's folder, configuration, server and command line."""

    def __init__(self, folder: Path, sources: Sources, lab: demo_cloud.Lab, gateway: str = "") -> None:
        self.folder = folder
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._config = folder / "server.toml"
        self._config.write_text(
            f'[server]\naddress = "{self.address}"\ndata_dir = "{folder / "data"}"\nlog_level = "error"\n\n'
            + "".join(f'[stores.{name}]\nurl = "file://{folder / name}"\n\n' for name in ("main", "mirror", "vault"))
            + lab.settings
            + f'[image]\nallow_sources = ["{sources.address}"]\nexport_folders = ["{folder / "exports"}"]\n'
        )
        self._config.chmod(0o600)
        (folder / "prices").mkdir()
        (folder / "prices" / "lab.csv").write_text(demo_cloud.PRICES)
        (folder / "exports").mkdir()
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("WHARFINGER_")},
            "WHARFINGER_SERVER": self.address,
            "WHARFINGER_CONFIG": str(self._config),
            "WHARFINGER_GATEWAY__ADDRESS": gateway,
            **lab.environment,
        }
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        ready = self.folder / "port"
        ready.unlink(missing_ok=True)
        print("$ wharfinger serve &", flush=True)
        # The server as it is, but for the windows of compute.deploy: nobody wants to see three minutes of settling.
        command = [sys.executable, "-c", demo_cloud.SERVE, str(ROOT), "--port-file", str(ready)]
        self._server = subprocess.Popen(command, env=self._environment)  # noqa: S603 - our own program
        until = time.monotonic() + 60
        while not ready.exists():
            if self._server.poll() is not None or time.monotonic() > until:
                raise Unexpected("the server did not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the server with signal 9: none of its code runs any more."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def stop(self) -> None:
        """Ask the server to end, and wait."""
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(60)
            self._server = None

    def run(self, *words: str, expect: int = DONE, meanwhile: Callable[[], None] | None = None) -> None:
        """Run the command line as a user would; the terminal is its own. `meanwhile` is called while it runs."""
        print(f"$ wharfinger {shlex.join(words)}", flush=True)
        with subprocess.Popen([CLI, *words], env=self._environment) as running:  # noqa: S603 - our own program
            try:
                if meanwhile:
                    meanwhile()
                code = running.wait()
            except BaseException:
                running.kill()
                raise
        if code != expect:
            raise Unexpected(f"wharfinger ended with {code} where {expect} was expected")


@contextlib.contextmanager
def harbour(image_bytes: int, lab: demo_cloud.Lab, gateway: str = "") -> Iterator[tuple[Harbour, Sources, Path]]:
    """Make the demo's folder, with a disk image and a loopback server for it; take all away afterwards.

    `gateway` is where the page is to be, HOST:PORT; nowhere without it.
    """
    with tempfile.TemporaryDirectory(prefix="wharfinger-demo-") as name, Sources() as sources:
        folder = Path(name)
        image = folder / "debian.qcow2"
        size = qcow2.write(image, image_bytes)
        clusters = qcow2.check(image)
        say(f"a disk image of {size / 2**20:.0f} MiB, a valid qcow2 with {clusters} clusters of data, served over HTTP")
        yard = Harbour(folder, sources, lab, gateway)
        try:
            yield yard, sources, image
        finally:
            yard.kill()


def kill_half_way(yard: Harbour, task: str) -> None:
    """Wait until the task is part of its way, kill the server, and start it again."""
    with Client(yard.address) as client:
        while True:
            with contextlib.suppress(WharfingerError):
                progress = client.get(task).progress
                if progress and progress.total and progress.done >= KILL_AT * progress.total:
                    break
            time.sleep(0.1)
    yard.kill()
    say("kill -9: the server is gone, in the middle of the task")
    time.sleep(0.5)
    say("the server starts again, on the same data")
    yard.start()


def same(left: Path, right: Path) -> None:
    """Compare two files byte by byte."""
    digests = []
    for path in (left, right):
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    if digests[0] != digests[1]:
        raise Unexpected(f"{left} and {right} differ")
    print(f"{right.name}: sha256 {digests[1]}, the same bytes")


def taken_back(gone: Path, kept: Path, text: str) -> None:
    """See that one file is gone, and the other still holds the text."""
    if gone.exists() or kept.read_text() != text:
        raise Unexpected(f"the rollback left {gone}, or touched {kept}")
    print(f"{gone.parent.name}/{gone.name} is gone; {kept.parent.name}/{kept.name} is untouched")


def story(yard: Harbour, sources: Sources, image: Path) -> None:
    """Tell the story; raise Unexpected where it does not go as it should."""
    folder = yard.folder
    size = image.stat().st_size
    fast = sources.serve("/debian.qcow2", Reply(image, rate=size / FAST))
    slow = sources.serve("/slow.qcow2", Reply(image, rate=size / SLOW))

    say("a server on an embedded SQLite, with three folders as object stores")
    yard.start()
    yard.run("scripts")

    say("import the image into a store, over HTTP")
    yard.run("submit", "image.import", f"source={fast}", "stores=main", "name=debian.qcow2", "--watch")
    same(image, folder / "main" / "debian.qcow2")

    say("clone it to a second store, and export it to a folder")
    clone = ["from_store=main", "name=debian.qcow2", "to_store=mirror", "to_name=debian-12.qcow2"]
    yard.run("submit", "image.clone", *clone, "--watch")
    yard.run("submit", "image.export", "store=main", "name=debian.qcow2", f"to={folder / 'exports'}", "--watch")
    same(image, folder / "exports" / "debian.qcow2")

    say("import into two stores; the second has something else under that name: it fails half-way, and says so")
    (folder / "vault").mkdir(exist_ok=True)
    theirs = "somebody else's\n"
    (folder / "vault" / "golden.qcow2").write_text(theirs)
    stores = ["stores=main", "stores=vault", "name=golden.qcow2"]
    yard.run("submit", "image.import", f"source={fast}", *stores, "--task-id", "half-way", "--watch", expect=HALF_DONE)
    yard.run("ledger", "half-way")
    same(image, folder / "main" / "golden.qcow2")

    say("what a rollback would do; then the rollback, which takes back what the task made and nothing else")
    yard.run("rollback", "half-way", "--dry-run")
    yard.run("rollback", "half-way", "--watch")
    taken_back(folder / "main" / "golden.qcow2", folder / "vault" / "golden.qcow2", theirs)

    say("a slow import; the server is killed in the middle, and the task goes on after the restart")
    asked_for = ["stores=main", "name=slow.qcow2", "--task-id", "unsinkable", "--watch"]
    kill = partial(kill_half_way, yard, "unsinkable")
    yard.run("submit", "image.import", f"source={slow}", *asked_for, meanwhile=kill)
    same(image, folder / "main" / "slow.qcow2")


def close(yard: Harbour) -> None:
    """List all that happened, and end the server."""
    say("what was asked for, and what became of it")
    yard.run("ls")
    yard.stop()


def main() -> int:
    """Run the demo; exit 1 where it does not go as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256, help="size of the image's data (default: %(default)s)")
    asked = parser.parse_args()
    began = time.monotonic()
    try:
        with demo_cloud.Lab() as lab, harbour(asked.megabytes * MEGABYTE, lab) as (yard, sources, image):
            story(yard, sources, image)
            demo_cloud.story(lab, yard.run, say)
            close(yard)
    except (Unexpected, demo_cloud.Differs) as error:
        print(f"\nthe demo failed: {error}", file=sys.stderr)
        return 1
    say(f"done in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
