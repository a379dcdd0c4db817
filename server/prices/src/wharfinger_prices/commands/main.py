"""The program `wharfinger-prices`: the commands of prices by themselves."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import click

from wharfinger_prices.commands import prices
from wharfinger_prices.commands.ending import INTERRUPTED, PROGRAM, UNREACHABLE, USAGE, code_of, in_own_words
from wharfinger_prices.commands.terminal import echo


def main() -> None:
    """Run the command line with this process's arguments, and end the process with its exit code."""
    # gRPC's own log lines, where a server is asked, are for whoever debugs gRPC.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # What is loaded for a command stays: looking for garbage in it again and again takes longer than most commands.
    gc.set_threshold(50_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code. SystemExit passes, with the code of whoever raised it."""
    try:
        code = prices.main(list(arguments), prog_name=PROGRAM, standalone_mode=False, terminal_width=_width())
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has gone. The interpreter's own flush at the end must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.NoArgsIsHelpError as error:
        echo(error.format_message())
        return 0
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        _say(error.format_message() + (f"\nSee `{ctx.command_path} --help`." if ctx else ""))
        return USAGE
    except Exception as error:
        code = _code_of_client(error)
        if code is None:
            raise
        _say(str(error))
        return code
    return code if isinstance(code, int) else 0


def _width() -> int:
    """Return how wide help may be. Click would ask shutil, whose import takes longer than printing the help."""
    try:
        columns = os.get_terminal_size().columns
    except (OSError, ValueError):
        columns = 80
    return max(50, min(columns, 100) - 2)


def _code_of_client(error: Exception) -> int | None:
    """Return the exit code of what the client raised, None for anything else."""
    client = sys.modules.get("wharfinger.errors")
    if client is None or not isinstance(error, client.WharfingerError):
        return None
    if isinstance(error, (client.Unreachable, client.TimedOut)):
        return UNREACHABLE
    return code_of(getattr(error, "reason", ""))


def _say(message: str) -> None:
    echo(f"{PROGRAM}: {in_own_words(message)}", err=True)
