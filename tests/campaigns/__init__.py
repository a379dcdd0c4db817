"""Long searches for what must never happen. Each is a program of its own, with a short form in the suite."""

import os

# gRPC reads it once, when first used. Its handlers end one in ten children that are forked; campaigns fork servers.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
