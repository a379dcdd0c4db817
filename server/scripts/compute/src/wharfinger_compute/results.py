"""The scripts' results: as many nodes as a result has room for, and how many there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wharfinger.runtime.endings import RESULT_LIMIT

ROOM = RESULT_LIMIT - 1024
"""Bytes of JSON that the list may take: less than a result may have, for what stands beside it."""


def result(nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the result of a script that made or destroyed `nodes`.

    A result ends at 64 KiB, and that is too late to fail: everything has been done by then. The task's ledger and
    its log have what does not fit.
    """
    room, listed = ROOM, []
    for node in nodes:
        room -= len(json.dumps(node)) + 2
        if room < 0:
            break
        listed.append(node)
    return {"nodes": listed, "count": len(nodes), "unlisted": len(nodes) - len(listed)}
