"""`wharfinger version`, `wait-ready` and `completion`."""

from __future__ import annotations

import click

from wharfinger import __version__
from wharfinger.cli import jsonout
from wharfinger.cli.durations import DURATION
from wharfinger.cli.options import Asked, command
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import clean

PROTOCOL = "wharfinger.v1"


@command(short_help="Print the versions of client and server.")
@click.option("--client", "only_client", is_flag=True, help="Only that of the client; asks no server.")
def version(asked: Asked, *, only_client: bool) -> None:
    """Print the versions of client, protocol, server and the server's database; say where client and server differ."""
    told: dict[str, str | None] = {"client": __version__, "protocol": PROTOCOL}
    if not only_client:
        if not asked.json:
            # First, so that it is said although the server does not answer.
            echo(f"client    {__version__}\nprotocol  {PROTOCOL}")
        with asked.client() as client:
            info = client.server_info()
        told |= {"server": info.version or None, "schema": info.schema or None, "address": info.server}
        told["skew"] = skew(__version__, info.version)
    if asked.json:
        jsonout.document(told)
        return
    if only_client:
        echo(f"client    {__version__}\nprotocol  {PROTOCOL}")
        return
    echo(f"server    {told['server'] or 'does not say'}, at {told['address']}")
    echo(f"schema    {told['schema'] or 'the server does not say'}")
    if told["skew"]:
        echo(f"wharfinger: {told['skew']}", err=True)


@command(short_help="Say who you are to the server, and what you may.")
def whoami(asked: Asked) -> None:
    """Say who you are to the server, how it knows, and what your credential opens."""
    with asked.client() as client:
        found = client.whoami()
    if asked.json:
        jsonout.document(jsonout.plain(found))
        return
    how = {
        "NONE": "nobody is asked",
        "TOKEN": "by a token",
        "CERTIFICATE": "by a certificate",
        "OIDC": "by your provider",
    }
    echo(f"caller    {clean(found.creator)}, {how.get(found.identity, 'in a way that this client does not know')}")
    opened = "all" if found.all_projects else ", ".join(map(clean, found.projects)) or "none"
    echo(f"projects  {opened}")
    others = "".join(f"; in {clean(name)} {role.lower()}" for name, role in found.project_roles.items())
    echo(f"role      {found.role.lower()}{others}")


@command("wait-ready", short_help="Wait until a server that was started answers.")
@click.option("--timeout", type=DURATION, default="1m", show_default=True, metavar="DURATION", help="Give up then.")
def wait_ready(asked: Asked, timeout: float) -> None:
    """Wait until the server answers, for scripts that have just started one; the exit code is 4 when it does not.

    \b
      wharfinger serve &
      wharfinger wait-ready
    """  # noqa: D301  # \b keeps click from joining the lines
    with asked.client() as client:
        info = client.wait_ready(timeout)
    if asked.json:
        jsonout.document({"server": info.version or None, "schema": info.schema or None, "address": info.server})
    else:
        echo(f"the server at {info.server} is ready")


def skew(client: str, server: str) -> str | None:
    """Return a sentence where the versions differ by more than the last part, None where they go together."""
    ours, theirs = (tuple(part for part in text.split(".")[:2]) for text in (client, server))
    if not server or ours == theirs:
        return None
    try:
        newer = tuple(map(int, theirs)) > tuple(map(int, ours))
    except ValueError:
        return f"the client is {client} and the server {server}"
    if newer:
        return (
            f"the server ({server}) is newer than this client ({client}): update the client to use all that it offers"
        )
    return f"this client ({client}) is newer than the server ({server}): some of what it asks for may be refused"


# It asks no server, so it takes none of the shared options.
@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:  # click's mark for lines that stay
    """Print the completion script of SHELL.

    \b
      bash:  echo 'eval "$(wharfinger completion bash)"' >> ~/.bashrc
      zsh:   echo 'eval "$(wharfinger completion zsh)"' >> ~/.zshrc
      fish:  wharfinger completion fish > ~/.config/fish/completions/wharfinger.fish
    """  # noqa: D301  # \b keeps click from joining the lines
    from click.shell_completion import get_completion_class

    from wharfinger.cli.completing import spaceless

    kind = get_completion_class(shell)
    assert kind is not None, "click knows all three shells"
    source = kind(ctx.find_root().command, {}, "wharfinger", "_WHARFINGER_COMPLETE").source()
    echo(spaceless(source) if shell == "bash" else source)
