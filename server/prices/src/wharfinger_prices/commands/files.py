"""The commands `path` and `export`: the files that prices come from, and one for Libcloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wharfinger_prices.commands import shown
from wharfinger_prices.commands.ending import line_of
from wharfinger_prices.commands.options import Asked, command
from wharfinger_prices.commands.places import asking, names_server
from wharfinger_prices.commands.terminal import echo
from wharfinger_prices.commands.text import age, size, table

if TYPE_CHECKING:
    from wharfinger_prices.commands.shown import ShownCatalog
    from wharfinger_prices.lookup.export import Exported
    from wharfinger_prices.settings.price_settings import FolderSettings


@dataclass(frozen=True, slots=True)
class _File:
    """A file that may make a layer, or the folder where such would be; `note` is why it does not.

    `source` is that of an active catalogue, which the next one of the same source replaces.
    """

    layer: str
    path: Path
    exists: bool
    note: str = ""
    source: str = ""


@command(short_help="List the files that prices come from.")
def path(asked: Asked) -> None:
    """List which files make which layer, the first to be asked first, and whether they exist.

    Of downloaded prices each source has its own, in the order that [prices] order names, then as they came first.
    """
    if names_server(asked):
        raise click.UsageError("`path` tells of this machine's files: leave --server and WHARFINGER_SERVER out")
    with asking(asked) as place:
        assert place.folder is not None
        found = _files(place.folder, shown.active(place.catalogs()))
    if asked.json:
        shown.document([{**shown.plain(file), "path": str(file.path)} for file in found])
        return
    table(("LAYER", "SOURCE", "FILE", "SIZE", "CHANGED", "NOTE"), [_row(file) for file in found])


def _row(file: _File) -> tuple[str, ...]:
    if not file.exists or file.path.is_dir():
        return (
            file.layer,
            file.source or "-",
            str(file.path),
            "-",
            "-",
            file.note or ("" if file.exists else "there is none"),
        )
    known = file.path.stat()
    changed = age(datetime.fromtimestamp(known.st_mtime, UTC))
    return (file.layer, file.source or "-", str(file.path), size(known.st_size), f"{changed} ago", file.note)


def _files(settings: FolderSettings, active: Sequence[ShownCatalog]) -> list[_File]:
    from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
    from wharfinger_prices.lookup.layers import bundled
    from wharfinger_prices.lookup.libcloud_file import default_path, is_export, users_own

    folder = settings.price_folder
    projects = folder / "projects"
    found = [
        _File(f"project {project.name}", file, exists=True, note=_rules(file))
        for project in _entries(projects)
        if project.is_dir()
        for file in _entries(project)
        if file.is_file()
    ]
    found = found or [_File("project", projects / "PROJECT", exists=False)]
    own = [_File("operator", file, exists=True, note=_rules(file)) for file in _entries(folder) if file.is_file()]
    found += own or [_File("operator", folder, exists=folder.is_dir(), note="there is no file in it")]
    user = default_path()
    note = ""
    if not settings.prices.libcloud:
        note = "[prices] libcloud is false"
    elif user.is_file() and is_export(user):
        kept = users_own(user)
        note = f"our own export; {kept} is asked" if kept else "our own export, so it is left out"
    found.append(_File("libcloud", user, exists=user.is_file(), note=note))
    catalogues = CatalogueFolder(settings.data_dir / "prices")
    if not active:
        found.append(
            _File("downloaded", catalogues.folder / "catalogs", exists=False, note=f"none yet: {line_of('update')}")
        )
    for one in active:
        file = catalogues.path_of(one.id)
        found.append(_File("downloaded", file, exists=file.is_file(), note=one.origin, source=one.source))
    brought = bundled()
    if brought is not None:
        note = "" if settings.prices.bundled else "[prices] bundled is false"
        found.append(_File("bundled", brought, exists=brought.is_file(), note=note))
    return found


def _rules(file: Path) -> str:
    return "rules of a price book" if file.suffix == ".toml" else ""


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return []


@command(short_help="Write the prices for Libcloud.")
@click.option("--libcloud", is_flag=True, help="As Libcloud's pricing.json: the only form there is, to be named.")
@click.option("--to", "target", type=click.Path(dir_okay=False), help="Where to. [default: where Libcloud looks]")
def export(asked: Asked, *, libcloud: bool, target: str | None) -> None:
    """Write the prices in force as a file that plain Libcloud uses, by default ~/.libcloud/pricing.json.

    A file of your own that stands there stays in force: what it says goes into the new one, and it is kept beside it.
    """
    if not libcloud:
        raise click.UsageError(f"say in which form: `{line_of('export --libcloud')}`")
    from wharfinger_prices.lookup.export import export_libcloud

    with asking(asked) as place:
        done = export_libcloud(place.stack(), Path(target) if target else None)
    _tell(asked, done)


def _tell(asked: Asked, done: Exported) -> None:
    if asked.json:
        told = {"path": str(done.path), "prices": done.count, "left_out": dict(done.left_out)}
        own = {"own": str(done.own), "merged": done.merged} if done.own else {}
        shown.document({**told, **own})
        return
    echo(f"{done.count:,} prices written to {done.path}")
    if done.own is not None:
        said = f"its {done.merged:,} entries are in it and come first; it is kept as {done.own}"
        echo(f"your own file stays in force: {said}")
    for why, count in done.left_out.most_common():
        echo(f"  left out, as Libcloud has no place for them: {count:,} {why}", err=True)
