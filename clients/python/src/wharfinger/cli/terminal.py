"""The one place through which the command line writes text: nothing that comes from data steers the terminal."""

from __future__ import annotations

import click

from wharfinger.harmless import clean, escaped

__all__ = ["echo", "escaped"]


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print `text`; control characters in it, but for ends of lines and tabs, are shown as U+FFFD."""
    click.echo(clean(text), err=err, nl=nl)
