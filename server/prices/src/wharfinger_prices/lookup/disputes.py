"""What the files of one folder contradict each other about: nobody can say which of them is right, so none is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wharfinger_prices.catalogues.build import build
from wharfinger_prices.catalogues.catalogue import Catalogue
from wharfinger_prices.catalogues.catalogue_folder import CatalogueFolder
from wharfinger_prices.catalogues.diff import contradictions
from wharfinger_prices.price import Price
from wharfinger_prices.sdk.price_source import Notes

_TOLD = 5


def disputes(files: Sequence[tuple[str, Catalogue]], folder: CatalogueFolder) -> tuple[str, tuple[str, ...]]:
    """Keep a catalogue of everything that is said of what the files contradict each other about.

    It has all regions and offers of these things, so that it answers for all files of them. Returns its digest, and
    what to tell people; "" where the files agree. Raises OSError.
    """
    things: dict[tuple[str, str], tuple[str, str]] = {}
    for number, (name, catalogue) in enumerate(files):
        for other, earlier in files[:number]:
            for price in contradictions(earlier, catalogue):
                things.setdefault((price.provider, price.sku), (other, name))
    if not things:
        return "", ()
    notes = Notes()
    with folder.work() as work:
        built = build(_said(things, [catalogue for _, catalogue in files]), "", work, notes=notes)
        folder.put(built)
    told = [f"{fault}; correct one of the files" for fault in notes.faults[:_TOLD]]
    names = sorted({name for pair in things.values() for name in pair})
    more = f", and {notes.fault_count - _TOLD} more" if notes.fault_count > _TOLD else ""
    return built.digest, tuple(f"{', '.join(names)} contradict each other: {fault}{more}" for fault in told)


def _said(things: dict[tuple[str, str], tuple[str, str]], catalogues: Sequence[Catalogue]) -> Iterator[Price]:
    for provider, sku in things:
        for catalogue in catalogues:
            for region in catalogue.names(provider):
                yield from catalogue.prices(provider, region, sku)
