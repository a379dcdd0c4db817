"""A cloud on this machine that speaks EC2: to try `compute.deploy` with, without an account and without costs.

What it has is gone when it ends. `docs/guides/compute-scripts.md` tells how to use it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers.cloud import Cloud
from tests.servers.cloud_ec2 import IMAGES

PROFILE = """\
It plays EC2 until Ctrl-C, with sizes such as t2.micro and the images {images}. For the server's settings:

[profiles.trial]
provider = "ec2"
region = "us-east-1"
host = "127.0.0.1"
port = {port}
secure = false
key = {{ env = "TRIAL_KEY" }}
secret = {{ env = "TRIAL_SECRET" }}
"""


def main() -> None:
    """Run the cloud until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9100, help="where to listen on 127.0.0.1 [default: 9100]")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with Cloud(port=parser.parse_args().port) as cloud:
        print(PROFILE.format(port=cloud.port, images=", ".join(IMAGES)), flush=True)
        over.wait()


if __name__ == "__main__":
    main()
