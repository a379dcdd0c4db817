"""compute.deploy with short windows: what it does within them stays as it is."""

from dataclasses import replace

from wharfinger_compute.deploy import PARAMS_SCHEMA, RESULT_SCHEMA, RESUMABLE, estimate, exists, find, main, undo
from wharfinger_compute.resources import RESOURCE_TYPES as LONG

__all__ = ["PARAMS_SCHEMA", "RESULT_SCHEMA", "RESUMABLE", "estimate", "exists", "find", "main", "undo"]

RESOURCE_TYPES = {name: replace(kind, send_window=1.0, call_timeout=2.0, settling=0.3) for name, kind in LONG.items()}
