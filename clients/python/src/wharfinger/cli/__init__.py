"""The command line `wharfinger`. Everything heavy is loaded by the command that needs it."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line with this process's arguments, and end the process with its exit code."""
    import os
    import sys

    # gRPC's own log lines are for whoever debugs gRPC.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from wharfinger.cli.app import run

    sys.exit(run(sys.argv[1:]))
