"""Show the page at work: a server with tasks that succeed, fail half-way and run, and one URL to look at them.

Everything is as in `tools/demo.py`: in a temporary folder, on 127.0.0.1 only, gone with Ctrl-C. `make demo-page` runs
it.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.servers.sources import Reply  # noqa: E402 - found by the line above
from tools import demo, demo_cloud  # noqa: E402

IMAGE = 64 * demo.MEGABYTE
SLOW = 600.0
"""Seconds that the live import takes."""


def main() -> int:
    """Serve until Ctrl-C."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        gateway = f"127.0.0.1:{probe.getsockname()[1]}"
    with demo_cloud.Lab() as lab, demo.harbour(IMAGE, lab, gateway) as (yard, sources, image):
        size = image.stat().st_size
        fast = sources.serve("/debian.qcow2", Reply(image, rate=size / demo.FAST))
        slow = sources.serve("/slow.qcow2", Reply(image, rate=size / SLOW))
        yard.start()
        yard.run("submit", "image.import", f"source={fast}", "stores=main", "name=debian.qcow2", "--task-id", "debian")
        yard.run("submit", "image.import", f"source={slow}", "stores=main", "name=slow.qcow2", "--task-id", "slow")
        lab.oracle.break_at(demo_cloud.FATAL)
        what = [f"count={demo_cloud.NODES}", "size=t2.micro", "image=ami-debian", "volumes:=[10]", "concurrency=1"]
        yard.run("submit", "compute.deploy", "name=web-{n}", "profile=lab", *what, "--task-id", "fleet")
        yard.run("wait", "fleet", expect=demo.HALF_DONE)
        lab.oracle.mend()
        demo.say(f"look at http://{gateway}/ ; Ctrl-C ends it")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(60)
        yard.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
