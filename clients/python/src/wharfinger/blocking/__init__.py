"""The client that blocks. `wharfinger.aio.Client` has the same verbs for asyncio."""

from wharfinger.blocking.client import Client, Handle

__all__ = ["Client", "Handle"]
