"""The commands `update` and `import`: prices are brought in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.descriptions import tell_catalog
from wharfinger_prices.commands.options import Asked, command
from wharfinger_prices.commands.places import Place, asking
from wharfinger_prices.commands.progress import Steps, steps
from wharfinger_prices.commands.terminal import echo

if TYPE_CHECKING:
    from wharfinger_prices.commands.shown import ShownCatalog

F = TypeVar("F", bound=Callable[..., Any])


def _shared(function: F) -> F:
    """Add the options that both ways of bringing data in have."""
    for option in (
        click.option("--reason", default="", metavar="TEXT", help="Why, for the record."),
        click.option("--activate/--no-activate", default=True, help="Make it the active catalogue. [default: yes]"),
        click.option("--override-checks", is_flag=True, help="Accept what the checks object to; it is recorded."),
        click.option("--format", "form", default="", metavar="NAME", help="The data's format. [default: recognised]"),
        click.option(
            "--source", default="", metavar="NAME", help="What it is a version of. [default: its format and scope]"
        ),
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
    """Fetch prices, check them, and make them the active catalogue of their source.

    Without --url the checksum that lies beside the data is looked for and checked. Nothing is read again that has not
    changed. The exit code is 4 where nothing could be fetched, 5 where the data is bad, and 6 where the checks object
    and the catalogue is kept in quarantine; the prices in force stay.
    """
    with asking(asked) as place, steps(asked) as progress:
        known = {catalog.id for catalog in place.catalogs()}
        catalog = _import(place, progress, None, signature, url=url, force=force, format=form, **more)
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

    They become the active catalogue of their source, such as aws_ec2 or azure:eastus, beside those of other sources.
    The exit code is 5 where the data is bad, and 6 where the checks object and the catalogue is kept in quarantine.
    """
    path = Path(file)
    with asking(asked) as place, steps(asked) as progress:
        catalog = _import(place, progress, path, signature, file_name=path.resolve().name, format=form, **more)
    _tell(asked, catalog, "imported")


def _import(place: Place, progress: Steps, file: Path | None, signature: str | None, **more: Any) -> ShownCatalog:
    from wharfinger_prices.importing.request import ImportRequest

    signed = Path(signature).read_bytes() if signature else b""
    return place.import_catalog(file, ImportRequest(signature=signed, **more), progress.hear)


def _tell(asked: Asked, catalog: ShownCatalog, outcome: str, hint: str = "") -> None:
    """Tell what came of it."""
    if asked.json:
        shown.document({"outcome": outcome.replace(" ", "_"), **shown.plain(catalog)})
        return
    tell_catalog(catalog, outcome)
    if hint:
        echo(hint, err=True)
