"""The loopback cloud in a process of its own: `python -m bench.cloud SECONDS` prints its port.

For each line that it reads it answers how many nodes exist and how many different names and tokens they have, and
forgets them.
"""

from __future__ import annotations

import json
import sys

from tests.servers.cloud import Cloud


def main(latency: float) -> None:
    """Serve until the input ends; every call takes `latency` seconds."""
    with Cloud() as cloud:
        cloud.oracle.latency = latency
        print(cloud.port, flush=True)
        for _ in sys.stdin:
            nodes = cloud.oracle.alive()
            counts = len(nodes), len({node.name for node in nodes}), len({node.token for node in nodes})
            cloud.oracle.things.clear()
            print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
