"""Reaching a server, and what it means when that fails.

To read in this order:

- `settings`: where the server is, as whom and in which project to ask, from arguments and environment.
- `methods`: the calls that there are, read from the descriptors; deadlines, and what may be sent again.
- `transport`: what the verbs need of a connection.
- `asynchronous`, `blocking`: the two that there are, over `channel`, which they have in common.
- `failures`, `causes`: gRPC's errors as the client's, in words that say what to do.
- `retry`, `outage`: when to try again, how long to wait, and when to give up.
"""
