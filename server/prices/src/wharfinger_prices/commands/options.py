"""The options that every command of prices takes: the same as the client's own, whose values it goes on with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from wharfinger_prices.commands.ending import ending


@dataclass
class Asked:
    """What the shared options say; None where they were not given."""

    server: str | None = None
    project: str | None = None
    token: str | None = None
    ca: str | None = None
    output: str = "text"

    @property
    def json(self) -> bool:
        """Whether the output is for programs."""
        return self.output == "json"


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None and param.name is not None:
        # Under `wharfinger` the context has the client's own object of these names: what stood before the command.
        setattr(ctx.ensure_object(Asked), param.name, value)


def _shared() -> list[click.Option]:
    def option(*names: str, **more: Any) -> click.Option:
        return click.Option(names, expose_value=False, callback=_keep, **more)

    return [
        option("--server", metavar="HOST:PORT", help="Ask this server. [env: WHARFINGER_SERVER; default: the folder]"),
        option("--project", metavar="NAME", help="The project. [env: WHARFINGER_PROJECT; default: default]"),
        option("--token", metavar="TOKEN", help="The bearer token; better in the environment. [env: WHARFINGER_TOKEN]"),
        option("--ca", metavar="FILE", help="Certificates to trust, PEM. [env: WHARFINGER_CA; default: the system's]"),
        option(
            "-o",
            "--output",
            type=click.Choice(["text", "json"]),
            help="For people, or for programs: one JSON document. [default: text]",
        ),
    ]


class PriceCommand(click.Command):
    """A command of prices, with the shared options."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params = [*self.params, *_shared()]


def command(*args: Any, **more: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return `click.command` for prices: with the shared options, and an `Asked` as the first argument."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def asked(**arguments: Any) -> Any:
            told = click.get_current_context().ensure_object(Asked)
            with ending():
                return function(Asked(*(getattr(told, field.name) for field in fields(Asked))), **arguments)

        return click.command(*args, cls=PriceCommand, **more)(asked)

    return decorate
