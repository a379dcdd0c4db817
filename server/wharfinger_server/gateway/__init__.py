"""The gateway: the same calls for browsers and curl, by Connect and gRPC-Web over HTTP/1.1, in the same process.

It frames and unframes; who calls, what is missing and how a failure is told is settled in `rpc`, once for all.
"""
