"""The settings that commands work by, and how a command says that it can't."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

import click

from wharfinger.cli.terminal import echo
from wharfinger_server import config as configuration

F = TypeVar("F", bound=Callable[..., Any])

REFUSED = 5


def config_option(command: F) -> F:
    """Give a command the option `--config`, as `config_file`."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(dir_okay=False),
        help="Settings file. [env: WHARFINGER_CONFIG; default: server.toml in the platform's config folder]",
    )(command)


def settings_of(
    config_file: str | None = None,
    options: Mapping[tuple[str, str], object] | None = None,
    packages: Iterable[str] = (),
) -> configuration.Settings:
    """Return the settings, or end with what is wrong. `packages` have tables beside those of installed scripts."""
    try:
        return configuration.load(config_file, overrides=dict(options or {}), packages={*packages, *_script_packages()})
    except configuration.ConfigError as error:
        refuse(*error.problems)


def refuse(*problems: str) -> NoReturn:
    """Say what is wrong and end."""
    for problem in problems:
        echo(f"wharfinger: {problem}", err=True)
    sys.exit(REFUSED)


def _script_packages() -> set[str]:
    """Return the names that tables of script packages may have: the first part of their scripts' names."""
    from importlib.metadata import entry_points

    return {point.name.split(".")[0] for point in entry_points(group="wharfinger.scripts")}
