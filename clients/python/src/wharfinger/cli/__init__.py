"""The command line `wharfinger`. Everything heavy is loaded by the command that needs it.

To read in this order:

- `app`: the commands that there are, help, and failures as exit codes; `plugins` are commands of other packages.
- `options`: what every command takes; `params`, `kinds`, `durations`, `choosing`: what single ones do.
- `commands`: the commands themselves, a module for each few that belong together.
- `watching`, `drawing`, `waiting`, `lines`: a task's life on a terminal or in a pipe.
- `tables`, `fitting`, `wording`, `limited`, `jsonout`: what is printed for people, and for programs.
"""

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
