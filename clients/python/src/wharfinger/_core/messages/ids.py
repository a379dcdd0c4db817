"""Request ids: version 7 UUIDs, which sort by time and so are cheap to index."""

from __future__ import annotations

import secrets
import time
import uuid


def new_request_id() -> str:
    """Return a new UUID of version 7 as text: 48 bits of milliseconds, then random bits."""
    value = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
