"""`wharfinger token`: makes, lists and revokes the tokens of the token file, which a running server reads again."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from wharfinger.cli import jsonout
from wharfinger.cli.durations import DURATION
from wharfinger.cli.tables import table
from wharfinger.cli.terminal import echo
from wharfinger.cli.wording import stamp
from wharfinger_server.commands.settings import config_option, refuse, settings_of
from wharfinger_server.config import BadTokenFile, FiledToken, Granted, granted, token_file
from wharfinger_server.domain.timing import SECOND, now

_PREFIX = "whf_"


_output = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to tell it."
)


@click.group()
def token() -> None:
    """Make, list and revoke bearer tokens, on the machine of the server; it takes each change without a restart.

    The tokens are in a file of the data folder, or where [access] token_file says; only their SHA-256 is kept.
    """


@token.command()
@config_option
@click.argument("creator")
@click.option("--project", "projects", multiple=True, metavar="NAME", help="A project that it opens; may be repeated.")
@click.option("--all-projects", is_flag=True, help="It opens every project.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "admin", "worker"]),
    default="operator",
    show_default=True,
    help="viewer looks, operator acts, admin says who may; worker attaches workers and nothing else.",
)
@click.option("--role-in", "roles", multiple=True, metavar="PROJECT=ROLE", help="Another role in one project.")
@click.option(
    "--expires", type=DURATION, metavar="DURATION", help="How long it holds, such as 90d. [default: for ever]"
)
@_output
def create(
    config_file: str | None,
    creator: str,
    projects: tuple[str, ...],
    *,
    all_projects: bool,
    role: str,
    roles: tuple[str, ...],
    expires: float | None,
    output: str,
) -> None:
    """Make a token for CREATOR, and print it: it is shown this once, and kept nowhere.

    CREATOR is who the caller is, as tasks and the log show it.
    """
    opened = _granted(projects, role, roles, all_projects=all_projects)
    if not creator.strip() or not creator.isprintable() or len(creator) > 128:
        raise click.UsageError("CREATOR must be at most 128 characters that can be read")
    path = settings_of(config_file).token_file
    made, secret = now(), _PREFIX + secrets.token_urlsafe(32)
    until = made + round(expires * SECOND) if expires else 0
    with _changing(path) as tokens:
        one = FiledToken(
            secrets.token_hex(4), hashlib.sha256(secret.encode()).hexdigest(), creator, opened, made, until
        )
        tokens.append(one)
    if output == "json":
        jsonout.document({"token": secret, **_told(one, 0)})
        return
    echo(secret)
    ends = f"until {stamp(_moment(until))}" if until else "until it is revoked"
    echo(
        f"{one.id}: it holds {ends}; `wharfinger token revoke {one.id}` ends it. It is not shown again.",
        err=True,
    )


@token.command("list")
@config_option
@_output
def list_tokens(config_file: str | None, output: str) -> None:
    """List the tokens of the file, the revoked ones too, with when each was shown last."""
    path = settings_of(config_file).token_file
    tokens, used = _read(path), token_file.read_used(path)
    if output == "json":
        jsonout.document([_told(one, used.get(one.id, 0)) for one in tokens])
    elif tokens:
        titles = ("ID", "CREATOR", "PROJECTS", "ROLE", "STATE", "CREATED", "LAST USED")
        table(titles, [_row(one, used.get(one.id, 0)) for one in tokens], ("LAST USED", "CREATED"))
    else:
        echo(f"there are none in {path}; `wharfinger token create` makes one", err=True)


@token.command()
@config_option
@click.argument("ids", nargs=-1, required=True)
def revoke(config_file: str | None, ids: tuple[str, ...]) -> None:
    """Revoke the tokens IDS: a running server refuses them within a second. It stays listed."""
    path = settings_of(config_file).token_file
    with _changing(path) as tokens:
        there = {one.id: place for place, one in enumerate(tokens)}
        if missing := [name for name in ids if name not in there]:
            why = f"there is no token {', '.join(missing)} in {path}"
            raise click.UsageError(f"{why}; `wharfinger token list` tells which there are")
        for name in ids:
            one = tokens[there[name]]
            tokens[there[name]] = replace(one, revoked=one.revoked or now())
    for name in ids:
        echo(f"{name} is revoked")


def _granted(projects: tuple[str, ...], role: str, roles: tuple[str, ...], *, all_projects: bool) -> Granted:
    if not (projects or all_projects or roles):
        raise click.UsageError("say what it opens: --project NAME, --all-projects or --role-in PROJECT=ROLE")
    if projects and all_projects:
        raise click.UsageError("give either --project or --all-projects")
    each = dict(one.partition("=")[::2] for one in roles)
    try:
        return granted("*" if all_projects else list(projects), role, each)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _read(path: Path) -> list[FiledToken]:
    try:
        return token_file.read(path)
    except BadTokenFile as error:
        refuse(str(error))


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[list[FiledToken]]:
    """Give the tokens, and write them down afterwards; whoever else changes them waits."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tokens = _read(path)
            yield tokens
            token_file.write(path, tokens)
    except OSError as error:
        refuse(f"{path} can't be written: {error.strerror or error}")


def _moment(time_: int) -> datetime:
    return datetime.fromtimestamp(time_ / SECOND, UTC)


def _state(one: FiledToken) -> str:
    if one.revoked:
        return "revoked"
    if one.expires and one.expires <= time.time() * SECOND:
        return "expired"
    return f"until {stamp(_moment(one.expires))}" if one.expires else "holds"


def _row(one: FiledToken, used: int) -> tuple[str, ...]:
    opened = one.granted
    projects = "*" if opened.projects is None else ", ".join(sorted(opened.projects))
    other = "".join(f", {name}: {role}" for name, role in sorted((opened.roles or {}).items()))
    times = (stamp(_moment(time)) if time else "-" for time in (one.created, used))
    return (one.id, one.creator, projects, opened.role + other, _state(one), *times)


def _told(one: FiledToken, used: int) -> dict[str, object]:
    times = {"create_time": one.created, "expire_time": one.expires, "revoke_time": one.revoked, "last_use_time": used}
    told = {name: _moment(time).isoformat() if time else None for name, time in times.items()}
    return {"id": one.id, "creator": one.creator, **one.granted.told(), **told}
