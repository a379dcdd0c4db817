"""The client for asyncio: it suspends where the blocking one waits.

`blocking/` is generated from here, by `make generate`. To read in this order:

- `connected`: a connection and a project, which all of the rest needs.
- `tasks`: the verbs of tasks that there are, by their names or ids.
- `handle`: one task, and what was last seen of it.
- `prices`, `installed`: the verbs of prices; of scripts, executors and the server itself.
- `client`: all of them in one, and the verbs that ask for tasks.

What a verb does beyond one call and its translation is in `wharfinger._core.verbs`.
"""

from wharfinger.aio.client import Client
from wharfinger.aio.handle import Handle

__all__ = ["Client", "Handle"]
