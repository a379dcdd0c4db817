"""The options that every command of the client takes, before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wharfinger import Client


@dataclass
class Asked:
    """What the shared options say; None where they were not given."""

    server: str | None = None
    project: str | None = None
    token: str | None = None
    ca: str | None = None
    output: str = "text"
    scratch: bool = False
    """The server is this command's own and ends with it: no other command can go on with a task."""

    @property
    def json(self) -> bool:
        """Whether the output is for programs."""
        return self.output == "json"

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Give a client of the server that is asked for.

        Raises:
            click.UsageError: the address, or what goes with it, is wrong.
        """
        from wharfinger import Client

        try:
            client = Client(self.server, project=self.project, token=self.token, ca=self.ca)
        except (ValueError, OSError) as error:
            raise click.UsageError(getattr(error, "strerror", "") or str(error)) from error
        with client:
            yield client

    def again(self, command: str) -> str:
        """Return a command line that asks the same server and project; the token stays out of it."""
        given = (("--server", self.server), ("--project", self.project), ("--ca", self.ca))
        return " ".join(["wharfinger", command, *(f"{name} {value}" for name, value in given if value)])


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None and param.name is not None:
        setattr(ctx.ensure_object(Asked), param.name, value)


def _shared() -> list[click.Option]:
    def option(*names: str, **more: Any) -> click.Option:
        return click.Option(names, expose_value=False, callback=_keep, **more)

    return [
        option("--server", metavar="HOST:PORT", help="The server. [env: WHARFINGER_SERVER; default: 127.0.0.1:7480]"),
        option("--project", metavar="NAME", help="The project. [env: WHARFINGER_PROJECT; default: default]"),
        option("--token", metavar="TOKEN", help="The bearer token; better in the environment. [env: WHARFINGER_TOKEN]"),
        option("--ca", metavar="FILE", help="Certificates to trust, PEM. [env: WHARFINGER_CA; default: the system's]"),
        option(
            "-o",
            "--output",
            type=click.Choice(["text", "json"]),
            help="For people, or for programs: one JSON document, or one a line for streams. [default: text]",
        ),
    ]


class SharedOptions(click.Command):
    """A command with the shared options; what they say is the context's object, an `Asked`."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params = [*self.params, *_shared()]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; there is always an `Asked`."""
        ctx.ensure_object(Asked)
        return super().invoke(ctx)


def command(*args: Any, **more: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return `click.command` for the client: with the shared options, and an `Asked` as the first argument."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(*args, cls=SharedOptions, **more)(click.pass_obj(function))

    return decorate
