"""The client's inside: one core of coroutines over a small transport, which either suspends (asyncio) or blocks.

To read in this order:

- `messages`: what callers give as messages of the API, and messages as the client's values.
- `connection`: where the server is, which calls there are, the two transports, and what their failures mean.
- `verbs`: what both clients do beyond one call: watches that outlive connections, waiting, batches, pages, imports.

Each imports from those before it only.
`wharfinger.aio` and `wharfinger.blocking` put the verbs before callers. Nothing here is public.
"""
