"""The client for asyncio. `wharfinger.Client` has the same verbs, blocking."""

from wharfinger.aio.client import Client, Handle

__all__ = ["Client", "Handle"]
