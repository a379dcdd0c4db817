"""The verbs that take more than one call, as coroutines over a transport, for both clients.

To read in this order:

- `paging`, `batches`: lists that come a page at a time; many tasks at once.
- `asking`: what is asked of tasks under an id, so that asking twice does it once.
- `watching`: watches that outlive their connection.
- `outcome`, `remedies`: waiting for a task's end, what the end means, and how to go on with what is half done.
- `arriving`: waiting for a server that starts.
- `price_asking`: questions about prices, and imports of catalogues.
"""
