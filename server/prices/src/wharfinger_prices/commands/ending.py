"""How a command of prices ends: what is wrong, what to do about it, and the exit code, the same as the client's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from wharfinger_prices.commands.terminal import echo

PROGRAM = "wharfinger-prices"
USAGE, UNREACHABLE, REFUSED, QUARANTINED, INTERRUPTED = 2, 4, 5, 6, 130
_CODES = {"PRICES_UNREACHABLE": UNREACHABLE, "PRICES_QUARANTINED": QUARANTINED}
"""The exit codes of reasons that a timer has to tell apart; all others are REFUSED."""
_HINTS = {
    "PRICE_UNKNOWN": "`wharfinger prices update` fetches fresh prices; `wharfinger prices import` takes your own.",
    "PRICES_QUARANTINED": "`wharfinger prices activate CATALOG --override-checks` accepts it all the same.",
}


@contextmanager
def ending() -> Iterator[None]:
    """End the process where the folder's prices refuse, with the reason and what to do."""
    try:
        yield
    except Exception as error:
        refused = sys.modules.get("wharfinger_prices.errors")
        if refused is None or not isinstance(error, refused.Refused):
            raise
        similar = error.choices.values[0] if error.choices and isinstance(error, refused.NotFound) else ""
        hint = f"Did you mean {similar!r}?" if similar and similar not in error.message else _HINTS.get(error.reason)
        said = "\n".join(filter(None, (f"{error.message} [{error.reason}]", hint)))
        refuse(said, code=code_of(error.reason))


def code_of(reason: str) -> int:
    """Return the exit code of a refusal by its reason."""
    return _CODES.get(reason, REFUSED)


def refuse(*problems: str, code: int = REFUSED) -> NoReturn:
    """Say what is wrong and end."""
    for problem in problems:
        say(problem)
    sys.exit(code)


def say(problem: str) -> None:
    """Say what is wrong, in the words of the program that is run."""
    ctx = click.get_current_context(silent=True)
    name = ctx.find_root().info_name if ctx else PROGRAM
    if name == PROGRAM:
        problem = in_own_words(problem)
    echo(f"{name}: {problem}", err=True)


def in_own_words(text: str) -> str:
    """Return `text` with the commands as this program has them."""
    return text.replace("`wharfinger prices ", f"`{PROGRAM} ")


def line_of(command: str) -> str:
    """Return the command line of a command of prices, in the program that is run."""
    ctx = click.get_current_context()
    return f"{ctx.parent.command_path if ctx.parent else PROGRAM} {command}"
