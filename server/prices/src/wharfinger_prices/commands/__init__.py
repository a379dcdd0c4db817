"""`wharfinger prices`: bring price data in, look at it, go back, and hand it on to Libcloud."""

from __future__ import annotations

import click

from wharfinger_prices.commands.catalogues import activate, diff, ls
from wharfinger_prices.commands.files import export, path
from wharfinger_prices.commands.history import history
from wharfinger_prices.commands.imports import import_, update
from wharfinger_prices.commands.show import show


@click.group()
def prices() -> None:
    """Look after the server's prices: on this machine's data folder, or by --server on another's.

    \b
      wharfinger prices update
      wharfinger prices show ec2_linux us-east-1 m5.large
    """  # noqa: D301  # \b keeps click from joining the lines


for _command in (update, import_, ls, show, diff, activate, history, path, export):
    prices.add_command(_command)
