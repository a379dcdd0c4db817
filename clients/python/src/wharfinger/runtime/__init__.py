"""What runs a script wherever it is: the facade over a session, stores and profiles, and the ways an attempt ends."""

from wharfinger.runtime.endings import Stop
from wharfinger.runtime.running import run, run_blocking
from wharfinger.runtime.stores import Store

__all__ = ["Stop", "Store", "run", "run_blocking"]
