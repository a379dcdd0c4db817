"""The clock that measures lengths of time: nobody sets it, and it goes on while the machine sleeps (rule 33)."""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":

    def steady() -> float:
        """Return the seconds since the machine was started, those in which it slept included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:

    def steady() -> float:
        """Return seconds since some moment; whether they go on while the machine sleeps depends on the system."""
        return time.monotonic()
