"""The script runtime: the facade over a session, stores and profiles, and the ways an attempt ends.

To read in this order:

- `protocol`: what a running script and the side that keeps its ledger say to each other.
- `running`: one attempt, whatever it is for; `undoing` and `looking` are two of the phases.
- `facade`, `verbs`, `calls`, `making`, `steps`: the `task` that a script is given, and what its verbs do.
- `endings`, `reasons`, `removal`: every way a script or one of its calls can end.
- `limits`, `text`, `jsontext`, `redaction`, `matching`: what of its reports may be kept, and what is never told.
- `stores`, `store_options`, `store_prices`, `profiles`: what the operator configured, by name.
- `output`, `script_module`, `steady`: printed lines, a script's functions, and the clock that nobody sets.
"""

from wharfinger.runtime.endings import Stop
from wharfinger.runtime.running import run, run_blocking
from wharfinger.runtime.stores import Store

__all__ = ["Stop", "Store", "run", "run_blocking"]
