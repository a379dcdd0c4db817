"""What a task of every peer does, and what every request carries."""

from __future__ import annotations

import os
import struct
import time

PADDING = "x" * 180


def mark(asked: float, file: str) -> None:
    """Append when a task was asked for and that it begins now, as two doubles."""
    began = time.time()
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, struct.pack("dd", asked, began))
    os.close(handle)
