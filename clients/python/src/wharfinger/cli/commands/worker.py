"""`wharfinger worker`."""

from __future__ import annotations

import signal
import threading
from typing import Any

import click

from wharfinger.cli.options import Asked, command


@command(short_help="Run scripts for a server elsewhere.")
@click.option("--slots", type=click.IntRange(1, 10_000), default=4, show_default=True, help="Attempts at once.")
@click.option("--id", "worker_id", metavar="ID", default="", help="Its name at the server. [default: HOST-PROCESS]")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    envvar="WHARFINGER_CONFIG",
    type=click.Path(exists=True, dir_okay=False),
    help="Settings file, of which [stores.NAME], [profiles.NAME] and the scripts' own tables are used.",
)
def worker(asked: Asked, slots: int, worker_id: str, config_file: str | None) -> None:
    """Attach to a server as a worker, and run tasks of its executor `remote` with the scripts that are installed here.

    The credentials of clouds and stores stay here: they are those of the settings file. The token is one with the role
    "worker". The first Ctrl-C or SIGTERM lets what runs end and takes nothing more; a second one ends it at once.

    \b
      wharfinger worker --server https://ships.example:7480 --slots 8
    """  # noqa: D301  # \b keeps click from joining the lines
    import logging

    from wharfinger.worker.remote import RefusedWorker, RemoteWorker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    channel, metadata = _channel(asked)
    scripts = _scripts(config_file)
    work = RemoteWorker(channel, scripts, slots, worker_id, metadata)
    asked_before = threading.Event()

    def hear(*_: object) -> None:
        """Drain, or end."""
        if asked_before.is_set():
            work.stop()
        asked_before.set()
        work.drain()

    signal.signal(signal.SIGTERM, hear)
    signal.signal(signal.SIGINT, hear)
    running = threading.Thread(target=_keep(work.run), name="wharfinger worker", daemon=True)
    try:
        running.start()
        while running.is_alive():  # a signal is heard between the waits
            running.join(0.5)
        for error in _failed:
            if isinstance(error, RefusedWorker):
                raise click.UsageError(str(error)) from error
            raise error
    finally:
        channel.close()


_failed: list[Exception] = []


def _keep(run: Any) -> Any:
    """Return `run` with what it raises kept."""

    def kept() -> None:
        """Run."""
        try:
            run()
        except Exception as error:  # noqa: BLE001 - raised by the command
            _failed.append(error)

    return kept


def _channel(asked: Asked) -> tuple[Any, tuple[tuple[str, str], ...]]:
    """Return a channel to the server that is asked for, and what each call carries."""
    import grpc

    from wharfinger._core.connection import channel, settings

    try:
        chosen = settings.resolve(asked.server, asked.project, asked.token, tls=None, ca=asked.ca, cert=None, key=None)
        credentials = channel.credentials(chosen)
    except (ValueError, OSError) as error:
        raise click.UsageError(getattr(error, "strerror", "") or str(error)) from error
    options = [
        *(pair for pair in channel.options(chosen) if not pair[0].endswith("_message_length")),
        ("grpc.max_receive_message_length", -1),
    ]
    if credentials is None:
        return grpc.insecure_channel(chosen.target, options), channel.metadata(chosen)
    return grpc.secure_channel(chosen.target, credentials, options), channel.metadata(chosen)


def _scripts(config_file: str | None) -> Any:
    import tomllib
    from pathlib import Path

    from wharfinger.worker.installed import InstalledScripts, environment_of

    try:
        tables = tomllib.loads(Path(config_file).read_text()) if config_file else {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{config_file} can't be read: {error}") from error
    return InstalledScripts(environment_of(tables))
