"""`wharfinger prices update` and `import`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wharfinger.cli.options import Asked, command
from wharfinger_prices.commands.descriptions import tell_catalog
from wharfinger_prices.commands.places import asking
from wharfinger_prices.commands.progress import steps

if TYPE_CHECKING:
    from wharfinger import Catalog

F = TypeVar("F", bound=Callable[..., Any])


def _shared(function: F) -> F:
    """Add the options that both ways of bringing data in have."""
    for option in (
        click.option("--reason", default="", metavar="TEXT", help="Why, for the record."),
        click.option("--activate/--no-activate", default=True, help="Make it the active catalogue. [default: yes]"),
        click.option("--override-checks", is_flag=True, help="Accept what the checks object to; it is recorded."),
        click.option("--format", "form", default="", metavar="NAME", help="The data's format. [default: recognised]"),
        click.option(
            "--signature",
            type=click.Path(exists=True, dir_okay=False),
            help="A minisign signature file of the data, by a key of [prices] trusted_keys.",
        ),
        click.option("--sha256", default="", metavar="HEX", help="What the data must have."),
    ):
        function = option(function)
    return function


@command(short_help="Fetch fresh prices.")
@click.option("--url", default="", help="Where to fetch. [default: [prices] url, otherwise what Libcloud publishes]")
@click.option("--force", is_flag=True, help="Ask even if it was asked less than [prices] update_every ago.")
@_shared
def update(asked: Asked, *, url: str, force: bool, signature: str | None, form: str, **more: Any) -> None:
    """Fetch prices, check them, and make them the active catalogue.

    Without --url the checksum that lies beside the data is looked for and checked. Nothing is read again that has not
    changed. Where the checks object, the catalogue is kept in quarantine and the exit code is 5.
    """
    signed = Path(signature).read_bytes() if signature else b""
    with asking(asked) as place, steps(asked) as progress:
        known = {catalog.id for catalog in place.client.catalogs()}
        catalog = place.client.import_catalog(
            url=url, force=force, signature=signed, format=form, on_progress=progress.hear, **more
        )
    if "read" in progress.seen:
        _tell(asked, catalog, "imported" if catalog.id not in known else "imported again")
    elif "fetch" in progress.seen or force:
        _tell(asked, catalog, "unchanged")
    else:
        _tell(asked, catalog, "not asked again", "it was asked a short while ago; --force asks again")


@command("import", short_help="Import prices from a file.")
@click.argument("file", type=click.Path(exists=True))
@_shared
def import_(asked: Asked, file: str, *, signature: str | None, form: str, **more: Any) -> None:
    """Import prices from FILE, in any format that is known, packed or not; a folder of pages is taken as one.

    Where the checks object, the catalogue is kept in quarantine and the exit code is 5.
    """
    signed = Path(signature).read_bytes() if signature else b""
    with asking(asked) as place, _as_file(Path(file)) as source, steps(asked) as progress:
        catalog = place.client.import_catalog(
            source,
            file_name=Path(file).resolve().name,
            signature=signed,
            format=form,
            on_progress=progress.hear,
            **more,
        )
    _tell(asked, catalog, "imported")


@contextmanager
def _as_file(path: Path) -> Iterator[Path]:
    """Give the file, and for a folder one with all that is in it."""
    if not path.is_dir():
        yield path
        return
    import zipfile
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="wharfinger-") as folder:
        packed = Path(folder) / f"{path.resolve().name}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted(path.rglob("*")):
                if file.is_file() and not file.name.startswith("."):
                    archive.write(file, str(file.relative_to(path)))
        yield packed


def _tell(asked: Asked, catalog: Catalog, outcome: str, hint: str = "") -> None:
    """Tell what came of it."""
    if asked.json:
        from wharfinger.cli import jsonout

        jsonout.document({"outcome": outcome.replace(" ", "_"), **jsonout.plain(catalog)})
        return
    tell_catalog(catalog, outcome)
    if hint:
        click.echo(hint, err=True)
