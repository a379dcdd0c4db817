"""`wharfinger prices path` and `export`: the files that prices come from, and one for Libcloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharfinger.cli import jsonout
from wharfinger.cli.options import Asked, command
from wharfinger.cli.tables import table
from wharfinger.cli.wording import age, size
from wharfinger_prices.commands.places import asking, names_server

if TYPE_CHECKING:
    from wharfinger import Catalog, Client
    from wharfinger_prices.lookup.export import Exported
    from wharfinger_prices.lookup.stack import Stack
    from wharfinger_server.config import Settings


@dataclass(frozen=True, slots=True)
class _File:
    """A file that may make a layer, or the folder where such would be; `note` is why it does not."""

    layer: str
    path: Path
    exists: bool
    note: str = ""


@command(short_help="List the files that prices come from.")
def path(asked: Asked) -> None:
    """List which files make which layer, the first to be asked first, and whether they exist."""
    if names_server(asked):
        raise click.UsageError("`path` tells of this machine's files: leave --server and WHARFINGER_SERVER out")
    with asking(asked) as place:
        assert place.settings is not None
        found = _files(place.settings, _active(place.client))
    if asked.json:
        jsonout.document([{"layer": f.layer, "path": str(f.path), "exists": f.exists, "note": f.note} for f in found])
        return
    table(("LAYER", "FILE", "SIZE", "CHANGED", "NOTE"), [_row(file) for file in found])


def _row(file: _File) -> tuple[str, ...]:
    if not file.exists or file.path.is_dir():
        return (file.layer, str(file.path), "-", "-", file.note or ("" if file.exists else "there is none"))
    known = file.path.stat()
    changed = age(datetime.fromtimestamp(known.st_mtime, UTC))
    return (file.layer, str(file.path), size(known.st_size), f"{changed} ago", file.note)


def _active(client: Client) -> Catalog | None:
    from wharfinger import NotFound

    try:
        return client.catalog()
    except NotFound:
        return None


def _files(settings: Settings, active: Catalog | None) -> list[_File]:
    from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
    from wharfinger_prices.lookup.export import default_path, is_export
    from wharfinger_prices.lookup.layers import bundled

    folder = settings.price_folder
    projects = folder / "projects"
    found = [
        _File(f"project {project.name}", file, exists=True)
        for project in _entries(projects)
        if project.is_dir()
        for file in _entries(project)
        if file.is_file()
    ]
    found = found or [_File("project", projects / "PROJECT", exists=False)]
    own = [_File("operator", file, exists=True) for file in _entries(folder) if file.is_file()]
    found += own or [_File("operator", folder, exists=folder.is_dir(), note="there is no file in it")]
    user = default_path()
    note = ""
    if not settings.prices.libcloud:
        note = "[prices] libcloud is false"
    elif user.is_file() and is_export(user):
        note = "our own export, so it is left out"
    found.append(_File("libcloud", user, exists=user.is_file(), note=note))
    shelf = CatalogueFolder(settings.data_dir / "prices")
    if active is None:
        found.append(
            _File("downloaded", shelf.folder / "catalogs", exists=False, note="none yet: wharfinger prices update")
        )
    else:
        file = shelf.path_of(active.id)
        found.append(_File("downloaded", file, exists=file.is_file(), note=active.source))
    brought = bundled()
    if brought is not None:
        note = "" if settings.prices.bundled else "[prices] bundled is false"
        found.append(_File("bundled", brought, exists=brought.is_file(), note=note))
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return []


@command(short_help="Write the prices for Libcloud.")
@click.option("--libcloud", is_flag=True, help="As Libcloud's pricing.json: the only form there is, to be named.")
@click.option("--to", "target", type=click.Path(dir_okay=False), help="Where to. [default: where Libcloud looks]")
def export(asked: Asked, *, libcloud: bool, target: str | None) -> None:
    """Write the prices in force as a file that plain Libcloud uses, by default ~/.libcloud/pricing.json."""
    if not libcloud:
        raise click.UsageError("say in which form: `wharfinger prices export --libcloud`")
    from wharfinger_prices.lookup.export import export_libcloud
    from wharfinger_server.commands.settings import refuse
    from wharfinger_server.domain.errors import Refused

    with asking(asked) as place:
        stack = (
            _here(place.settings, _active(place.client), place.client.project)
            if place.settings is not None
            else _there(place.client)
        )
        try:
            done = export_libcloud(stack, Path(target) if target else None)
        except Refused as error:
            refuse(error.message)
    _tell(asked, done)


def _here(settings: Settings, active: Catalog | None, project: str) -> Stack:
    """Return the layers of this machine's data folder."""
    from wharfinger_prices.catalog import Catalog as Known
    from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
    from wharfinger_prices.catalogues.reader import Reader
    from wharfinger_prices.lookup.layers import Layers
    from wharfinger_prices.registry import load_sources, usable

    known = Known(active.id, active.source.partition(" ")[0]) if active is not None else None
    loaded = Layers(
        CatalogueFolder(settings.data_dir / "prices"), Reader(lambda: usable(load_sources())), settings
    ).load(known)
    for trouble in loaded.troubles:
        click.echo(f"wharfinger: {trouble}", err=True)
    return loaded.projects.get(project, loaded.base)


def _there(client: Client) -> Stack:
    """Return what another machine's server tells, as one layer."""
    from wharfinger_prices.catalogues.catalogue import Catalogue
    from wharfinger_prices.commands.server_place import price_of
    from wharfinger_prices.lookup.stack import Layer, Stack

    prices = [price_of(price) for price in client.prices(page_size=1000)]
    return Stack((Layer("downloaded", Catalogue.of(prices)),))


def _tell(asked: Asked, done: Exported) -> None:
    if asked.json:
        jsonout.document({"path": str(done.path), "prices": done.count, "left_out": dict(done.left_out)})
        return
    click.echo(f"{done.count:,} prices written to {done.path}")
    for why, count in done.left_out.most_common():
        click.echo(f"  left out, as Libcloud has no place for them: {count:,} {why}", err=True)
