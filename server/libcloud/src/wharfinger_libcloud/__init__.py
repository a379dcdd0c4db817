"""Apache Libcloud without lost ids.

`keeping` and `Lossless` turn any call of any driver into one that, when it fails half-way, says what exists, what may
exist and what was never tried (`PartialFailureError`), and can take it back. `aio.driver` gives the same drivers to
asyncio. `markings` tells how each provider marks what it makes, so that it can be found again. Nothing here needs a
server.
"""

from wharfinger_libcloud.answers import UnexpectedAnswer
from wharfinger_libcloud.failure import Created, Leftover, PartialFailureError, Uncertain
from wharfinger_libcloud.journal import Exchange, Journal, NotSent, recording
from wharfinger_libcloud.keeping import Lossless, harden, keeping

__all__ = [
    "Created",
    "Exchange",
    "Journal",
    "Leftover",
    "Lossless",
    "NotSent",
    "PartialFailureError",
    "Uncertain",
    "UnexpectedAnswer",
    "harden",
    "keeping",
    "recording",
]
