"""Running scripts outside of the server: what a worker and the server say to each other, and how a worker runs a job.

Nothing here imports gRPC but `wharfinger.worker.remote`, which attaches a worker to a server: a child process of the
server says the same over a socket.
"""
