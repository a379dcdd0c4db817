"""Subcommands of other installed distributions, by the entry-point group `wharfinger.commands`."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

GROUP = "wharfinger.commands"


@cache
def names() -> dict[str, str]:
    """Return each subcommand's name with the distribution that brings it.

    Reads the entry-point files as they lie on the path, without pathlib: importing that and importlib.metadata would
    take longer than the rest of `--help`. The first on the path wins, as with imports.
    """
    found: dict[str, str] = {}
    for entry in sys.path:
        for folder in _described(entry or "."):
            distribution = folder.rpartition(".")[0].split("-")[0].replace("_", "-")
            for name in _read(f"{entry or '.'}/{folder}/entry_points.txt"):
                found.setdefault(name, distribution)
    return found


def _described(entry: str) -> list[str]:
    try:
        return sorted(n for n in os.listdir(entry) if n.endswith((".dist-info", ".egg-info")))  # noqa: PTH208
    except OSError:
        return []


def _read(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123
            lines = stream.read().splitlines()
    except OSError:
        return []
    section, found = "", []
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif section == GROUP and "=" in line and not line.startswith(("#", ";")):
            found.append(line.partition("=")[0].strip())
    return found


def load(name: str) -> click.Command | None:
    """Load and return the subcommand `name`, None when no distribution brings it.

    Raises:
        click.ClickException: it is there and does not load.
    """
    if name not in names():
        return None
    from importlib.metadata import entry_points

    import click

    for point in entry_points(group=GROUP, name=name):
        try:
            command = point.load()
        except Exception as error:
            by = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
            why = f"{type(error).__name__}: {error}"
            raise click.ClickException(f"the command `{name}`, brought by {by}, does not load: {why}") from error
        if not isinstance(command, click.Command):
            raise click.ClickException(f"the command `{name}` ({point.value}) is no click command")
        return command
    return None
