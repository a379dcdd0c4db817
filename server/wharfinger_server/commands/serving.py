"""`wharfinger serve` and `wharfinger config`."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharfinger.cli.terminal import echo
from wharfinger_server import config as configuration
from wharfinger_server.commands.settings import config_option, refuse, settings_of

if TYPE_CHECKING:
    from wharfinger_server.registry.script_files import ScriptFiles

_LAST_SECONDS = 5.0
"""How long threads and functions of atexit that plug-ins left may keep the process after the server's end."""


@click.command()
@config_option
@click.option(
    "--address", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one. [default: 127.0.0.1:7480]"
)
@click.option(
    "--gateway",
    is_flag=False,
    flag_value="127.0.0.1:7481",
    metavar="[HOST:PORT]",
    help="Where to listen for browsers and curl (the page, Connect, gRPC-Web, /healthz, /metrics); without a value at"
    " 127.0.0.1:7481. [default: nowhere]",
)
@click.option("--store", "url", metavar="URL", help="Database: sqlite:////PATH or postgresql://USER@HOST/NAME.")
@click.option("--data-dir", metavar="FOLDER", help="Folder of the embedded database. [env: WHARFINGER_DATA_DIR]")
@click.option("--insecure", is_flag=True, help="Listen beyond this machine without TLS or tokens.")
@click.option(
    "--scripts",
    "script_place",
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER",
    help="Run the scripts in the files of this folder too, or in this one file; for development.",
)
@click.option(
    "--reload",
    is_flag=True,
    help="Take files of --scripts that are edited without a restart. For development only: unfinished edits are run.",
)
@click.option("--port-file", type=click.Path(dir_okay=False), help="Write the bound port here once calls are answered.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="Least grave line to log.")
def serve(
    config_file: str | None,
    data_dir: str | None,
    script_place: Path | None,
    port_file: str | None,
    *,
    insecure: bool,
    reload: bool,
    **texts: str | None,
) -> None:
    """Run a server until it is told to end (SIGTERM or Ctrl-C; a second one ends it at once).

    Scripts are those of installed packages. While you write one, `--scripts FOLDER --reload` runs it from its file:
    each file with a `main` is a script of the file's name, and what you save is what the next task runs. An edit that
    can't be used is told, with what is wrong where, and the script stays as it was.
    """
    if reload and not script_place:
        raise click.UsageError("--reload is of --scripts: name the folder whose files are edited")
    files = _files_of(script_place)
    options = {
        ("server", "address"): texts["address"],
        ("gateway", "address"): texts["gateway"],
        ("server", "data_dir"): str(Path(data_dir).absolute()) if data_dir else None,
        ("server", "insecure"): insecure or None,
        ("server", "log_level"): texts["log_level"],
        ("store", "url"): texts["url"],
    }
    given = {key: value for key, value in options.items() if value is not None}
    settings = settings_of(config_file, given, files.first_names if files else ())
    status = 1
    try:
        status = run(settings, Path(port_file) if port_file else None, files, reload=reload)
    except SystemExit as refused:
        status = refused.code if isinstance(refused.code, int) else 1
    finally:
        end(status)
    sys.exit(status)


def _files_of(place: Path | None) -> ScriptFiles | None:
    if place is None:
        return None
    from wharfinger_server.registry.script_files import ScriptFiles

    return ScriptFiles(place)


def end(status: int) -> None:
    """Let nothing that a plug-in left behind keep the process."""
    from wharfinger_server.app.loading import end_within

    end_within(_LAST_SECONDS, status)


def run(
    settings: configuration.Settings, port_file: Path | None, files: ScriptFiles | None = None, *, reload: bool = False
) -> int:
    """Run a server on uvloop where there is one, and return its exit code. `port_file` gets its port once it serves."""
    # gRPC reads it once, when first used. Its handlers put gRPC's threads into a child that a script forks, where they
    # end the child by a segmentation fault in one fork of ten; no child of a server calls by what the server opened.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    # Importing makes much that stays and hardly any garbage: looking for it takes a fifth of the time of a start.
    gc.disable()
    from wharfinger.runtime.redaction import known
    from wharfinger_server.app import logs
    from wharfinger_server.app.listener import NotListening
    from wharfinger_server.app.server import serve as serve_until_told
    from wharfinger_server.store.errors import OpenRefused

    def ready(address: configuration.Address, gateway: str) -> None:
        _collect_seldom()
        echo(f"wharfinger serves on {address}", err=True)
        if gateway:
            echo(f"wharfinger's gateway is at {gateway}", err=True)  # and the page, for whoever opens it
        if port_file:
            # Whoever waits for the file must not find it half written.
            partial = port_file.with_name(port_file.name + ".part")
            partial.write_text(f"{address.port}\n")
            partial.replace(port_file)

    logs.set_up(settings)
    # A plug-in's crash shows where it was.
    faulthandler.enable(all_threads=False)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(serve_until_told(settings, ready, files, reload=reload))
    except (OpenRefused, NotListening) as error:
        refuse(known.text(str(error)))
    except configuration.ConfigError as error:
        refuse(*error.problems)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _collect_seldom() -> None:
    """Have garbage looked for seldom, and never among what stays as long as the process does.

    Requests make hardly any cycles, so that the usual pace finds nothing, and takes a tenth of the processor's time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@click.group()
def config() -> None:
    """Look at the server's settings."""


@config.command()
@config_option
def check(config_file: str | None) -> None:
    """Check the settings and print those in force, credentials hidden. Exits with 5 when something is wrong."""
    settings = settings_of(config_file, {})
    source = settings.source or f"no file; {configuration.default_path()} would be read"
    echo(f"# {source}\n# database: {configuration.shown_url(settings.database_url)}\n")
    echo(configuration.effective(settings))


@config.command()
def sample() -> None:
    """Print a complete settings file, every key explained."""
    echo(configuration.sample(), nl=False)


@config.command(short_help="Make a bearer token.")
@click.option("--creator", required=True, help="Who will use the token, as Task.creator shows it.")
@click.option(
    "--project", "projects", multiple=True, help="A project that it opens; several times for several. [default: all]"
)
def token(creator: str, projects: tuple[str, ...]) -> None:
    """Make a bearer token: print it, and the table that makes the server know it."""
    made = secrets.token_urlsafe(32)
    digest = hashlib.sha256(made.encode()).hexdigest()
    echo(f"token: {made}", err=True)
    echo("It is shown only this once. Put this into the server's settings file (chmod 600):", err=True)
    echo(f'[[tokens]]\nsha256 = "{digest}"\ncreator = {json.dumps(creator)}')
    echo(f"projects = {json.dumps(list(projects) if projects else '*')}")


@config.command("seal-key")
def seal_key() -> None:
    """Make a key that seals params. Put it above the others in the file of keys ([sealing] key_file, chmod 600)."""
    made = configuration.make_key()
    (name,) = configuration.parse_keys(made, "the new key")
    echo(f"key {name}; restart the servers once it is the first line, and keep the older keys below", err=True)
    echo(made)
